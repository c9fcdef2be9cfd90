//! What a peer may require of us (RFC 3261 §8.2.2.3).

use super::message::Message;

/// `100rel` (RFC 3262) is met by never sending a 18x, `timer` (RFC 4028) by [`super::timer`], `siprec` (RFC 7866) by
/// answering recorded streams.
const SUPPORTED: [&str; 3] = ["100rel", "timer", "siprec"];

/// The required options that we do not have, as the value of Unsupported; empty when there are none.
pub(super) fn unsupported(request: &Message) -> String {
    let options = request.all("Require").flat_map(|value| value.split(',')).map(str::trim);
    let known = |option: &str| SUPPORTED.iter().any(|ours| option.eq_ignore_ascii_case(ours));
    let missing: Vec<_> = options.filter(|option| !option.is_empty() && !known(option)).collect();
    missing.join(", ")
}
