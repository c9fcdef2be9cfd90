//! Of Structured Fields (RFC 9651) what HTTP Message Signatures need: one inner list of strings with parameters, and bytes.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// One member of Signature-Input: `sig1=("@authority" "x-api-key");keyid="k";created=1641013200`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Signature {
    pub(super) label: String,
    pub(super) components: Vec<String>,
    /// In their order, which is signed too.
    pub(super) parameters: Vec<(String, Item)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item {
    Text(String),
    Integer(i64),
}

/// What a request may name; more is a request to compute something large.
const MAX_MEMBERS: usize = 32;

/// The first member. More than one signature is never sent by AudioHook, and one good one is enough.
pub(super) fn parse_input(text: &str) -> Option<Signature> {
    let mut cursor = Cursor { rest: text.trim() };
    let label = cursor.key()?;
    cursor.expect("=(")?;
    let (mut components, mut parameters) = (Vec::new(), Vec::new());
    loop {
        cursor.spaces();
        if cursor.expect(")").is_some() {
            break;
        }
        let name = cursor.string()?;
        // Components with parameters (`;sf`, `;bs`) are not understood, and one twice would be signed ambiguously.
        if cursor.rest.starts_with(';') || components.contains(&name) || components.len() >= MAX_MEMBERS {
            return None;
        }
        components.push(name);
    }
    while cursor.expect(";").is_some() {
        cursor.spaces();
        let name = cursor.key()?;
        cursor.expect("=")?;
        let item = if cursor.rest.starts_with('"') { Item::Text(cursor.string()?) } else { cursor.integer()? };
        if parameters.iter().any(|(known, _)| *known == name) || parameters.len() >= MAX_MEMBERS {
            return None;
        }
        parameters.push((name, item));
    }
    cursor.spaces();
    (cursor.rest.is_empty() || cursor.rest.starts_with(',')).then_some(Signature { label, components, parameters })
}

/// The bytes of the member `label`: `sig1=:NZBwyBHR...=:`.
pub(super) fn parse_signature(text: &str, label: &str) -> Option<Vec<u8>> {
    text.split(',').find_map(|member| {
        let encoded = member.trim().strip_prefix(label)?.strip_prefix("=:")?.strip_suffix(':')?;
        STANDARD.decode(encoded).ok()
    })
}

/// As RFC 9651 §4.1 writes it, whatever white space it came with: the form that is signed.
impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(")?;
        for (at, name) in self.components.iter().enumerate() {
            let space = if at == 0 { "" } else { " " };
            write!(f, "{space}{}", Quoted(name))?;
        }
        f.write_str(")")?;
        for (name, item) in &self.parameters {
            match item {
                Item::Text(text) => write!(f, ";{name}={}", Quoted(text))?,
                Item::Integer(number) => write!(f, ";{name}={number}")?,
            }
        }
        Ok(())
    }
}

struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

struct Cursor<'a> {
    rest: &'a str,
}

impl Cursor<'_> {
    fn expect(&mut self, text: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(text)?;
        Some(())
    }

    fn spaces(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
    }

    fn key(&mut self) -> Option<String> {
        let end = self
            .rest
            .find(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || "_-.*".contains(c)))
            .unwrap_or(self.rest.len());
        let (key, rest) = self.rest.split_at(end);
        self.rest = rest;
        (!key.is_empty()).then(|| key.to_owned())
    }

    fn integer(&mut self) -> Option<Item> {
        let end = self.rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(end);
        self.rest = rest;
        // RFC 9651 §3.3.1: at most 15 digits.
        if digits.len() > 15 { None } else { digits.parse().ok().map(Item::Integer) }
    }

    /// RFC 9651 §3.3.3: visible ASCII and space, with `\"` and `\\`.
    fn string(&mut self) -> Option<String> {
        self.expect("\"")?;
        let (mut text, mut chars) = (String::new(), self.rest.char_indices());
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.rest = &self.rest[at + 1..];
                    return Some(text);
                }
                '\\' => match chars.next()?.1 {
                    escaped @ ('"' | '\\') => text.push(escaped),
                    _ => return None,
                },
                ' '..='~' => text.push(c),
                _ => return None,
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn white_space_is_put_in_order() {
        let signature = parse_input("sig1=( \"@authority\"  \"x-api-key\" ); keyid=\"a\\\"b\";  created=12").unwrap();
        assert_eq!(signature.to_string(), "(\"@authority\" \"x-api-key\");keyid=\"a\\\"b\";created=12");
        assert_eq!(signature.label, "sig1");
    }

    #[test]
    fn what_is_not_well_formed_is_refused() {
        for text in [
            "",
            "sig1",
            "sig1=(",
            "sig1=(\"a\"",
            "sig1=(a)",
            "sig1=(\"a\" \"a\")",
            "sig1=(\"a\";sf)",
            "sig1=(\"a\");x",
            "sig1=(\"a\");x=\"",
            "sig1=(\"a\");x=1;x=2",
            "sig1=(\"a\");x=1234567890123456",
            "sig1=(\"a\") trailing",
            "SIG=(\"a\")",
            "sig1=(\"\u{e4}\")",
        ] {
            assert_eq!(parse_input(text), None, "{text}");
        }
    }

    #[test]
    fn the_bytes_of_a_signature_are_found_by_their_label() {
        assert_eq!(parse_signature("a=:AQ==:, sig1=:AgM=:", "sig1"), Some(vec![2, 3]));
        assert_eq!(parse_signature("sig1=AgM=", "sig1"), None);
        assert_eq!(parse_signature("sig1=:***:", "sig1"), None);
    }

    proptest! {
        #[test]
        fn no_text_brings_it_down(text in "\\PC{0,80}", odd in "[a-z=(\";:0-9) \\\\]{0,60}") {
            parse_input(&text);
            parse_input(&odd);
            parse_signature(&odd, "a");
        }
    }
}
