//! Telephone numbers in the international form of ITU-T E.164.

use std::fmt;

/// An E.164 number: `+` and 7 to 15 digits. Personal data: it prints redacted; [`E164::digits`] gives it in full.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct E164(String);

/// Why a text is not a number. It never repeats the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum E164Error {
    #[error("a telephone number may hold digits, spaces and -./() only")]
    NotANumber,
    #[error("a telephone number has 7 to 15 digits with its country code, this one has {0}")]
    Length(usize),
    #[error("the number has no country code and no default country code is configured (set sip.country_code)")]
    NoCountryCode,
}

/// ITU-T E.164 §6.1: at most 15 digits with the country code.
const MAX_DIGITS: usize = 15;
/// The shortest numbers in service with their country code (e.g. Niue, +683 and 4 digits).
const MIN_DIGITS: usize = 7;

impl E164 {
    /// Reads what people and PBXs write: `+49 30 123456`, `004930123456`, or, with a country code such as `"49"`,
    /// the national form `030 123456`.
    pub fn parse(text: &str, country_code: Option<&str>) -> Result<E164, E164Error> {
        let text = text.trim();
        if !text.chars().all(|c| c.is_ascii_digit() || " -./()+".contains(c))
            || text.rfind('+').is_some_and(|at| at > 0)
        {
            return Err(E164Error::NotANumber);
        }
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let full = if text.starts_with('+') {
            digits
        } else if let Some(international) = digits.strip_prefix("00") {
            international.to_owned()
        } else {
            let country = country_code.ok_or(E164Error::NoCountryCode)?;
            format!("{country}{}", national(&digits, country))
        };
        if !(MIN_DIGITS..=MAX_DIGITS).contains(&full.len()) {
            return Err(E164Error::Length(full.len()));
        }
        Ok(E164(format!("+{full}")))
    }

    /// The number in full, `+` first: for the agent's screen and the store, never for a log.
    pub fn digits(&self) -> &str {
        &self.0
    }
}

/// The national number without its trunk prefix: 1 in the North American plan (country code 1), elsewhere 0. In Italy and
/// San Marino the 0 belongs to the number (ITU-T operational bulletin on +39).
fn national<'a>(digits: &'a str, country_code: &str) -> &'a str {
    match country_code {
        "39" | "378" => digits,
        "1" => digits.strip_prefix('1').unwrap_or(digits),
        _ => digits.strip_prefix('0').unwrap_or(digits),
    }
}

impl fmt::Debug for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("E164(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_in_many_spellings_is_one_number() {
        for spelling in ["+49 30 901820", "0049-30-901820", "030/901820", "(030) 901820"] {
            assert_eq!(E164::parse(spelling, Some("49")).unwrap().digits(), "+4930901820", "{spelling}");
        }
    }

    #[test]
    fn the_north_american_trunk_prefix_is_not_a_second_country_code() {
        for spelling in ["+1 212 555 0123", "1-212-555-0123", "(212) 555-0123"] {
            assert_eq!(E164::parse(spelling, Some("1")).unwrap().digits(), "+12125550123", "{spelling}");
        }
    }

    #[test]
    fn an_italian_landline_keeps_its_zero() {
        assert_eq!(E164::parse("06 698 12345", Some("39")).unwrap().digits(), "+390669812345");
    }

    #[test]
    fn what_is_no_number_is_refused_with_a_reason() {
        assert_eq!(E164::parse("anonymous", Some("49")), Err(E164Error::NotANumber));
        assert_eq!(E164::parse("49+30", Some("49")), Err(E164Error::NotANumber));
        assert_eq!(E164::parse("+12", None), Err(E164Error::Length(2)));
        assert_eq!(E164::parse("+1234567890123456", None), Err(E164Error::Length(16)));
        assert_eq!(E164::parse("030901820", None), Err(E164Error::NoCountryCode));
    }

    #[test]
    fn a_number_never_prints_itself() {
        let number = E164::parse("+4930901820", None).unwrap();
        assert!(!format!("{number:?}").contains("901820"));
    }
}
