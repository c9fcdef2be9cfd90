//! The synthetic callers' recordings: who speaks in which file.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// One voice with its recordings. They prove plumbing, never accuracy: a synthesiser says everything alike.
#[derive(Clone, Debug)]
pub struct Voice {
    pub id: String,
    pub enroll: Vec<PathBuf>,
    pub probe: Vec<PathBuf>,
}

/// Reads `voices.csv` (`speaker,role,call,file`), in its order.
pub fn load(folder: &Path) -> anyhow::Result<Vec<Voice>> {
    let file = folder.join("voices.csv");
    let mut rows = csv::Reader::from_path(&file).with_context(|| {
        format!("{}: the demo's recordings are not here; --fixtures says where they are", file.display())
    })?;
    let mut voices: Vec<Voice> = Vec::new();
    for row in rows.records() {
        let row = row.with_context(|| file.display().to_string())?;
        let [speaker, role, path] = [&row[0], &row[1], &row[3]];
        if voices.last().is_none_or(|last| last.id != speaker) {
            voices.push(Voice { id: speaker.to_owned(), enroll: Vec::new(), probe: Vec::new() });
        }
        if let Some(voice) = voices.last_mut() {
            let recordings = if role == "enroll" { &mut voice.enroll } else { &mut voice.probe };
            recordings.push(folder.join(path));
        }
    }
    Ok(voices)
}
