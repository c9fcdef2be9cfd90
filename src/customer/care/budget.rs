//! Whether a person may be approached now: not with a complaint open or fresh, and not too often.

use super::facts::{Complaint, Standing};
use super::say::ago;
use crate::base::UnixMillis;
use crate::customer::ComplaintState;

pub(super) const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// The period of the budget, in days.
const PERIOD_DAYS: u32 = 30;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Contacts that we begin, at most so many in 30 days.
    pub contacts_per_30_days: u32,
    /// Days between two of them.
    pub quiet_days: u32,
    /// Days for which a complaint that was put right still counts, from when it was made.
    pub fresh_complaint_days: u32,
}

/// Judgements until a shop says otherwise: a letter a fortnight is news, two a week are noise; after a fortnight of a
/// complaint put right, the dish is a memory and not a sore point.
impl Default for Limits {
    fn default() -> Self {
        Self { contacts_per_30_days: 2, quiet_days: 7, fresh_complaint_days: 14 }
    }
}

impl Limits {
    /// How far back a [`Standing`] must look.
    pub fn looks_back_to(&self, now: UnixMillis) -> UnixMillis {
        let days = PERIOD_DAYS.max(self.quiet_days).max(self.fresh_complaint_days);
        UnixMillis(now.0.saturating_sub(i64::from(days) * DAY_MS))
    }
}

/// Why somebody is not to be approached now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Veto {
    /// A sentence for us, the weightiest reason of those there are.
    pub reason: String,
    /// From when on none of the reasons holds, if nothing else happens. `None`: as long as a complaint is open, or the
    /// budget is none.
    pub until: Option<UnixMillis>,
}

/// Whether we may approach this person, with an offer on the telephone or with a letter.
pub fn may_contact(standing: &Standing, limits: &Limits, now: UnixMillis) -> Result<(), Veto> {
    let days_after = |at: UnixMillis, days: u32| UnixMillis(at.0.saturating_add(i64::from(days) * DAY_MS));
    let newest = |state: ComplaintState| {
        standing.complaints.iter().filter(|complaint| complaint.state == state).max_by_key(|complaint| complaint.at)
    };
    let told = |c: &Complaint| format!("({}, {})", c.channel.as_str(), ago(now, c.at));

    let mut reasons: Vec<(String, Option<UnixMillis>)> = Vec::new();
    if let Some(open) = newest(ComplaintState::Open) {
        reasons.push((format!("A complaint is still open {}.", told(open)), None));
    }
    if let Some(resolved) = newest(ComplaintState::Resolved) {
        let until = days_after(resolved.at, limits.fresh_complaint_days);
        if now < until {
            reasons.push((format!("A complaint was put right only lately {}.", told(resolved)), Some(until)));
        }
    }
    let mut outbound = standing.outbound.clone();
    outbound.sort_unstable_by(|a, b| b.cmp(a));
    let most = limits.contacts_per_30_days;
    // When the budget is full, the contact that must grow old first is the last that fits into it.
    let filling = (most as usize).checked_sub(1).map(|last| outbound.get(last).copied());
    match filling {
        None => reasons.push(("This shop contacts nobody unasked.".to_owned(), None)),
        Some(Some(at)) if now < days_after(at, PERIOD_DAYS) => {
            let reason = format!("Contacted {} in the last {PERIOD_DAYS} days; more would be too many.", times(most));
            reasons.push((reason, Some(days_after(at, PERIOD_DAYS))));
        }
        Some(_) => {}
    }
    if let Some(last) = outbound.first() {
        let until = days_after(*last, limits.quiet_days);
        if now < until {
            let reason = format!("Contacted {}; then {} days are quiet.", ago(now, *last), limits.quiet_days);
            reasons.push((reason, Some(until)));
        }
    }
    let until = reasons.iter().map(|(_, until)| *until).collect::<Option<Vec<_>>>();
    let until = until.and_then(|until| until.into_iter().max());
    match reasons.into_iter().next() {
        None => Ok(()),
        Some((reason, _)) => Err(Veto { reason, until }),
    }
}

fn times(count: u32) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        count => format!("{count} times"),
    }
}
