//! `regulars models pull`: one file, known by its SHA-256, under a licence that somebody has accepted.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;

use crate::base::clock;
use crate::config::ConfigArgs;
use crate::voice::{Embedder, Fidelity};

use super::origin::Origin;
use super::{check, fetch};

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    /// Where the .onnx file is, such as a release of sherpa-onnx; http or https
    url: String,
    /// What the file must hash to, 64 hexadecimal digits, from a source that you trust
    #[arg(long, value_name = "HEX")]
    sha256: String,
    /// What to call it here [default: the file's name]
    #[arg(long)]
    name: Option<String>,
    /// The licence, as its publisher names it; most files say nothing of it themselves
    #[arg(long, value_name = "TEXT")]
    licence: Option<String>,
    /// I have read that licence and accept it
    #[arg(long)]
    accept_licence: bool,
    /// Whose features to feed it: those of sherpa-onnx, or those of its training recipe
    #[arg(long, value_parser = check::fidelity, default_value = "compat")]
    features: Fidelity,
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let config = args.config.load()?;
    let wanted = args.sha256.to_lowercase();
    anyhow::ensure!(
        wanted.len() == 64 && wanted.bytes().all(|digit| digit.is_ascii_hexdigit()),
        "--sha256: 64 hexadecimal digits are wanted"
    );
    let name = match &args.name {
        Some(name) => name.clone(),
        None => name_of(&args.url)?,
    };
    anyhow::ensure!(
        is_plain(&name),
        "--name {name}: letters, digits, dots, dashes and underscores, and no dot in front"
    );
    let inside = crate::voice::ModelSource::inside().any(|source| source.name() == name);
    anyhow::ensure!(!inside, "`{name}` is a model inside the program; choose another --name");
    let folder = config.models.join(&name);
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let (part, model) = (folder.join("model.onnx.part"), folder.join("model.onnx"));
    if model.exists() {
        let found = fetch::sha256(&model)?;
        anyhow::ensure!(
            found == wanted,
            "{} is another file already (sha256 {found}); choose another --name",
            model.display()
        );
    } else {
        get(&args.url, &part, &wanted)?;
    }
    let file = if model.exists() { &model } else { &part };
    let embedder = look_into(file, args.features).inspect_err(|_| {
        // What it is does not change with another try. The folder goes too, when nothing else is in it.
        let _ = std::fs::remove_file(&part);
        let _ = std::fs::remove_dir(&folder);
    })?;
    let said = embedder.description().and_then(|description| description.licence.clone());
    let licence = match (&args.licence, said) {
        (Some(named), Some(said)) if *named != said => {
            anyhow::bail!("the file says that its licence is `{said}`, not `{named}`")
        }
        (named, said) => said.or_else(|| named.clone()),
    };
    let Some(licence) = licence else {
        println!("fetched and sound, but the file names no licence.");
        println!("Read it where the model is published, then run this again with --licence NAME --accept-licence");
        return Ok(ExitCode::FAILURE);
    };
    println!("licence: {licence}");
    if !args.accept_licence {
        println!("Nothing is used before somebody accepts it: run this again with --accept-licence");
        return Ok(ExitCode::FAILURE);
    }
    if file == &part {
        std::fs::rename(&part, &model).with_context(|| format!("cannot rename {}", part.display()))?;
    }
    let accepted_at = jiff::Timestamp::from_millisecond(clock::wall().0)?.to_string();
    Origin { url: args.url, sha256: wanted, licence, accepted_at }.write(&folder)?;
    check::golden(&embedder, &folder, args.features)?;
    println!("pulled {name} into {}", folder.display());
    check::describe(&embedder);
    Ok(ExitCode::SUCCESS)
}

/// Fetches what is missing. A whole file with another hash is thrown away: no try would mend it.
fn get(url: &str, part: &Path, wanted: &str) -> anyhow::Result<()> {
    // A part may be whole, when only the licence was not accepted yet.
    if part.exists() && fetch::sha256(part)? == wanted {
        return Ok(());
    }
    fetch::fetch(url, part)?;
    let found = fetch::sha256(part)?;
    if found != wanted {
        std::fs::remove_file(part)?;
        anyhow::bail!("{url} is another file than you wanted: its sha256 is {found}; it was thrown away");
    }
    Ok(())
}

/// Refused before anything is asked about it.
fn look_into(file: &Path, features: Fidelity) -> anyhow::Result<Embedder> {
    let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    Embedder::untried(&bytes, features).with_context(|| file.display().to_string())
}

fn name_of(url: &str) -> anyhow::Result<String> {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    let name = path.rsplit('/').next().unwrap_or_default().trim_end_matches(".onnx");
    anyhow::ensure!(is_plain(name), "the address does not end in the name of a file; say --name");
    Ok(name.to_owned())
}

/// A name that is one folder, wherever it came from.
fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('.')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_never_leads_out_of_the_folder() {
        assert_eq!(name_of("https://example.org/a/en_resnet34.onnx?download=1").unwrap(), "en_resnet34");
        for url in ["https://example.org/", "https://example.org/..", "https://example.org/a%2fb", "https://x/.onnx"] {
            assert!(name_of(url).is_err(), "{url}");
        }
    }
}
