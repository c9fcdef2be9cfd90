//! Session timers (RFC 4028) for one who never refreshes: the peer does, or the session ends.

use std::time::{Duration, Instant};

/// RFC 4028 §4: no interval is shorter. A new call that asks for less is told so with 422; within a call, where a refusal
/// could end it, the interval is taken as this.
pub const MIN_INTERVAL_S: u32 = 90;
/// RFC 4028 §10: the session ends a third of its interval early, and never more than this.
const EARLY: Duration = Duration::from_secs(32);

/// The session's clock. Knows no time: it is told.
#[derive(Clone, Copy, Debug, Default)]
pub struct SessionTimer {
    interval_s: Option<u32>,
    ends: Option<Instant>,
}

/// What a request says of session timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Wish {
    interval_s: u32,
    /// `refresher=uas` asks it of us.
    of_us: bool,
    /// The one who asks can refresh by itself; else a proxy on the way has asked.
    supported: bool,
}

impl SessionTimer {
    /// After our 2xx to an INVITE or UPDATE that had these headers: (full name, value). RFC 4028 §9, table 2, as far as it
    /// leaves the refreshing to the peer. Where it would make us the refresher, the session has no timer.
    pub fn restart<'a>(&mut self, now: Instant, request: impl Iterator<Item = (&'a str, &'a str)>) {
        let wish = Wish::read(request).filter(|wish| wish.supported && !wish.of_us);
        self.interval_s = wish.map(|wish| wish.interval_s);
        self.ends = wish.map(|wish| {
            let interval = Duration::from_secs(wish.interval_s.max(MIN_INTERVAL_S).into());
            now + interval - EARLY.min(interval / 3)
        });
    }

    /// When the session ends unless it is refreshed.
    pub fn ends(&self) -> Option<Instant> {
        self.ends
    }

    /// Headers of the 2xx: (name, value).
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        let interval =
            |s: u32| vec![("Session-Expires", format!("{s};refresher=uac")), ("Require", "timer".to_owned())];
        self.interval_s.map(interval).unwrap_or_default()
    }
}

/// Whether a new call must be refused with 422. One that a proxy has timed, for a caller who knows nothing of it, is not:
/// that caller could not ask again.
pub fn is_too_short<'a>(request: impl Iterator<Item = (&'a str, &'a str)>) -> bool {
    Wish::read(request).is_some_and(|wish| wish.supported && wish.interval_s < MIN_INTERVAL_S)
}

impl Wish {
    fn read<'a>(headers: impl Iterator<Item = (&'a str, &'a str)>) -> Option<Wish> {
        let (mut asked, mut supported) = (None, false);
        for (name, value) in headers {
            let is = |full: &str, compact: &str| name.eq_ignore_ascii_case(full) || name.eq_ignore_ascii_case(compact);
            if is("Supported", "k") || is("Require", "Require") {
                supported |= value.split(',').any(|option| option.trim().eq_ignore_ascii_case("timer"));
            } else if is("Session-Expires", "x") {
                asked = asked.or(Some(value));
            }
        }
        let mut params = asked?.split(';').map(str::trim);
        let interval_s = params.next()?.parse().ok()?;
        let of_us = params.filter_map(|param| param.split_once('=')).any(|(name, value)| {
            name.trim().eq_ignore_ascii_case("refresher") && value.trim().eq_ignore_ascii_case("uas")
        });
        Some(Wish { interval_s, of_us, supported })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock;

    fn restarted(headers: &[(&'static str, &'static str)]) -> (Option<u64>, Vec<(&'static str, String)>) {
        let (mut timer, now) = (SessionTimer::default(), clock::now());
        timer.restart(now, headers.iter().copied());
        (timer.ends().map(|ends| (ends - now).as_secs()), timer.headers())
    }

    #[test]
    fn the_peer_refreshes_and_the_session_ends_early_enough_to_be_first() {
        for (asked, answered, ends) in [
            ("1800", "1800;refresher=uac", 1768),
            ("1800;refresher=uac", "1800;refresher=uac", 1768),
            ("90 ; Refresher = UAC", "90;refresher=uac", 60),
            // Within a call; taken as 90.
            ("30", "30;refresher=uac", 60),
        ] {
            let (at, headers) = restarted(&[("Supported", "100rel, timer"), ("Session-Expires", asked)]);
            assert_eq!((at, headers[0].1.as_str(), headers[1].1.as_str()), (Some(ends), answered, "timer"), "{asked}");
        }
        assert_eq!(restarted(&[("k", "timer"), ("x", "1800")]).0, Some(1768));
        assert_eq!(restarted(&[("Require", "timer"), ("x", "1800")]).0, Some(1768));
    }

    #[test]
    fn we_are_never_the_refresher() {
        for headers in [
            &[("Supported", "timer"), ("Session-Expires", "1800;refresher=uas")][..],
            &[("Session-Expires", "1800")],
            &[("Supported", "timer")],
            &[("Supported", "timer"), ("Session-Expires", "soon")],
            &[],
        ] {
            assert_eq!(restarted(headers), (None, Vec::new()), "{headers:?}");
        }
    }

    #[test]
    fn a_refresh_starts_the_clock_again_and_one_without_an_interval_stops_it() {
        let (mut timer, now) = (SessionTimer::default(), clock::now());
        let timed = [("Supported", "timer"), ("Session-Expires", "120")];
        timer.restart(now, timed.into_iter());
        let later = now + Duration::from_secs(60);
        timer.restart(later, timed.into_iter());
        assert_eq!(timer.ends(), Some(later + Duration::from_secs(88)));
        timer.restart(later, [("Supported", "timer")].into_iter());
        assert_eq!(timer.ends(), None);
    }

    #[test]
    fn only_a_caller_who_can_ask_again_is_told_that_it_is_too_short() {
        assert!(is_too_short([("Supported", "timer"), ("Session-Expires", "89")].into_iter()));
        assert!(!is_too_short([("Supported", "timer"), ("Session-Expires", "90")].into_iter()));
        assert!(!is_too_short([("Session-Expires", "30")].into_iter()));
    }
}
