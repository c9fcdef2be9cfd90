//! `regulars models check`: is it what it says, and does it still give what it gave?

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;

use crate::config::ConfigArgs;
use crate::voice::{Embedder, Fidelity, ModelSource};

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    /// A model inside the program, one in voice.models, or a folder [default: voice.model]
    model: Option<String>,
    /// Whose features to feed a model that is checked for the first time: those of sherpa-onnx (compat), or those of its
    /// training recipe (faithful)
    #[arg(long, value_parser = fidelity, default_value = "compat")]
    features: Fidelity,
}

const GOLDEN: &str = "model.golden.json";

pub fn fidelity(text: &str) -> Result<Fidelity, String> {
    match text {
        "compat" => Ok(Fidelity::Compat),
        "faithful" => Ok(Fidelity::Faithful),
        _ => Err("compat or faithful".to_owned()),
    }
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let config = args.config.load()?;
    let source = match &args.model {
        Some(name) => ModelSource::find(name, &config.models)?,
        None => config.model,
    };
    if source.is_spoof() {
        let model = source.spoof()?;
        println!(
            "{source}\nanti-spoofing model {model}\nit gives scores for the golden clips; voice.spoof_model takes it into use"
        );
        return Ok(ExitCode::SUCCESS);
    }
    let embedder = match source.folder() {
        Some(folder) if !folder.join(GOLDEN).exists() => {
            let file = folder.join("model.onnx");
            let bytes = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
            let embedder = Embedder::untried(&bytes, args.features).with_context(|| file.display().to_string())?;
            golden(&embedder, folder, args.features)?;
            embedder
        }
        _ => {
            let embedder = source.embedder()?;
            println!("golden clips agree");
            embedder
        }
    };
    println!("{source}");
    describe(&embedder);
    match source.calibration(embedder.model()) {
        Ok(_) => println!("calibrated"),
        Err(why) => println!("not calibrated, so for `regulars eval voice --bare` alone ({why})"),
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes down what the model gives today, unless that was done before; then it must be the same.
pub fn golden(embedder: &Embedder, folder: &Path, features: Fidelity) -> anyhow::Result<()> {
    let path = folder.join(GOLDEN);
    if !path.exists() {
        let golden = embedder.new_golden(features)?;
        std::fs::write(&path, golden).with_context(|| format!("cannot write {}", path.display()))?;
        println!("golden clips made: every start compares with them");
    }
    let model = std::fs::read(folder.join("model.onnx"))?;
    Embedder::from_bytes(&model, &std::fs::read(&path)?)?;
    Ok(())
}

pub fn describe(embedder: &Embedder) {
    println!("model id {}", embedder.model());
    if let Some(description) = embedder.description() {
        println!(
            "{}, {} bands, embeddings of {}, trained on {}",
            description.framework,
            description.features.bands,
            description.dimension,
            if description.language.is_empty() { "it does not say what" } else { &description.language }
        );
    }
}
