//! How customers are treated: the limits, and the shop's own rules from their file.

use std::path::PathBuf;

use serde::Deserialize;

use super::ConfigError;
use super::sections::value;
use crate::customer::care::{BadRules, Limits, Manners, Rules};

#[derive(Deserialize)]
pub(super) struct Care {
    contacts_per_30_days: u32,
    quiet_days: u32,
    fresh_complaint_days: u32,
    rules: String,
}

/// Ten years.
const MOST_DAYS: u32 = 3650;

pub(super) fn manners(section: &Care) -> Result<Manners, ConfigError> {
    for (key, days) in
        [("care.quiet_days", section.quiet_days), ("care.fresh_complaint_days", section.fresh_complaint_days)]
    {
        if days > MOST_DAYS {
            return Err(value(key, &format!("is at most {MOST_DAYS}")));
        }
    }
    let limits = Limits {
        contacts_per_30_days: section.contacts_per_30_days,
        quiet_days: section.quiet_days,
        fresh_complaint_days: section.fresh_complaint_days,
    };
    let bad = |origin: &str, error: &BadRules| value("care.rules", &format!("{origin}, {error}"));
    let rules = if section.rules.is_empty() {
        Rules::standard().map_err(|error| bad("the rules inside the program", &error))?
    } else {
        let path = PathBuf::from(&section.rules);
        let text = std::fs::read_to_string(&path).map_err(|source| ConfigError::File { path, source })?;
        Rules::read(&text).map_err(|error| bad(&section.rules, &error))?
    };
    Ok(Manners { rules, limits })
}

#[cfg(test)]
mod tests {
    use crate::config::ConfigArgs;

    fn load(set: &str) -> Result<crate::config::Config, String> {
        ConfigArgs { config: None, set: vec![set.to_owned()] }.load().map_err(|error| error.to_string())
    }

    #[test]
    fn a_shops_own_rules_take_the_place_of_those_inside() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("rules.toml");
        let set = format!("care.rules={}", file.display());
        assert!(load(&set).unwrap_err().starts_with("cannot read the configuration file"));
        std::fs::write(&file, "[[rule]]\nid = 'x'\nwhen = 'new'\nsay = 'Hello.'\npitch = false\nwhy = 'New.'\n")
            .unwrap();
        let rules = load(&set).unwrap().care.rules;
        assert_eq!(rules.iter().map(|rule| rule.id.as_str()).collect::<Vec<_>>(), ["x"]);
        std::fs::write(&file, "[[rule]]\nid = 'x'\nwhne = 'new'\n").unwrap();
        let refused = load(&set).unwrap_err();
        let expected =
            format!("care.rules: {}, line 3: there is no key \"whne\"; did you mean \"when\"?", file.display());
        assert_eq!(refused, expected);
    }

    #[test]
    fn the_limits_are_those_of_the_file() {
        assert_eq!(load("care.quiet_days=3").unwrap().care.limits.quiet_days, 3);
        assert_eq!(load("log.filter=info").unwrap().care.limits, crate::customer::care::Limits::default());
        assert!(load("care.quiet_days=4000").unwrap_err().starts_with("care.quiet_days: "));
    }
}
