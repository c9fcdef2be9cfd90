//! The fields of one row, read as what they must be. No reason repeats a field's text.

use csv::ByteRecord;
use jiff::Timestamp;
use jiff::civil::DateTime;

use super::ImportOptions;
use super::header::{Header, nearest};
use crate::base::UnixMillis;
use crate::store::put::{SOURCE_CHARS, is_source};

pub(super) struct Row<'a> {
    pub header: &'a Header,
    pub record: &'a ByteRecord,
}

/// Why a row cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadField {
    pub column: Option<&'static str>,
    pub reason: String,
}

impl BadField {
    pub fn new(column: &'static str, reason: impl Into<String>) -> Self {
        Self { column: Some(column), reason: reason.into() }
    }
}

impl<'a> Row<'a> {
    pub fn has(&self, column: &str) -> bool {
        self.header.position(column).is_some()
    }

    /// The field without spaces around it; `None` when it is empty or the file has no such column.
    pub fn text(&self, column: &'static str, max_chars: usize) -> Result<Option<&'a str>, BadField> {
        let bytes = self.header.position(column).and_then(|at| self.record.get(at)).unwrap_or_default();
        let text = std::str::from_utf8(bytes)
            .map_err(|_| {
                BadField::new(column, "is not UTF-8 (perhaps Windows-1252 or Latin-1); save the file as UTF-8")
            })?
            .trim();
        if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            return Err(BadField::new(column, "holds a control character"));
        }
        if text.chars().nth(max_chars).is_some() {
            return Err(BadField::new(column, format!("is longer than {max_chars} characters")));
        }
        Ok(Some(text).filter(|text| !text.is_empty()))
    }

    /// The field as a change: nothing where the file has no such column.
    pub fn given(&self, column: &str, text: Option<&'a str>) -> Option<Option<&'a str>> {
        self.has(column).then_some(text)
    }

    /// Who wrote the keys of this row, as other systems name themselves.
    pub fn source(&self) -> Result<Option<&'a str>, BadField> {
        let source = self.text("source", SOURCE_CHARS)?;
        match source {
            Some(source) if !is_source(source) => Err(BadField::new("source", "is no name of a source, such as pos")),
            source => Ok(source),
        }
    }

    pub fn yes_or_no(&self, column: &'static str) -> Result<bool, BadField> {
        match self.text(column, NAME_CHARS)?.map(str::to_ascii_lowercase).as_deref() {
            Some("yes" | "true" | "1") => Ok(true),
            None | Some("no" | "false" | "0") => Ok(false),
            Some(_) => Err(BadField::new(column, "is neither yes nor no")),
        }
    }

    pub fn required(&self, column: &'static str, max_chars: usize) -> Result<&'a str, BadField> {
        self.text(column, max_chars)?.ok_or_else(|| BadField::new(column, "is empty"))
    }

    /// The parts of a field that are separated by semicolons.
    pub fn list(&self, column: &'static str) -> Result<Vec<&'a str>, BadField> {
        let text = self.text(column, NOTE_CHARS)?.unwrap_or_default();
        Ok(text.split(';').map(str::trim).filter(|part| !part.is_empty()).collect())
    }

    /// RFC 3339, or a date with or without a time of day in the shop's time zone.
    pub fn time(&self, column: &'static str, options: &ImportOptions) -> Result<Option<UnixMillis>, BadField> {
        let Some(text) = self.text(column, NAME_CHARS)? else { return Ok(None) };
        let at = match (text.parse::<Timestamp>(), text.parse::<DateTime>()) {
            (Ok(at), _) => Some(at),
            (Err(_), Ok(local)) => local.to_zoned(options.time_zone.clone()).ok().map(|zoned| zoned.timestamp()),
            (Err(_), Err(_)) => None,
        };
        let Some(at) = at else {
            return Err(BadField::new(
                column,
                "is no time; write 2026-05-01, 2026-05-01 18:30 or 2026-05-01T18:30:00+02:00",
            ));
        };
        let at = UnixMillis(at.as_millisecond());
        if at.since(options.now) > CLOCK_SLACK_MS {
            return Err(BadField::new(column, "lies in the future"));
        }
        Ok(Some(at))
    }

    pub fn required_time(&self, column: &'static str, options: &ImportOptions) -> Result<UnixMillis, BadField> {
        self.time(column, options)?.ok_or_else(|| BadField::new(column, "is empty"))
    }
}

/// A word that is none of those which the column knows.
pub(super) fn unknown(column: &'static str, word: &str, known: &[&str]) -> BadField {
    let words = known.join(", ");
    match nearest(&word.to_ascii_lowercase(), known) {
        Some(near) => BadField::new(column, format!("is none of {words}; did you mean {near}?")),
        None => BadField::new(column, format!("is none of {words}")),
    }
}

/// A key as the books have it: that of a source is told from another's.
pub(super) fn keyed(source: Option<&str>, key: &str) -> String {
    source.map_or_else(|| key.to_owned(), |source| format!("{source}:{key}"))
}

/// The schema's limit of a key.
pub(super) const ID_CHARS: usize = 64;
/// Longer names are a sign of shifted columns.
pub(super) const NAME_CHARS: usize = 200;
/// Longer notes do not fit any screen.
pub(super) const NOTE_CHARS: usize = 4000;
/// What another machine's clock may be ahead, in milliseconds: a day, so that a wrong time zone is no bad row.
const CLOCK_SLACK_MS: i64 = 24 * 3600 * 1000;
