//! Rules as a shop writes them. A file that cannot be used is refused with its line, before anybody calls.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::rule::{Rule, When};
use super::say::{BECAUSE, Gap, Part, filled, parts};
use crate::base::nearest;
use crate::customer::Channel;
use crate::customer::goods::Need;

/// The rules of a file, most pressing condition first, and the needs that customers name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    rules: Vec<Rule>,
    needs: Vec<Need>,
}

/// Why a file of rules is refused, as a sentence for who wrote it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct BadRules {
    /// Counted from 1, as an editor shows it.
    pub line: usize,
    pub reason: String,
}

/// What an agent takes in at a glance while saying hello.
pub const MOST_WORDS: usize = 12;
/// A shop with more of them no longer knows them.
const MOST_ENTRIES: usize = 100;
/// Longer reasons do not fit under the line.
const MOST_CHARS: usize = 200;

const DEFAULT: &str = include_str!("rules.toml");
const KEYS: [&str; 8] = ["id", "when", "say", "pitch", "why", "channel", "days", "language"];

impl Rules {
    /// Those that come with the program.
    pub fn standard() -> Result<Self, BadRules> {
        Self::read(DEFAULT)
    }

    pub fn read(text: &str) -> Result<Self, BadRules> {
        let file = File { text };
        let root = DeTable::parse(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            file.bad(at, format!("this is no TOML: {}", error.message()))
        })?;
        let (mut rules, mut needs): (Vec<Rule>, Vec<Need>) = (Vec::new(), Vec::new());
        for (key, value) in root.get_ref() {
            let kind = key.get_ref().as_ref();
            if !["rule", "need"].contains(&kind) {
                return Err(file.unknown(key, &["rule", "need"]));
            }
            let entries = value.get_ref().as_array().map(|entries| entries.iter());
            for entry in
                entries.ok_or_else(|| file.bad(key.span().start, format!("each {kind} begins with [[{kind}]]")))?
            {
                let at = entry.span().start;
                let table = entry.get_ref().as_table();
                let table = table.ok_or_else(|| file.bad(at, format!("each {kind} begins with [[{kind}]]")))?;
                if rules.len() + needs.len() == MOST_ENTRIES {
                    return Err(file.bad(at, format!("there are more than {MOST_ENTRIES} rules and needs")));
                }
                if kind == "need" {
                    needs.push(file.need(&Entry { at, table })?);
                    continue;
                }
                let rule = file.rule(&Entry { at, table })?;
                if rules.iter().any(|known| known.id == rule.id) {
                    return Err(file.bad(at, format!("there are two rules with the id {:?}", rule.id)));
                }
                rules.push(rule);
            }
        }
        // Stable: of one condition, the file's own sequence holds.
        rules.sort_by_key(|rule| rule.when);
        Ok(Self { rules, needs })
    }

    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter()
    }

    pub fn needs(&self) -> &[Need] {
        &self.needs
    }
}

struct File<'a> {
    text: &'a str,
}

/// A rule's keys, each with its place.
struct Entry<'a> {
    at: usize,
    table: &'a DeTable<'a>,
}

