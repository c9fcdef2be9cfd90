//! Lays the file, the environment and the flags over the embedded defaults, and refuses keys that nothing reads.

use std::path::PathBuf;

use toml::{Table, Value};

use super::{Config, ConfigError};

/// The flags of every command that reads the configuration.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ConfigArgs {
    /// Configuration file (TOML)
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Set one key, such as desk.listen=127.0.0.1:8081; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

const DEFAULTS: &str = include_str!("defaults.toml");
const ENV_PREFIX: &str = "REGULARS_";

impl ConfigArgs {
    /// Reads the file and the process's environment.
    pub fn load(&self) -> Result<Config, ConfigError> {
        let file = match &self.config {
            None => None,
            Some(path) => {
                let text =
                    std::fs::read_to_string(path).map_err(|source| ConfigError::File { path: path.clone(), source })?;
                Some((path.display().to_string(), text))
            }
        };
        let env: Vec<(String, String)> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, _)| name.starts_with(ENV_PREFIX))
            .collect();
        Config::from_table(&layered(file, &env, &self.set)?)
    }
}

/// The merged settings. `file` is (name for messages, text).
fn layered(file: Option<(String, String)>, env: &[(String, String)], set: &[String]) -> Result<Table, ConfigError> {
    let mut merged = parse("the embedded defaults", DEFAULTS)?;
    if let Some((origin, text)) = file {
        for (section, keys) in parse(&origin, &text)? {
            let Value::Table(keys) = keys else {
                return Err(unknown(&merged, &origin, &section));
            };
            for (key, value) in keys {
                replace(&mut merged, &origin, &format!("{section}.{key}"), value)?;
            }
        }
    }
    for (name, text) in env {
        // A variable without "__" names no key: other tools share the prefix.
        let Some((section, key)) = name[ENV_PREFIX.len()..].split_once("__") else { continue };
        let key = format!("{}.{}", section.to_lowercase(), key.to_lowercase());
        replace(&mut merged, &format!("environment variable {name}"), &key, read_value(text))?;
    }
    for assignment in set {
        let (key, text) = assignment.split_once('=').ok_or_else(|| ConfigError::SetSyntax(assignment.clone()))?;
        replace(&mut merged, "--set", key.trim(), read_value(text))?;
    }
    Ok(merged)
}

fn parse(origin: &str, text: &str) -> Result<Table, ConfigError> {
    text.parse::<Table>().map_err(|error| ConfigError::Syntax { origin: origin.to_owned(), reason: error.to_string() })
}

/// A flag's value in TOML where it is TOML, else the text itself: nobody quotes quotes in a shell gladly.
fn read_value(text: &str) -> Value {
    let wrapped = format!("v = {text}");
    match wrapped.parse::<Table>() {
        Ok(mut table) if table.len() == 1 => table.remove("v").unwrap_or(Value::String(text.to_owned())),
        _ => Value::String(text.to_owned()),
    }
}

fn replace(merged: &mut Table, origin: &str, key: &str, value: Value) -> Result<(), ConfigError> {
    let slot = key
        .split_once('.')
        .and_then(|(section, name)| merged.get(section)?.as_table()?.get(name).map(|old| (section, name, old.clone())));
    let Some((section, name, old)) = slot else {
        return Err(unknown(merged, origin, key));
    };
    let value = match (&old, value) {
        (Value::Array(_), Value::String(list)) => {
            Value::Array(list.split(',').map(|item| Value::String(item.trim().to_owned())).collect())
        }
        (Value::Float(_), Value::Integer(whole)) => Value::Float(whole as f64),
        (Value::String(_), Value::Integer(number)) => Value::String(number.to_string()),
        (_, value) => value,
    };
    if old.type_str() != value.type_str() {
        let reason = format!("{origin} gives {} where {} is expected", article(&value), article(&old));
        return Err(ConfigError::Value { key: key.to_owned(), reason });
    }
    if let Some(table) = merged.get_mut(section).and_then(Value::as_table_mut) {
        table.insert(name.to_owned(), value);
    }
    Ok(())
}

fn article(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "a text",
        Value::Integer(_) => "a whole number",
        Value::Float(_) => "a number",
        Value::Boolean(_) => "true or false",
        Value::Datetime(_) => "a date",
        Value::Array(_) => "a list",
        Value::Table(_) => "a section",
    }
}

fn unknown(merged: &Table, origin: &str, key: &str) -> ConfigError {
    let known = merged
        .iter()
        .flat_map(|(section, keys)| keys.as_table().into_iter().flatten().map(move |(k, _)| format!("{section}.{k}")));
    // A key without its section is the commonest slip: compare the last part as well.
    let likeness = |candidate: &String| {
        let last = candidate.rsplit('.').next().unwrap_or(candidate);
        strsim::jaro_winkler(candidate, key).max(strsim::jaro_winkler(last, key) - 0.05)
    };
    let nearest = known.max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    ConfigError::UnknownKey { origin: origin.to_owned(), key: key.to_owned(), nearest }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text<'a>(table: &'a Table, section: &str, key: &str) -> &'a str {
        table[section][key].as_str().unwrap()
    }

    #[test]
    fn flags_beat_the_environment_which_beats_the_file_which_beats_the_defaults() {
        let file = Some(("shop.toml".into(), "[desk]\nlisten = \"127.0.0.1:1\"\n[log]\nfilter = \"warn\"".into()));
        let env = [
            ("REGULARS_DESK__LISTEN".into(), "127.0.0.1:2".into()),
            ("REGULARS_STORE__URL".into(), "sqlite:env.db".into()),
        ];
        let merged = layered(file, &env, &["desk.listen=127.0.0.1:3".into()]).unwrap();
        assert_eq!(text(&merged, "desk", "listen"), "127.0.0.1:3");
        assert_eq!(text(&merged, "store", "url"), "sqlite:env.db");
        assert_eq!(text(&merged, "log", "filter"), "warn");
        assert_eq!(text(&merged, "rtp", "ports"), "20000-29999");
    }

    #[test]
    fn a_list_may_be_written_with_commas_or_as_toml() {
        for spelling in ["udp:127.0.0.1:1, tcp:127.0.0.1:2", "[\"udp:127.0.0.1:1\", \"tcp:127.0.0.1:2\"]"] {
            let merged = layered(None, &[("REGULARS_SIP__LISTEN".into(), spelling.into())], &[]).unwrap();
            assert_eq!(merged["sip"]["listen"].as_array().unwrap().len(), 2, "{spelling}");
        }
    }

    #[test]
    fn an_unknown_key_is_an_error_that_names_the_nearest_known_one() {
        for (key, nearest) in
            [("desk.lisen", "desk.listen"), ("country_code", "sip.country_code"), ("rtp.port", "rtp.ports")]
        {
            let message = layered(None, &[], &[format!("{key}=1")]).unwrap_err().to_string();
            assert!(message.contains(&format!("unknown key `{key}`; did you mean `{nearest}`?")), "{message}");
        }
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_refused_with_its_key() {
        let message = layered(None, &[], &["call.max_calls=many".into()]).unwrap_err().to_string();
        assert_eq!(message, "call.max_calls: --set gives a text where a whole number is expected");
    }

    #[test]
    fn broken_toml_is_named_with_its_file() {
        let message = layered(Some(("shop.toml".into(), "[desk\n".into())), &[], &[]).unwrap_err().to_string();
        assert!(message.starts_with("shop.toml is not valid TOML"), "{message}");
    }
}
