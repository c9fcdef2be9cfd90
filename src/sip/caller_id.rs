//! Who is calling, by the headers: P-Asserted-Identity (RFC 3325) first, since the network vouches for it, then From.

use crate::base::{E164, Pii};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallerId {
    pub number: Option<E164>,
    /// The caller asked not to be shown (RFC 3323, RFC 3325). Without it, `None` means: no telephone number.
    pub withheld: bool,
    /// The display name (RFC 3261 §20.10). Whoever set up the telephone has written it: it is shown, and proves nothing.
    pub name: Option<Pii<String>>,
}

/// A card has room for no more, and no name needs it.
const MAX_NAME_CHARS: usize = 60;

impl CallerId {
    /// `country_code` without `+`, for national numbers.
    pub fn from_headers<'a>(
        headers: impl Iterator<Item = (&'a str, &'a str)> + Clone,
        country_code: Option<&str>,
    ) -> CallerId {
        let named =
            |name: &'static str| headers.clone().filter(move |(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v);
        let private = named("Privacy").flat_map(|value| value.split([';', ','])).any(is_private);
        let identities = named("P-Asserted-Identity").flat_map(addresses).chain(named("From"));
        let CallerId { number, withheld, name } = Self::from_addresses(identities, country_code);
        // An anonymous From beside an asserted number is a caller who asked to be withheld.
        let withheld = private || withheld;
        CallerId { number: number.filter(|_| !withheld), withheld, name: name.filter(|_| !withheld) }
    }

    /// By the addresses of one person, the most trusted first, each as in a From header.
    pub fn from_addresses<'a>(addresses: impl Iterator<Item = &'a str>, country_code: Option<&str>) -> CallerId {
        let mut withheld = false;
        let (mut number, mut name) = (None, None);
        for address in addresses {
            let Some(uri) = uri_of(address) else { continue };
            withheld |= is_anonymous(uri);
            number = number.or_else(|| number_in(uri, country_code));
            name = name.or_else(|| display_name(address));
        }
        let name = name.filter(|_| !withheld).map(Pii::new);
        CallerId { number: number.filter(|_| !withheld), withheld, name }
    }
}

/// User part and host of an address as in a From header.
pub(super) fn user_at_host(address: &str) -> Option<(&str, &str)> {
    uri_of(address).map(user_and_host)
}

/// RFC 3323 §4.2, RFC 3325 §9.3: `none` asks for nothing, `critical` only qualifies the others.
fn is_private(value: &str) -> bool {
    ["id", "user", "header", "session"].iter().any(|word| value.trim().eq_ignore_ascii_case(word))
}

/// RFC 3323 §4.1.1.3; the user part alone is what most PBXs write.
fn is_anonymous(uri: &str) -> bool {
    let (user, host) = user_and_host(uri);
    ["anonymous", "restricted", "unavailable"].iter().any(|word| user.eq_ignore_ascii_case(word))
        || host.eq_ignore_ascii_case("anonymous.invalid")
}

/// The addresses of a header that may hold several, split at commas outside quotes and angle brackets.
fn addresses(value: &str) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped, mut bracketed) = (false, false, false);
    value.split(move |c: char| {
        let literal = std::mem::take(&mut escaped);
        match c {
            '\\' if quoted && !literal => escaped = true,
            '"' if !literal => quoted = !quoted,
            '<' if !quoted => bracketed = true,
            '>' if !quoted => bracketed = false,
            ',' => return !quoted && !bracketed,
            _ => {}
        }
        false
    })
}

/// The URI of `"Name" <uri>;tag=x` or of the bare form, whose parameters belong to the header (RFC 3261 §20.10).
fn uri_of(address: &str) -> Option<&str> {
    let after_name = match address.trim_start().strip_prefix('"') {
        Some(quoted) => &quoted[end_of_quote(quoted)?..],
        None => address,
    };
    match after_name.split_once('<') {
        Some((_, rest)) => rest.split_once('>').map(|(uri, _)| uri.trim()),
        None => after_name.split(';').next().map(str::trim),
    }
}

/// What stands before the URI, when it is more than the number once again.
fn display_name(address: &str) -> Option<String> {
    let name = match address.trim_start().strip_prefix('"') {
        Some(quoted) => unescaped(&quoted[..end_of_quote(quoted)? - 1]),
        None => address.split_once('<')?.0.to_owned(),
    };
    let name: String = name.chars().filter(|c| !c.is_control()).take(MAX_NAME_CHARS).collect();
    let name = name.trim();
    name.chars().any(char::is_alphabetic).then(|| name.to_owned())
}

/// Without the backslashes of quoted pairs (RFC 3261 §25.1).
fn unescaped(quoted: &str) -> String {
    let mut escaped = false;
    quoted
        .chars()
        .filter(|c| {
            escaped = *c == '\\' && !escaped;
            !escaped
        })
        .collect()
}

fn end_of_quote(quoted: &str) -> Option<usize> {
    let mut escaped = false;
    quoted.char_indices().find_map(|(at, c)| {
        let literal = std::mem::take(&mut escaped);
        escaped = c == '\\' && !literal;
        (c == '"' && !literal).then_some(at + 1)
    })
}

