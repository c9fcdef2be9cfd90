//! Who calls, and on which line: from the peer's start message, else from the address that it was given.

use super::dialect::Start;
use crate::base::{E164, Line};

/// What stands in the address of a connection: `?from=+4930901820&line=pizza`. No `Debug`: it holds numbers and secrets.
#[derive(Clone, Default)]
pub struct Asked {
    query: Vec<(String, String)>,
    country_code: Option<String>,
}

/// Lines are typed by people and shown to them; this is generous.
const MAX_LINE_CHARS: usize = 64;

impl Asked {
    /// `query` as it stands after the `?`. `country_code` without `+`, for national numbers.
    pub fn new(query: &str, country_code: Option<&str>) -> Self {
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        let decoded = pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (percent_decoded(name), percent_decoded(value))
        });
        Self { query: decoded.collect(), country_code: country_code.map(str::to_owned) }
    }

    pub fn value(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// `from` and `line` as the start message gives them, or `None`; the address fills in what is missing.
    pub fn start(&self, from: Option<&str>, line: Option<&str>) -> Start {
        let number = [from, self.value("from")].into_iter().flatten().find_map(|text| self.number(text));
        let line = [line, self.value("line")].into_iter().flatten().find_map(line_of);
        Start { number, line, mixed: false }
    }

    fn number(&self, text: &str) -> Option<E164> {
        E164::parse(user_of(text), self.country_code.as_deref()).ok()
    }
}

fn line_of(text: &str) -> Option<Line> {
    let line = user_of(text);
    let fits = !line.is_empty() && line.chars().count() <= MAX_LINE_CHARS && !line.chars().any(char::is_control);
    fits.then(|| Line::new(line))
}

/// The user part of `tel:+4930901820`, `sip:100@pbx.example;x=y`, or the text itself.
fn user_of(text: &str) -> &str {
    let text = text.trim();
    let uri = ["tel:", "sip:", "sips:"].into_iter().find_map(|scheme| {
        let (start, rest) = text.split_at_checked(scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then_some(rest)
    });
    match uri {
        Some(uri) => uri.split(['@', ';', '?']).next().unwrap_or(uri),
        None => text,
    }
}

/// RFC 3986 §2.1. A `+` stays one: operators paste numbers as they are, and nobody pastes a form.
pub(super) fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = tail.get(..2).filter(|_| *first == b'%').and_then(|two| {
            let [high, low] = [two[0], two[1]].map(|digit| char::from(digit).to_digit(16));
            u8::try_from(high? * 16 + low?).ok()
        });
        match escaped {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(query: &str, from: Option<&str>, line: Option<&str>) -> (Option<String>, Option<String>) {
        let start = Asked::new(query, Some("49")).start(from, line);
        (start.number.map(|n| n.digits().to_owned()), start.line.map(|l| l.as_str().to_owned()))
    }

    fn known(number: &str, line: &str) -> (Option<String>, Option<String>) {
        (Some(number.to_owned()), Some(line.to_owned()))
    }

    #[test]
    fn a_number_is_read_as_peers_write_it() {
        for from in ["+49 30 901820", "030901820", "tel:+4930901820", "sip:+4930901820@pbx.example;user=phone"] {
            assert_eq!(start("", Some(from), Some("pizza")), known("+4930901820", "pizza"), "{from}");
        }
    }

    #[test]
    fn the_address_fills_in_what_the_message_lacks() {
        assert_eq!(start("from=+4930901820&line=pizza", None, None), known("+4930901820", "pizza"));
        assert_eq!(start("from=%2B4930901820&line=piz%7aa%20x", None, None), known("+4930901820", "pizza x"));
        let both = start("from=+4930901820&line=a", Some("+12125550123"), Some("b"));
        assert_eq!(both, known("+12125550123", "b"), "the message is nearer to the call");
        assert_eq!(start("from=+4930901820&line=a", Some("anonymous"), None), known("+4930901820", "a"));
    }

    #[test]
    fn what_is_no_number_or_no_line_is_left_out() {
        assert_eq!(start("", Some("anonymous"), Some("")), (None, None));
        assert_eq!(start("from=&line", None, Some("a\nb")), (None, None));
        assert_eq!(start("", Some("sip:@"), Some(&"x".repeat(65))), (None, None));
    }

    #[test]
    fn broken_escapes_stay_as_they_are() {
        assert_eq!(percent_decoded("100%"), "100%");
        assert_eq!(percent_decoded("%zz%4"), "%zz%4");
        assert_eq!(percent_decoded("%ff"), "\u{fffd}");
        assert_eq!(percent_decoded("%\u{e4}\u{e4}"), "%\u{e4}\u{e4}");
    }
}
