//! When to register, and where: the first registrar is home, the others are shelter.

use std::ops::Range;
use std::time::Duration;

/// Knows no clock and no chance.
#[derive(Debug)]
pub(super) struct Plan {
    registrars: usize,
    at: Option<usize>,
    failures: u32,
}

/// What to do after a success.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Next {
    /// Where we were before and are no longer wanted: calls must come once.
    pub(super) leave: Option<usize>,
    pub(super) again_in: Duration,
}

/// While in shelter, home is tried this often.
const HOME_AGAIN: Duration = Duration::from_secs(60);
/// However short the registrar's time is, it is not asked more often.
const LEAST: Duration = Duration::from_secs(5);
/// After everyone has failed: doubled each time from the one to the other. RFC 5626 §4.5 has 30 s and 30 min for crowds of
/// phones; we are one, and callers wait.
const FIRST_RETRY: Duration = Duration::from_secs(4);
const LAST_RETRY: Duration = Duration::from_secs(60);
/// A wrong password does not become right, and PBXs ban those who try too often.
const AFTER_REFUSAL: Duration = Duration::from_secs(600);

impl Plan {
    pub(super) fn new(registrars: usize) -> Self {
        Self { registrars, at: None, failures: 0 }
    }

    /// Whom to ask, one after the other: always home first, so that we come back by ourselves.
    pub(super) fn order(&self) -> Range<usize> {
        0..self.registrars
    }

    pub(super) fn at(&self) -> Option<usize> {
        self.at
    }

    /// `granted`: how long the registrar will know us.
    pub(super) fn registered(&mut self, at: usize, granted: Duration) -> Next {
        self.failures = 0;
        let leave = self.at.replace(at).filter(|before| *before != at);
        // A quarter is left for the next registrar, should this one be silent then.
        let refresh = granted.mul_f32(0.75);
        let again_in = if at == 0 { refresh } else { refresh.min(HOME_AGAIN) };
        Next { leave, again_in: again_in.max(LEAST) }
    }

    /// Everyone has failed; `refused`: with an answer that will not change. `jitter` is from 0 to 1, so that all phones do
    /// not come at once after a power cut.
    pub(super) fn failed(&mut self, refused: bool, jitter: f32) -> Duration {
        self.at = None;
        let doubled = FIRST_RETRY.saturating_mul(1 << self.failures.min(8));
        self.failures += 1;
        let wait = if refused { AFTER_REFUSAL } else { doubled.min(LAST_RETRY) };
        wait.mul_f32(0.5 + 0.5 * jitter.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn a_registration_is_refreshed_before_it_ends() {
        let mut plan = Plan::new(1);
        let next = plan.registered(0, HOUR);
        assert_eq!(next, Next { leave: None, again_in: Duration::from_secs(2700) });
        assert_eq!(plan.registered(0, Duration::from_secs(1)).again_in, LEAST);
    }

    #[test]
    fn home_is_tried_again_soon_and_the_shelter_left_for_it() {
        let mut plan = Plan::new(2);
        plan.registered(0, HOUR);
        let next = plan.registered(1, HOUR);
        assert_eq!(next, Next { leave: Some(0), again_in: HOME_AGAIN });
        assert_eq!(plan.order(), 0..2);
        assert_eq!(plan.registered(0, HOUR).leave, Some(1));
        assert_eq!(plan.at(), Some(0));
    }

    #[test]
    fn failures_are_repeated_at_growing_intervals_and_refusals_seldom() {
        let mut plan = Plan::new(1);
        let waits: Vec<_> = (0..7).map(|_| plan.failed(false, 1.0).as_secs()).collect();
        assert_eq!(waits, [4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(plan.failed(true, 1.0), AFTER_REFUSAL);
        assert_eq!(plan.failed(false, 0.0), LAST_RETRY / 2);
        plan.registered(0, HOUR);
        assert_eq!(plan.failed(false, 1.0), FIRST_RETRY, "a success begins anew");
        assert_eq!(plan.at(), None);
    }
}
