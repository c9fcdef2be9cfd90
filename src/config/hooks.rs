//! The section about webhooks. Secrets come from files or the environment, never from `--set`, which every user of the machine
//! can read.

use axum::http::Uri;
use serde::Deserialize;

use super::ConfigError;
use super::sections::{DAY, read, value};
use super::signalling::secret;
use crate::records::{self, Endpoint, Secret, Source};
use crate::store::{EventKind, is_source};

#[derive(Deserialize)]
pub(super) struct Hooks {
    sources: Vec<SourceSection>,
    endpoints: Vec<EndpointSection>,
    keep_days: u32,
}

/// One `[[hooks.sources]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceSection {
    name: String,
    #[serde(default)]
    secret_env: String,
    #[serde(default)]
    secret_file: String,
}

/// One `[[hooks.endpoints]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EndpointSection {
    name: String,
    url: String,
    #[serde(default)]
    events: Vec<String>,
    #[serde(default)]
    secret_env: String,
    #[serde(default)]
    secret_file: String,
}

const SOURCES: &str = "hooks.sources";
const ENDPOINTS: &str = "hooks.endpoints";

pub(super) fn records_options(hooks: &Hooks, country_code: Option<String>) -> Result<records::Options, ConfigError> {
    if hooks.keep_days == 0 {
        return Err(value("hooks.keep_days", "is at least 1: who was away for a moment would miss an order"));
    }
    let sources = hooks.sources.iter().map(|section| {
        let name = named(SOURCES, &section.name)?;
        Ok(Source { name, secrets: secrets(SOURCES, &section.secret_env, &section.secret_file)? })
    });
    let endpoints = hooks.endpoints.iter().map(|section| {
        let url: Uri = read(ENDPOINTS, &section.url)?;
        if !matches!(url.scheme_str(), Some("http" | "https")) || url.host().is_none() {
            return Err(value(ENDPOINTS, "url is http:// or https:// and a host"));
        }
        let kind = |word: &String| {
            let known = EventKind::ALL.map(EventKind::as_str).join(", ");
            EventKind::parse(word).ok_or_else(|| value(ENDPOINTS, &format!("`{word}` is no event; there are {known}")))
        };
        let (name, kinds) =
            (named(ENDPOINTS, &section.name)?, section.events.iter().map(kind).collect::<Result<_, _>>()?);
        Ok(Endpoint { name, url, kinds, secrets: secrets(ENDPOINTS, &section.secret_env, &section.secret_file)? })
    });
    let options = records::Options {
        country_code,
        sources: sources.collect::<Result<_, ConfigError>>()?,
        endpoints: endpoints.collect::<Result<_, ConfigError>>()?,
        keep: DAY.saturating_mul(hooks.keep_days),
    };
    once(SOURCES, options.sources.iter().map(|source| source.name.as_str()))?;
    once(ENDPOINTS, options.endpoints.iter().map(|endpoint| endpoint.name.as_str()))?;
    Ok(options)
}

fn named(key: &str, name: &str) -> Result<String, ConfigError> {
    let reason = "needs a name of 1 to 32 small letters, digits, - and _, and not \"call\"";
    if is_source(name) { Ok(name.to_owned()) } else { Err(value(key, reason)) }
}

fn once<'a>(key: &str, names: impl Iterator<Item = &'a str>) -> Result<(), ConfigError> {
    let mut seen = Vec::new();
    for name in names {
        if seen.contains(&name) {
            return Err(value(key, &format!("has two of the name {name}")));
        }
        seen.push(name);
    }
    Ok(())
}

/// One a line, or separated by white space: two, while they change over.
fn secrets(key: &str, variable: &str, file: &str) -> Result<Vec<Secret>, ConfigError> {
    let text = secret(key, variable, file, "secret")?;
    let secrets: Option<Vec<Secret>> = text.split_whitespace().map(Secret::parse).collect();
    secrets.filter(|secrets| !secrets.is_empty()).ok_or_else(|| {
        value(key, "its secret is whsec_ and 24 to 64 bytes in base64, such as from `openssl rand -base64 32`")
    })
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, ConfigArgs};
    use tempfile::TempDir;

    const GOOD: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn load(toml: &str) -> Result<Config, String> {
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("one"), GOOD).unwrap();
        std::fs::write(folder.path().join("two"), format!("{GOOD}\n{GOOD}\n")).unwrap();
        std::fs::write(folder.path().join("short"), "whsec_c2hvcnQ=").unwrap();
        let file = folder.path().join("regulars.toml");
        std::fs::write(&file, toml.replace("FOLDER", &folder.path().display().to_string())).unwrap();
        ConfigArgs { config: Some(file), set: Vec::new() }.load().map_err(|error| error.to_string())
    }

    #[test]
    fn sources_and_endpoints_have_their_names_and_secrets() {
        let config = load(
            "[[hooks.sources]]\nname = \"mail\"\nsecret_file = \"FOLDER/two\"\n\
             [[hooks.endpoints]]\nname = \"kitchen\"\nurl = \"https://pos.example/hooks\"\n\
             events = [\"order.placed\"]\nsecret_file = \"FOLDER/one\"",
        );
        let records = config.unwrap().records;
        assert_eq!((records.sources[0].name.as_str(), records.sources[0].secrets.len()), ("mail", 2));
        let endpoint = &records.endpoints[0];
        assert_eq!((endpoint.name.as_str(), endpoint.kinds.len(), endpoint.secrets.len()), ("kitchen", 1, 1));
        assert_eq!(records.keep.as_secs(), 7 * 24 * 3600);
    }

    #[test]
    fn what_is_wrong_is_named_and_no_secret_is_said() {
        let source = |more: &str| format!("[[hooks.sources]]\nname = \"mail\"\n{more}");
        let endpoint =
            |more: &str| format!("[[hooks.endpoints]]\nname = \"pos\"\nsecret_file = \"FOLDER/one\"\n{more}");
        let one = "secret_file = \"FOLDER/one\"";
        for (toml, expected) in [
            (source(""), "hooks.sources: needs secret_env or secret_file"),
            (source("secret_file = \"FOLDER/short\""), "24 to 64 bytes"),
            (source("secret_env = \"REGULARS_NO_SUCH_VARIABLE\""), "REGULARS_NO_SUCH_VARIABLE"),
            (source(one).replace("mail", "Mail"), "hooks.sources: needs a name"),
            (format!("{}\n{}", source(one), source(one)), "two of the name mail"),
            (endpoint("url = \"ftp://pos.example\""), "hooks.endpoints: url"),
            (endpoint("url = \"https://pos.example\"\nevents = [\"order.eaten\"]"), "`order.eaten` is no event"),
            (endpoint("url = \"https://pos.example\"\nsecret = \"x\""), "secret"),
            ("[hooks]\nkeep_days = 0".to_owned(), "hooks.keep_days: "),
        ] {
            let Err(error) = load(&toml) else { panic!("{toml}") };
            assert!(error.contains(expected) && !error.contains("c2hvcnQ") && !error.contains(GOOD), "{error}");
        }
    }
}
