//! Where a fetched model comes from, kept beside it: whoever finds the folder in a year can tell.

use std::path::Path;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

/// model.origin.toml.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    pub url: String,
    pub sha256: String,
    /// As the file or whoever fetched it named it.
    pub licence: String,
    /// RFC 3339, UTC: when whoever fetched it accepted that licence.
    pub accepted_at: String,
}

const FILE: &str = "model.origin.toml";

impl Origin {
    /// `None` where nothing is known.
    pub fn read(folder: &Path) -> Option<Self> {
        toml::from_str(&std::fs::read_to_string(folder.join(FILE)).ok()?).ok()
    }

    pub fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let path = folder.join(FILE);
        std::fs::write(&path, toml::to_string(self)?).with_context(|| format!("cannot write {}", path.display()))
    }
}
