//! What a fit to the shop's own calls would change of the stated chances, and whether that would be better.

use std::collections::BTreeSet;

use crate::voice::site::LEAST_TRIALS;
use crate::voice::{Calibration, LabelledLlr, SiteCalibration, Trials};

use super::JudgedCall;

/// What there is to fit on, and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Refit {
    pub targets: u32,
    pub nontargets: u32,
    /// Different people whose prints were compared.
    pub people: u32,
    /// `None` with fewer than [`LEAST_TRIALS`] of either kind or [`LEAST_PEOPLE`].
    pub fit: Option<Fit>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    pub now: SiteCalibration,
    pub then: SiteCalibration,
    pub cllr_now: f64,
    /// On people whom the fit had not seen.
    pub cllr_then: f64,
}

/// Callers and enrolled people whom a fit must have heard: with fewer, it learns them and not the telephones.
pub const LEAST_PEOPLE: u32 = 20;
/// Parts into which people are divided to try a fit on those whom it has not seen.
const FOLDS: u64 = 5;

/// A ratio of the model's own calibration, and whose print it was.
type Trial<'a> = (&'a str, LabelledLlr);

impl Refit {
    /// `calibration` with the line that would give way.
    pub fn of(calls: &[JudgedCall], calibration: &Calibration) -> Self {
        // Fitted on the model's own ratios, so that one fit does not build upon another.
        let own = Calibration { site: SiteCalibration::default(), ..calibration.clone() };
        let trials: Vec<Trial> = calls.iter().flat_map(|call| labelled(call, &own)).collect();
        let people = trials.iter().map(|(who, _)| *who).collect::<BTreeSet<_>>().len();
        let targets = trials.iter().filter(|(_, trial)| trial.target).count();
        let [targets, nontargets, people] =
            [targets, trials.len() - targets, people].map(|n| n.try_into().unwrap_or(u32::MAX));
        let fit = || Fit::of(&trials, calibration.site);
        Self { targets, nontargets, people, fit: (people >= LEAST_PEOPLE).then(fit).flatten() }
    }

    /// How many more trials of one person, of two, and people there must be.
    pub fn missing(&self) -> [u32; 3] {
        let least = LEAST_TRIALS as u32;
        [(least, self.targets), (least, self.nontargets), (LEAST_PEOPLE, self.people)]
            .map(|(least, have)| least.saturating_sub(have))
    }
}

impl Fit {
    fn of(trials: &[Trial], now: SiteCalibration) -> Option<Self> {
        let all: Vec<LabelledLlr> = trials.iter().map(|(_, trial)| *trial).collect();
        let then = SiteCalibration::fit(&all)?;
        Some(Self { now, then, cllr_now: cost(through(now, &all))?, cllr_then: cost(unseen(trials))? })
    }

    /// Whether it is worth taking up.
    pub fn is_better(&self) -> bool {
        self.cllr_then < self.cllr_now
    }
}

fn labelled<'a>(call: &'a JudgedCall, own: &Calibration) -> impl Iterator<Item = Trial<'a>> {
    call.trials.iter().map(move |trial| {
        let llr = own.llr(trial.score, call.quality);
        (trial.customer.as_str(), LabelledLlr { llr, target: call.is_target(trial) })
    })
}

fn through(line: SiteCalibration, trials: &[LabelledLlr]) -> Vec<LabelledLlr> {
    trials.iter().map(|trial| LabelledLlr { llr: line.apply(trial.llr), ..*trial }).collect()
}

/// Every trial through a line that was fitted on other people.
fn unseen(trials: &[Trial]) -> Vec<LabelledLlr> {
    let part = |who: &str| who.bytes().fold(0u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into())) % FOLDS;
    let of = |keep: &dyn Fn(u64) -> bool| -> Vec<LabelledLlr> {
        trials.iter().filter(|(who, _)| keep(part(who))).map(|(_, trial)| *trial).collect()
    };
    (0..FOLDS)
        .flat_map(|left_out| {
            let line = SiteCalibration::fit(&of(&|part| part != left_out)).unwrap_or_default();
            through(line, &of(&|part| part == left_out))
        })
        .collect()
}

fn cost(trials: Vec<LabelledLlr>) -> Option<f64> {
    let of = |target| trials.iter().filter(|trial| trial.target == target).map(|trial| trial.llr.0).collect();
    Trials { targets: of(true), nontargets: of(false) }.cllr()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::State;
    use crate::identity::accuracy::tests::{calibration, call};

    /// Calls of `people` customers, each compared with their own print and the next one's; every third time the scores are
    /// the wrong way round, so that ratios claim far more than they know.
    fn calls(people: usize, each: usize) -> Vec<JudgedCall> {
        let names: Vec<String> = (0..people).map(|n| format!("c-{n}")).collect();
        (0..people * each)
            .map(|n| {
                let (own, other) = (&names[n % people], &names[(n + 1) % people]);
                let mut call = call(State::Probably, None, Some(own), &[own, other]);
                let swapped = (n / people).is_multiple_of(3);
                call.trials[usize::from(swapped)].score.0 = 0.9;
                call.trials[usize::from(!swapped)].score.0 = -0.9;
                call
            })
            .collect()
    }

    #[test]
    fn ratios_that_claim_too_much_are_toned_down_and_that_is_better_for_people_not_seen() {
        let refit = Refit::of(&calls(20, 6), &calibration());
        let fit = refit.fit.unwrap();
        assert!(fit.then.scale < 0.7 && fit.is_better() && fit.cllr_now > 1.0, "{fit:?}");
        assert_eq!((fit.now, refit.targets, refit.people), (SiteCalibration::default(), 120, 20));
        // With that line in force there is nothing more to gain, and it is still fitted on the model's own ratios.
        let again = Refit::of(&calls(20, 6), &Calibration { site: fit.then, ..calibration() }).fit.unwrap();
        assert_eq!((again.then, again.now), (fit.then, fit.then));
        assert!(!again.is_better(), "{again:?}");
    }

    #[test]
    fn what_is_missing_is_counted() {
        let few = Refit::of(&calls(19, 1), &calibration());
        assert_eq!((few.missing(), few.fit), ([21, 21, 1], None));
        let one_household = Refit::of(&calls(19, 10), &calibration());
        assert_eq!((one_household.missing(), one_household.fit), ([0, 0, 1], None));
        assert_eq!(Refit::of(&calls(20, 2), &calibration()).missing(), [0; 3]);
    }
}
