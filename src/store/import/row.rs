//! The fields of one row, read as what they must be. No reason repeats a field's text.

use csv::ByteRecord;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;

use super::ImportOptions;
use super::header::Header;
use crate::base::{UnixMillis, nearest};
use crate::store::put::{SOURCE_CHARS, is_source};

pub(super) struct Row<'a> {
    pub header: &'a Header,
    /// As [`Header::arrange`] made it.
    pub record: &'a ByteRecord,
}

/// Why a row cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
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
                BadField::new(
                    column,
                    "is not UTF-8; save the file as UTF-8, or say encoding = \"windows-1252\" or \"iso-8859-1\" in a mapping \
                     file (--map)",
                )
            })?
            .trim();
        if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            return Err(BadField::new(column, "holds a control character"));
        }
        if text.contains(char::REPLACEMENT_CHARACTER) {
            return Err(BadField::new(column, "holds a character that was lost when its encoding was changed"));
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

    pub fn required(&self, column: &'static str, max_chars: usize) -> Result<&'a str, BadField> {
        self.text(column, max_chars)?.ok_or_else(|| BadField::new(column, "is empty"))
    }

    /// The parts of a field that are separated by semicolons, or as the mapping says.
    pub fn list(&self, column: &'static str, options: &ImportOptions) -> Result<Vec<&'a str>, BadField> {
        let text = self.text(column, NOTE_CHARS)?.unwrap_or_default();
        Ok(text.split(options.mapping.list_separator).map(str::trim).filter(|part| !part.is_empty()).collect())
    }

    /// One of a few words.
    pub fn word<T>(
        &self,
        column: &'static str,
        known: &[&str],
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, BadField> {
        let Some(text) = self.text(column, NAME_CHARS)? else { return Ok(None) };
        parse(&text.to_ascii_lowercase()).map(Some).ok_or_else(|| unknown(column, text, known))
    }

    pub fn flag(&self, column: &'static str) -> Result<Option<bool>, BadField> {
        self.word(column, &["yes", "no", "true", "false", "1", "0"], |word| match word {
            "yes" | "true" | "1" => Some(true),
            "no" | "false" | "0" => Some(false),
            _ => None,
        })
    }

    /// A whole number from 1; of a fraction only zeros. "2.000" is refused: it is two here and two thousand there.
    pub fn count(&self, column: &'static str, most: u32, options: &ImportOptions) -> Result<Option<u32>, BadField> {
        let Some(text) = self.text(column, NAME_CHARS)? else { return Ok(None) };
        let comma = options.mapping.decimal_comma;
        let (whole, fraction) = text.split_once(if comma { ',' } else { '.' }).unwrap_or((text, ""));
        let plain = fraction.bytes().all(|digit| digit == b'0') && (comma || fraction.len() < 3);
        match whole.parse().ok().filter(|count| plain && (1..=most).contains(count)) {
            Some(count) => Ok(Some(count)),
            None => Err(BadField::new(column, format!("is no whole number from 1 to {most}"))),
        }
    }

    /// As the mapping says; else RFC 3339, or a date with or without a time of day. Without an offset, in the shop's time zone.
    pub fn time(&self, column: &'static str, options: &ImportOptions) -> Result<Option<UnixMillis>, BadField> {
        let Some(text) = self.text(column, NAME_CHARS)? else { return Ok(None) };
        let zone = options.mapping.time_zone.as_ref().unwrap_or(&options.time_zone);
        let formats = &options.mapping.time_formats;
        let at = if formats.is_empty() {
            match text.parse() {
                Ok(local) if !has_offset(text) => in_zone(local, zone),
                _ => text.parse().ok(),
            }
        } else {
            formats.iter().find_map(|format| formatted(format, text, zone))
        };
        let Some(at) = at else {
            let reason = match formats.as_slice() {
                [] => "is no time; write 2026-05-01, 2026-05-01 18:30 or 2026-05-01T18:30:00+02:00, or say time_format in a \
                       mapping file (--map)"
                    .to_owned(),
                formats => format!("is no time that the mapping's time_format reads: {}", formats.join(" or ")),
            };
            return Err(BadField::new(column, reason));
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

fn in_zone(local: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    local.to_zoned(zone.clone()).ok().map(|zoned| zoned.timestamp())
}

/// `None` for a text of another format. A day without an hour is its midnight.
fn formatted(format: &str, text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let parts = strtime::parse(format, text).ok()?;
    if parts.offset().is_some() || parts.timestamp().is_some() {
        return parts.to_timestamp().ok();
    }
    in_zone(parts.to_datetime().ok()?, zone)
}

/// After the day, whose own hyphens are no offset.
fn has_offset(text: &str) -> bool {
    text.bytes().skip("2026-05-01".len()).any(|byte| matches!(byte, b'Z' | b'z' | b'+' | b'-'))
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
