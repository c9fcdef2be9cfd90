//! What is wrong with a configuration, as a sentence for the operator.

use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("cannot read the configuration file {path}: {source}")]
    File { path: PathBuf, source: std::io::Error },
    #[error("{origin} is not valid TOML: {reason}")]
    Syntax { origin: String, reason: String },
    #[error("{origin}: unknown key `{key}`{}", did_you_mean(.nearest))]
    UnknownKey { origin: String, key: String, nearest: Option<String> },
    #[error("--set takes KEY=VALUE, such as --set desk.listen=127.0.0.1:8081; got `{0}`")]
    SetSyntax(String),
    #[error("{key}: {reason}")]
    Value { key: String, reason: String },
}

impl ConfigError {
    /// A value that only its user can judge.
    pub fn invalid(key: &str, reason: &dyn std::fmt::Display) -> Self {
        ConfigError::Value { key: key.to_owned(), reason: reason.to_string() }
    }
}

fn did_you_mean(nearest: &Option<String>) -> String {
    nearest.as_ref().map(|key| format!("; did you mean `{key}`?")).unwrap_or_default()
}
