//! The decision: whether anything may be offered, and the one thing to say.

use super::budget::{Limits, Veto, may_contact};
use super::facts::Facts;
use super::read::Rules;
use super::say::filled;
use crate::base::{Pii, UnixMillis};

/// The next kind thing.
#[derive(Clone, Debug, PartialEq)]
pub struct Advice {
    /// At most twelve words. It may speak of an allergy.
    pub text: Pii<String>,
    /// One sentence from the books.
    pub reason: Pii<String>,
    /// Of the rule that said it.
    pub rule: String,
}

/// The veto on every pitch, if there is one, and of the rules that fit the first that may speak. Mostly there is none: no advice is
/// better than noise.
pub fn decide(facts: &Facts, rules: &Rules, limits: &Limits, now: UnixMillis) -> (Option<Veto>, Option<Advice>) {
    let veto = may_contact(&facts.standing, limits, now).err();
    let advice = rules.iter().filter(|rule| !rule.pitch || veto.is_none()).find_map(|rule| {
        let values = rule.fits(facts, limits.fresh_complaint_days, now)?;
        Some(Advice {
            text: Pii::new(filled(&rule.say, &values)),
            reason: Pii::new(filled(&rule.why, &values)),
            rule: rule.id.clone(),
        })
    });
    (veto, advice)
}
