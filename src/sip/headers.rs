//! Header names and white space (RFC 3261 §7.3, §25.1).

/// Compact forms: RFC 3261 §7.3.3 and the IANA registry.
const COMPACT: [(&str, &str); 21] = [
    ("a", "Accept-Contact"),
    ("b", "Referred-By"),
    ("c", "Content-Type"),
    ("d", "Request-Disposition"),
    ("e", "Content-Encoding"),
    ("f", "From"),
    ("i", "Call-ID"),
    ("j", "Reject-Contact"),
    ("k", "Supported"),
    ("l", "Content-Length"),
    ("m", "Contact"),
    ("n", "Identity-Info"),
    ("o", "Event"),
    ("r", "Refer-To"),
    ("s", "Subject"),
    ("t", "To"),
    ("u", "Allow-Events"),
    ("v", "Via"),
    ("x", "Session-Expires"),
    ("y", "Identity"),
    ("w", "Warning"),
];

pub(super) fn full_name(name: &str) -> &str {
    COMPACT.iter().find(|(short, _)| name.eq_ignore_ascii_case(short)).map_or(name, |(_, full)| full)
}

/// RFC 3261 §25.1.
pub(super) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&byte))
}

/// Takes out the white space that the grammar allows around separators and rsipstack does not understand.
pub(super) fn tighten(name: &str, value: &mut String) {
    if name.eq_ignore_ascii_case("CSeq") {
        let mut words = value.split_whitespace();
        let number = words.next().map(|number| number.trim_start_matches('0')).unwrap_or_default();
        let number = if number.is_empty() && value.starts_with('0') { "0" } else { number };
        *value = format!("{number} {}", words.collect::<Vec<_>>().join(" "));
    } else if name.eq_ignore_ascii_case("Via") {
        *value = without_space_around(value, b"/;=:,");
    } else if ["From", "To", "Contact", "Route", "Record-Route"].iter().any(|known| name.eq_ignore_ascii_case(known)) {
        *value = without_space_around(value, b";=");
    }
}

/// What quotes and angle brackets protect (RFC 3261 §25.1). In brackets a quote is none, and in quotes a bracket.
#[derive(Default)]
pub(super) struct Protection {
    quoted: bool,
    escaped: bool,
    bracketed: bool,
}

impl Protection {
    pub(super) fn is_on(&self) -> bool {
        self.quoted || self.bracketed
    }

    pub(super) fn is_quoted(&self) -> bool {
        self.quoted
    }

    pub(super) fn pass(&mut self, c: char) {
        let literal = std::mem::take(&mut self.escaped);
        match c {
            '\\' if self.quoted && !literal => self.escaped = true,
            '"' if !self.bracketed && !literal => self.quoted = !self.quoted,
            '<' if !self.quoted => self.bracketed = true,
            '>' if !self.quoted => self.bracketed = false,
            _ => {}
        }
    }
}

/// Outside quotes and angle brackets only.
fn without_space_around(value: &str, separators: &[u8]) -> String {
    let is_separator = |c: char| c.is_ascii() && separators.contains(&(c as u8));
    let mut out = String::with_capacity(value.len());
    let (mut protection, mut space) = (Protection::default(), false);
    for c in value.chars() {
        if !protection.is_on() && c.is_whitespace() {
            space = true;
            continue;
        }
        if space && !(is_separator(c) || out.chars().next_back().is_some_and(is_separator)) && !out.is_empty() {
            out.push(' ');
        }
        space = false;
        out.push(c);
        protection.pass(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tight(name: &str, value: &str) -> String {
        let mut value = value.to_owned();
        tighten(name, &mut value);
        value
    }

    #[test]
    fn space_goes_where_the_grammar_allows_it_and_stays_where_it_means_something() {
        assert_eq!(
            tight("Via", "SIP  / 2.0\t/UDP   192.0.2.2 : 5060 ; branch = z9hG4bK1 , SIP/2.0/TCP b;branch=2"),
            "SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bK1,SIP/2.0/TCP b;branch=2"
        );
        assert_eq!(
            tight("From", "\"A ; \\\" = B\"  < sip:a b ; c > ; tag = 12"),
            "\"A ; \\\" = B\" < sip:a b ; c >;tag=12"
        );
        assert_eq!(tight("CSeq", "0009\t  INVITE"), "9 INVITE");
        assert_eq!(tight("CSeq", "0 BYE"), "0 BYE");
        assert_eq!(tight("Subject", "a ; b"), "a ; b");
    }

    #[test]
    fn compact_names_are_written_out_in_either_case() {
        assert_eq!(full_name("F"), "From");
        assert_eq!(full_name("l"), "Content-Length");
        assert_eq!(full_name("X-Own"), "X-Own");
    }
}