impl File<'_> {
    fn need(&self, entry: &Entry) -> Result<Need, BadRules> {
        self.check_keys(entry, &["words", "tag"])?;
        let (tag, _) = self.required_text(entry, "tag")?;
        let value = entry.get("words").ok_or_else(|| self.bad(entry.at, "this need has no words".to_owned()))?;
        let words =
            value.get_ref().as_array().map(|words| words.iter().map(|word| word.get_ref().as_str().map(str::trim)));
        let words: Option<Vec<String>> = words.and_then(|words| words.map(|word| word.map(str::to_owned)).collect());
        match words.filter(|words| !words.is_empty() && words.iter().all(|word| word.contains(char::is_alphanumeric))) {
            Some(words) => Ok(Need { words, tag }),
            None => {
                Err(self
                    .bad(value.span().start, "words is a list of texts, such as [\"vegan\", \"vegano\"]".to_owned()))
            }
        }
    }

    fn check_keys(&self, entry: &Entry, known: &[&str]) -> Result<(), BadRules> {
        let unknown = entry.table.iter().find(|(key, _)| !known.contains(&key.get_ref().as_ref()));
        unknown.map_or(Ok(()), |(key, _)| Err(self.unknown(key, known)))
    }

    fn rule(&self, entry: &Entry) -> Result<Rule, BadRules> {
        self.check_keys(entry, &KEYS)?;
        let (id, _) = self.required_text(entry, "id")?;
        let (when, when_at) = self.required_text(entry, "when")?;
        let when = When::parse(&when)
            .ok_or_else(|| self.no_such(when_at, &when, "condition", &When::ALL.map(When::as_str)))?;
        for key in ["channel", "days", "language"] {
            let (given, takes) = (entry.get(key), when.takes().filter(|(taken, _)| *taken == key));
            match (given, takes) {
                (Some(value), None) => {
                    return Err(self.bad(value.span().start, format!("\"{}\" takes no {key}", when.as_str())));
                }
                (None, Some((_, true))) => {
                    return Err(self.bad(when_at, format!("\"{}\" needs {key}", when.as_str())));
                }
                _ => {}
            }
        }
        let channel = match self.text(entry, "channel")? {
            None => None,
            Some((word, at)) => {
                let known = Channel::ALL.map(Channel::as_str);
                Some(Channel::parse(&word).ok_or_else(|| self.no_such(at, &word, "channel", &known))?)
            }
        };
        let (pitch, pitch_at) = self.pitch(entry)?;
        if let Some(offers) = when.offers().filter(|offers| *offers != pitch) {
            let reason = format!("\"{}\" is {} a pitch", when.as_str(), if offers { "always" } else { "never" });
            return Err(self.bad(pitch_at, reason));
        }
        let (say, say_at) = self.required_text(entry, "say")?;
        let for_advice: Vec<Gap> = when.gaps().iter().copied().filter(|gap| *gap != BECAUSE).collect();
        self.check_gaps(say_at, &say, &for_advice)?;
        let longest: Vec<(Gap, String)> =
            for_advice.iter().map(|gap| (*gap, ["word"].repeat(gap.words).join(" "))).collect();
        let words = filled(&say, &longest).split_whitespace().count();
        if words > MOST_WORDS {
            let reason = format!("this can come to {words} words; an agent takes in {MOST_WORDS} at a glance");
            return Err(self.bad(say_at, reason));
        }
        let (why, why_at) = self.required_text(entry, "why")?;
        self.check_gaps(why_at, &why, when.gaps())?;
        let language = self.text(entry, "language")?.map(|(tag, _)| tag);
        Ok(Rule { id, when, channel, days: self.days(entry)?, language, say, pitch, why })
    }

    fn check_gaps(&self, at: usize, text: &str, gaps: &[Gap]) -> Result<(), BadRules> {
        let Some(parts) = parts(text) else {
            return Err(self.bad(at, "a brace stands alone; a gap is written {item}".to_owned()));
        };
        let names: Vec<&str> = gaps.iter().map(|gap| gap.name).collect();
        let unknown = parts.iter().find_map(|part| match part {
            Part::Gap(name) if !names.contains(name) => Some(*name),
            _ => None,
        });
        match unknown {
            None => Ok(()),
            Some(name) if names.is_empty() => Err(self.bad(at, format!("this condition fills no {{{name}}}"))),
            Some(name) => Err(self.no_such(at, name, "gap here", &names)),
        }
    }

    /// One line of text, and where it stands.
    fn text(&self, entry: &Entry, key: &str) -> Result<Option<(String, usize)>, BadRules> {
        let Some(value) = entry.get(key) else { return Ok(None) };
        let at = value.span().start;
        let text =
            value.get_ref().as_str().ok_or_else(|| self.bad(at, format!("{key} is a text in quotation marks")))?;
        let text = text.trim();
        if text.is_empty() || text.chars().count() > MOST_CHARS || text.chars().any(char::is_control) {
            return Err(self.bad(at, format!("{key} is one line of 1 to {MOST_CHARS} characters")));
        }
        Ok(Some((text.to_owned(), at)))
    }

    fn required_text(&self, entry: &Entry, key: &str) -> Result<(String, usize), BadRules> {
        self.text(entry, key)?.ok_or_else(|| self.bad(entry.at, format!("there is no {key} here")))
    }

    fn pitch(&self, entry: &Entry) -> Result<(bool, usize), BadRules> {
        let value = entry.get("pitch").ok_or_else(|| self.bad(entry.at, "there is no pitch here".to_owned()))?;
        let at = value.span().start;
        let pitch = value.get_ref().as_bool().ok_or_else(|| self.bad(at, "pitch is true or false".to_owned()))?;
        Ok((pitch, at))
    }

    fn days(&self, entry: &Entry) -> Result<Option<u32>, BadRules> {
        let Some(value) = entry.get("days") else { return Ok(None) };
        let number = value.get_ref().as_integer().filter(|number| number.radix() == 10);
        let days = number.and_then(|number| number.as_str().parse().ok()).filter(|days| *days <= MOST_DAYS);
        days.map(Some).ok_or_else(|| self.bad(value.span().start, format!("days is a whole number up to {MOST_DAYS}")))
    }

    fn unknown(&self, key: &Spanned<std::borrow::Cow<str>>, known: &[&str]) -> BadRules {
        self.no_such(key.span().start, key.get_ref(), "key", known)
    }

    fn no_such(&self, at: usize, word: &str, what: &str, known: &[&str]) -> BadRules {
        let reason = match nearest(word, known) {
            Some(near) => format!("there is no {what} {word:?}; did you mean {near:?}?"),
            None => format!("there is no {what} {word:?}, but {}", known.join(", ")),
        };
        self.bad(at, reason)
    }

    fn bad(&self, at: usize, reason: String) -> BadRules {
        let before = self.text.as_bytes().get(..at).unwrap_or(self.text.as_bytes());
        BadRules { line: before.iter().filter(|byte| **byte == b'\n').count() + 1, reason }
    }
}

impl<'a> Entry<'a> {
    fn get(&self, key: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.table.iter().find(|(known, _)| known.get_ref() == key).map(|(_, value)| value)
    }
}

/// Ten years.
const MOST_DAYS: u32 = 3650;
