//! Calls that were announced over HTTP and have not yet come over AudioSocket, which can say nothing but a UUID.
//!
//! Only who holds the token may announce, and an announcement serves one connection: that is AudioSocket's admission.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::audiosocket::Uuid;
use super::dialect::Start;

/// Knows no clock: it is told the time.
#[derive(Default)]
pub struct Announced {
    calls: HashMap<Uuid, (Start, Instant)>,
}

/// How long an announcement waits for its connection: a dialplan connects a call at once, even where a phone has to be
/// picked up first.
const ANNOUNCED_FOR: Duration = Duration::from_secs(60);
/// As many as can be announced and not yet connected; about 200 bytes each.
const MAX_ANNOUNCED: usize = 4096;

impl Announced {
    /// `false`: there is no room. The same UUID again replaces what was said before.
    pub fn announce(&mut self, now: Instant, uuid: Uuid, start: Start) -> bool {
        if self.calls.len() >= MAX_ANNOUNCED && !self.calls.contains_key(&uuid) {
            self.calls.retain(|_, (_, until)| *until > now);
            if self.calls.len() >= MAX_ANNOUNCED {
                return false;
            }
        }
        self.calls.insert(uuid, (start, now + ANNOUNCED_FOR));
        true
    }

    /// The announcement of a call, once.
    pub fn take(&mut self, now: Instant, uuid: &Uuid) -> Option<Start> {
        self.calls.remove(uuid).filter(|(_, until)| *until > now).map(|(start, _)| start)
    }
}

#[cfg(test)]
mod tests {
    use super::super::asked::Asked;
    use super::*;
    use crate::base::clock;

    fn start() -> Start {
        Asked::new("from=+4930901820&line=pizza", None).start(None, None)
    }

    fn uuid(number: usize) -> Uuid {
        (number as u128).to_be_bytes()
    }

    #[test]
    fn an_announcement_serves_one_connection_within_its_time() {
        let (mut announced, now) = (Announced::default(), clock::now());
        assert!(announced.announce(now, uuid(1), start()) && announced.announce(now, uuid(2), start()));
        assert_eq!(announced.take(now, &uuid(1)), Some(start()));
        assert_eq!(announced.take(now, &uuid(1)), None, "twice");
        assert_eq!(announced.take(now + ANNOUNCED_FOR, &uuid(2)), None, "too late");
        assert_eq!(announced.take(now, &uuid(3)), None);
    }

    #[test]
    fn announcements_are_bounded_and_old_ones_make_room() {
        let (mut announced, now) = (Announced::default(), clock::now());
        assert!((0..MAX_ANNOUNCED).all(|number| announced.announce(now, uuid(number), start())));
        assert!(!announced.announce(now, uuid(MAX_ANNOUNCED), start()));
        assert!(announced.announce(now, uuid(0), start()), "what is there may be replaced");
        let later = now + ANNOUNCED_FOR + Duration::from_secs(1);
        assert!(announced.announce(later, uuid(MAX_ANNOUNCED), start()));
    }
}