/// User part without its parameters, and host. A tel URI has only a user part.
fn user_and_host(uri: &str) -> (&str, &str) {
    let Some((scheme, rest)) = uri.split_once(':') else { return ("", "") };
    if scheme.eq_ignore_ascii_case("tel") {
        return (rest.split(';').next().unwrap_or(rest), "");
    }
    let (user, host) = rest.rsplit_once('@').unwrap_or(("", rest));
    let host = host.split([';', '?', ':']).next().unwrap_or(host);
    (user.split([';', ':']).next().unwrap_or(user), host)
}

fn number_in(uri: &str, country_code: Option<&str>) -> Option<E164> {
    let (user, _) = user_and_host(uri);
    let user = user.replace("%2B", "+").replace("%2b", "+");
    // RFC 3966 §5.1.5: a local number with a global context is a global number in two pieces.
    let context = uri.split(';').filter_map(|part| part.split_once('=')).find_map(|(name, value)| {
        (name.eq_ignore_ascii_case("phone-context") && value.starts_with('+')).then_some(value)
    });
    match context {
        Some(context) if !user.starts_with('+') => E164::parse(&format!("{context}{user}"), None).ok(),
        _ => E164::parse(&user, country_code).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn caller(headers: &[(&str, &str)]) -> (Option<String>, bool) {
        let id = CallerId::from_headers(headers.iter().copied(), Some("49"));
        (id.number.map(|number| number.digits().to_owned()), id.withheld)
    }

    fn number(digits: &str) -> (Option<String>, bool) {
        (Some(digits.to_owned()), false)
    }

    #[test]
    fn a_number_is_found_in_every_form_of_from() {
        for from in [
            "<sip:+4930901820@pbx.example>;tag=1",
            "sip:030901820@pbx.example;tag=1",
            "\"O'Hara, \\\"Kim\\\" <x>\" <sip:030901820@pbx.example;user=phone>;tag=1",
            "Kim <sip:+4930901820;npdi;rn=1@pbx.example:5070>;tag=1",
            "<tel:+49-30-901820>;tag=1",
            "<tel:901820;phone-context=+4930>;tag=1",
            "<sips:%2B4930901820@pbx.example>",
        ] {
            assert_eq!(caller(&[("From", from)]), number("+4930901820"), "{from}");
        }
    }

    #[test]
    fn the_asserted_identity_wins_over_from() {
        let from = ("From", "<sip:100@pbx.example>;tag=1");
        let asserted = ("P-Asserted-Identity", "\"Doe, J\" <sip:reception@pbx.example>, <tel:+4930901820>");
        assert_eq!(caller(&[from, asserted]), number("+4930901820"));
    }

    #[test]
    fn an_extension_is_neither_a_number_nor_withheld() {
        assert_eq!(caller(&[("From", "<sip:alice@pbx.example>;tag=1")]), (None, false));
        assert_eq!(caller(&[("From", "<sip:101@pbx.example>;tag=1")]), (None, false));
        assert_eq!(caller(&[]), (None, false));
    }

    #[test]
    fn a_caller_who_asks_for_privacy_has_no_number() {
        let asserted = ("P-Asserted-Identity", "<tel:+4930901820>");
        for headers in [
            [("From", "\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=1"), ("To", "x")],
            [("From", "<sip:anonymous@pbx.example>;tag=1"), asserted],
            [("From", "<sip:+4930901820@pbx.example>;tag=1"), ("Privacy", "critical; id")],
            [asserted, ("privacy", "header")],
        ] {
            assert_eq!(caller(&headers), (None, true), "{headers:?}");
        }
        assert_eq!(caller(&[asserted, ("Privacy", "none")]), number("+4930901820"));
    }

    proptest! {
        #[test]
        fn no_header_brings_it_down(from in "\\PC{0,60}", asserted in "[\"<>\\\\,;:@a-z0-9+%=]{0,60}") {
            caller(&[("From", &from), ("P-Asserted-Identity", &asserted)]);
        }
    }

    #[test]
    fn a_display_name_is_read_however_it_is_written_and_a_number_is_none() {
        for (from, expected) in [
            ("\"Jürgen \\\"J\\\" Müller\" <sip:+4930901820@pbx>;tag=1", Some("Jürgen \"J\" Müller")),
            ("Kim Example <sip:+4930901820@pbx>", Some("Kim Example")),
            ("\"+49 30 901820\" <sip:+4930901820@pbx>", None),
            ("\" \" <sip:kim@pbx>", None),
            ("sip:+4930901820@pbx;tag=1", None),
            ("\"Anonymous\" <sip:anonymous@anonymous.invalid>", None),
        ] {
            let caller = CallerId::from_headers([("From", from)].into_iter(), None);
            assert_eq!(caller.name.as_ref().map(|name| name.expose().as_str()), expected, "{from}");
        }
        let asserted = [("From", "\"desk\" <sip:1@pbx>"), ("P-Asserted-Identity", "\"Kim\" <tel:+4930901820>")];
        assert_eq!(CallerId::from_headers(asserted.into_iter(), None).name.unwrap().expose(), "Kim");
        let private = [("From", "\"Kim\" <sip:+4930901820@pbx>"), ("Privacy", "id")];
        assert_eq!(CallerId::from_headers(private.into_iter(), None).name, None);
    }
}
