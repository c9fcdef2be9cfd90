//! `regulars models use`: what is missing until calls can be recognised with a model, else the setting itself.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use toml::Table;

use crate::config::ConfigArgs;
use crate::voice::ModelSource;

#[derive(clap::Args)]
pub struct Args {
    /// With --config, voice.model is set in that file; else it is said what to set
    #[command(flatten)]
    config: ConfigArgs,
    /// A model inside the program, one in voice.models, or a folder
    model: String,
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let config = args.config.load()?;
    let source = ModelSource::find(&args.model, &config.models)?;
    if source.is_spoof() {
        println!(
            "{source} holds an anti-spoofing model, which tells nobody from anybody: set voice.spoof_model = \"{}\"",
            args.model
        );
        return Ok(ExitCode::FAILURE);
    }
    let missing = missing(&source, &args.model);
    if !missing.is_empty() {
        println!("{source} cannot be used for calls yet:");
        missing.iter().for_each(|what| println!("- {what}"));
        return Ok(ExitCode::FAILURE);
    }
    match &args.config.config {
        None => println!("voice.model = \"{}\"", args.model),
        Some(path) => {
            let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
            let changed = with_model(&text, &args.model)
                .with_context(|| format!("{}: set voice.model = \"{}\" by hand", path.display(), args.model))?;
            replace(path, &changed)?;
            println!("{}: voice.model = \"{}\"", path.display(), args.model);
        }
    }
    println!(
        "It counts from the next start. Voiceprints of another model sleep until it is set back: `regulars doctor` counts them."
    );
    Ok(ExitCode::SUCCESS)
}

/// Each with what to do about it.
fn missing(source: &ModelSource, name: &str) -> Vec<String> {
    let embedder = match source.embedder() {
        Ok(embedder) => embedder,
        Err(error) => return vec![format!("{error}. `regulars models check {name}` says more")],
    };
    match source.calibration(embedder.model()) {
        Ok(_) => Vec::new(),
        Err(error) => vec![format!(
            "a calibration, without which a score is no chance ({error}). Fit one on recordings of people whose names you \
             know: regulars eval voice MANIFEST.csv --model {} --fit-calibration {}/model.calibration.toml --attribution WHOSE",
            source.name(),
            source.name()
        )],
    }
}

/// The file's text with one line changed or added. Refused when anything else would read differently afterwards.
fn with_model(text: &str, model: &str) -> anyhow::Result<String> {
    let before: Table = text.parse().context("it is not valid TOML")?;
    let line = format!("model = {}", toml::Value::String(model.to_owned()));
    let mut lines: Vec<&str> = text.lines().collect();
    let header = lines.iter().position(|line| line.split('#').next().unwrap_or_default().trim() == "[voice]");
    match header {
        None => lines.extend(["", "[voice]", &line]),
        Some(header) => {
            let end =
                (header + 1..lines.len()).find(|n| lines[*n].trim_start().starts_with('[')).unwrap_or(lines.len());
            let is_model = |n: &usize| lines[*n].split('=').next().is_some_and(|key| key.trim() == "model");
            match (header + 1..end).find(is_model) {
                Some(n) => lines[n] = &line,
                None => lines.insert(header + 1, &line),
            }
        }
    }
    let changed = lines.join("\n") + "\n";
    let mut wanted = before;
    let section =
        wanted.entry("voice").or_insert_with(|| Table::new().into()).as_table_mut().context("voice is no section")?;
    section.insert("model".to_owned(), model.into());
    let after = changed.parse::<Table>().context("the line cannot be changed safely")?;
    anyhow::ensure!(after == wanted, "the line cannot be changed safely");
    Ok(changed)
}

/// All or nothing: a configuration that is half written starts no service.
fn replace(path: &Path, text: &str) -> anyhow::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let new =
        tempfile::NamedTempFile::new_in(folder).with_context(|| format!("cannot write in {}", folder.display()))?;
    std::fs::write(new.path(), text)?;
    std::fs::set_permissions(new.path(), std::fs::metadata(path)?.permissions())?;
    new.persist(path).with_context(|| format!("cannot replace {}", path.display()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_line_changes_and_everything_else_stays() {
        let text =
            "# ours\n[voice] # of callers\nthreads = 2\nmodel = \"ge2e\" # the old one\n[shop]\nname = \"model\"\n";
        assert_eq!(
            with_model(text, "titan").unwrap(),
            "# ours\n[voice] # of callers\nthreads = 2\nmodel = \"titan\"\n[shop]\nname = \"model\"\n"
        );
        assert_eq!(with_model("[voice]\n[shop]\n", "a\"b").unwrap(), "[voice]\nmodel = 'a\"b'\n[shop]\n");
        assert_eq!(with_model("", "titan").unwrap(), "\n[voice]\nmodel = \"titan\"\n");
    }

    #[test]
    fn a_file_in_which_a_line_is_not_what_it_looks_like_is_left_alone() {
        let text = "[shop]\nmenu = '''\n[voice]\nmodel = \"soup\"\n'''\n";
        assert!(with_model(text, "titan").is_err());
        assert!(with_model("voice = { model = \"ge2e\" }\n", "titan").is_err());
        assert!(with_model("[voice\n", "titan").is_err());
    }
}
