//! The same request by two ways (RFC 3261 §8.2.2.2): a proxy has forked it, and both branches lead here. One call is one card.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, Instant};

use super::message::Message;

/// New calls of the last while. `K` is what tells one transaction from another.
pub(super) struct Merged<K> {
    calls: HashMap<u64, K>,
    ages: VecDeque<(Instant, u64)>,
}

/// How long a transaction lives at most: RFC 3261 timer H, and what it takes to answer.
const LIFE: Duration = Duration::from_secs(40);
/// The rate of admission times their life; beyond it the oldest is forgotten. 8 MB.
const MAX_CALLS: usize = 40_000;

impl<K: Clone> Merged<K> {
    pub(super) fn new() -> Self {
        Self { calls: HashMap::new(), ages: VecDeque::new() }
    }

    /// The transaction in which this very INVITE has come before, if any.
    pub(super) fn earlier(&self, invite: &Message) -> Option<K> {
        self.calls.get(&identity(invite)?).cloned()
    }

    pub(super) fn note(&mut self, now: Instant, invite: &Message, transaction: K) {
        let Some(identity) = identity(invite) else { return };
        while let Some((at, oldest)) = self.ages.front().copied() {
            if now.saturating_duration_since(at) <= LIFE && self.ages.len() < MAX_CALLS {
                break;
            }
            self.ages.pop_front();
            self.calls.remove(&oldest);
        }
        if self.calls.insert(identity, transaction).is_none() {
            self.ages.push_back((now, identity));
        }
    }
}

/// From tag, Call-ID and CSeq: alike in all branches of one request.
fn identity(invite: &Message) -> Option<u64> {
    let mut hasher = DefaultHasher::new();
    (invite.header("Call-ID")?, invite.tag("From")?, invite.cseq()?).hash(&mut hasher);
    Some(hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock;
    use crate::sip::message::read_datagram;

    fn invite(call: usize, cseq: u32) -> Message {
        let text = format!(
            "INVITE sip:a@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK1\r\nFrom: <sip:b@x>;tag=1\r\n\
             To: <sip:a@y>\r\nCall-ID: {call}\r\nCSeq: {cseq} INVITE\r\n\r\n"
        );
        read_datagram(text.as_bytes()).unwrap().message
    }

    #[test]
    fn a_call_is_known_by_what_all_branches_share_and_for_a_while() {
        let (mut merged, now) = (Merged::new(), clock::now());
        merged.note(now, &invite(1, 1), "first");
        assert_eq!(merged.earlier(&invite(1, 1)), Some("first"));
        assert_eq!(merged.earlier(&invite(1, 2)), None, "tried again after a refusal");
        assert_eq!(merged.earlier(&invite(2, 1)), None);
        merged.note(now + LIFE * 2, &invite(2, 1), "second");
        assert_eq!(merged.earlier(&invite(1, 1)), None);
    }

    #[test]
    fn a_flood_fills_no_more_than_the_table() {
        let (mut merged, now) = (Merged::new(), clock::now());
        for call in 0..MAX_CALLS + 100 {
            merged.note(now, &invite(call, 1), call);
        }
        assert!(merged.calls.len() <= MAX_CALLS && merged.ages.len() <= MAX_CALLS);
        assert_eq!(merged.earlier(&invite(MAX_CALLS, 1)), Some(MAX_CALLS));
    }
}
