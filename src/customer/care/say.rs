//! Words with gaps, and what fills them. Each gap has a most of words, so that a text that fits when it is read fits on the card.

use crate::base::UnixMillis;

use super::budget::DAY_MS;

/// A gap in a text, such as `{item}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gap {
    pub name: &'static str,
    /// The most words that fill it; longer names are cut after them.
    pub words: usize,
}

/// "Quattro formaggi senza cipolle" has four; longer ones are known by their beginning.
const ITEM_WORDS: usize = 4;

pub(super) const ITEM: Gap = Gap { name: "item", words: ITEM_WORDS };
pub(super) const WITH: Gap = Gap { name: "with", words: ITEM_WORDS };
pub(super) const ALLERGEN: Gap = Gap { name: "allergen", words: 1 };
pub(super) const CHANNEL: Gap = Gap { name: "channel", words: 1 };
pub(super) const COMPETITOR: Gap = Gap { name: "competitor", words: 3 };
pub(super) const DAYS: Gap = Gap { name: "days", words: 1 };
/// "today", "yesterday", "8 days ago".
pub(super) const AGO: Gap = Gap { name: "ago", words: 3 };
/// A whole sentence: for a reason, never for the advice itself.
pub(super) const BECAUSE: Gap = Gap { name: "because", words: usize::MAX };

/// What is written of a gap that is not there, or of a brace that opens none.
pub(super) enum Part<'a> {
    Text(&'a str),
    Gap(&'a str),
}

/// A text in its parts; `None` when a brace stands alone.
pub(super) fn parts(text: &str) -> Option<Vec<Part<'_>>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find(['{', '}']) {
        let (before, from_brace) = rest.split_at(open);
        let (name, after) = from_brace.strip_prefix('{')?.split_once('}')?;
        parts.push(Part::Text(before));
        parts.push(Part::Gap(name));
        rest = after;
    }
    parts.push(Part::Text(rest));
    Some(parts)
}

/// `values` in the place of the gaps; what has no value is left out.
pub(super) fn filled(text: &str, values: &[(Gap, String)]) -> String {
    let Some(parts) = parts(text) else { return String::new() };
    let fill = |part: &Part| match part {
        Part::Text(text) => (*text).to_owned(),
        Part::Gap(name) => values.iter().find(|(gap, _)| gap.name == *name).map(cut).unwrap_or_default(),
    };
    parts.iter().map(fill).collect()
}

fn cut((gap, value): &(Gap, String)) -> String {
    if value.split_whitespace().count() <= gap.words {
        return value.trim().to_owned();
    }
    value.split_whitespace().take(gap.words).collect::<Vec<_>>().join(" ")
}

pub(super) fn days_since(now: UnixMillis, at: UnixMillis) -> i64 {
    now.since(at).max(0) / DAY_MS
}

/// By whole days of 24 hours: this core knows no calendar.
pub(super) fn ago(now: UnixMillis, at: UnixMillis) -> String {
    match days_since(now, at) {
        0 => "today".to_owned(),
        1 => "yesterday".to_owned(),
        days => format!("{days} days ago"),
    }
}
