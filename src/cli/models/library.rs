//! The models that there are, and what each has.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::config::ConfigArgs;
use crate::voice::ModelSource;

use super::origin::Origin;

/// The files that make a model more than a network, in the order in which one gets them.
const PARTS: [(&str, &str); 3] =
    [("model.golden.json", "checked"), ("model.wccn", "normalised"), ("model.calibration.toml", "calibrated")];

pub fn list(config: &ConfigArgs) -> anyhow::Result<ExitCode> {
    let config = config.load()?;
    let in_use = config.model.name().into_owned();
    for source in ModelSource::inside() {
        let mark = if source.name() == in_use { "*" } else { " " };
        println!("{mark} {}: inside the program; calibrated", source.name());
    }
    let folders = folders(&config.models);
    for folder in &folders {
        let against_spoofing = config.spoof_model.as_ref().and_then(ModelSource::folder) == Some(folder);
        let mark = if against_spoofing || folder.to_string_lossy() == in_use { "*" } else { " " };
        let what = if against_spoofing { "in use as voice.spoof_model".to_owned() } else { state(folder) };
        println!("{mark} {}: {what}", name(folder));
    }
    if folders.is_empty() {
        println!("  nothing in {}; `regulars models pull` fetches one", config.models.display());
    }
    Ok(ExitCode::SUCCESS)
}

fn name(folder: &Path) -> String {
    folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn state(folder: &Path) -> String {
    if !folder.join("model.onnx").exists() {
        return "not fetched to its end; `regulars models pull` goes on".to_owned();
    }
    let mut state: Vec<String> = PARTS
        .iter()
        .map(|(file, what)| if folder.join(file).exists() { (*what).to_owned() } else { format!("not {what}") })
        .collect();
    state.extend(Origin::read(folder).map(|origin| format!("{}, from {}", origin.licence, origin.url)));
    state.join(", ")
}

/// Every folder of a model, by name.
fn folders(models: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(models).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}
