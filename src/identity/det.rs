//! Misses against false alarms (DET) of the trials that agents have labelled, at every threshold that could be set: what the
//! scores could do, where [`super::Figures`] say what the card did.
//!
//! Intervals count trials. Trials of one caller are alike, so with few callers the truth lies in wider ones: that is why
//! the number of callers stands beside them.

use std::collections::BTreeSet;

use crate::voice::site::LEAST_TRIALS;
use crate::voice::{Calibration, Trials};

use super::accuracy::wilson;
use super::{JudgedCall, Rate};

/// Of calls with speech enough for a name, as the rates are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Det {
    /// Comparisons with the caller's own print, and with another's.
    pub targets: u32,
    pub nontargets: u32,
    /// Different callers behind the first.
    pub callers: u32,
    /// Cost of the likelihood ratios in bits: 1 is what silence costs.
    pub cllr: Option<f64>,
    /// (false alarms, misses), 0 to 1, the strictest threshold first. This and what follows is empty below [`Det::LEAST`] of
    /// either kind.
    pub curve: Vec<(f64, f64)>,
    /// Equal error rate, and where it may lie with 95 % confidence.
    pub eer: Option<(f64, [f64; 2])>,
    /// At each of [`FALSE_ALARMS`]; `None` with too few trials to tell such a rate from none.
    pub misses: [Option<Rate>; FALSE_ALARMS.len()],
}

pub const FALSE_ALARMS: [f64; 3] = [0.01, 0.05, 0.1];

/// The rule of three (Hanley and Lippman-Hand, JAMA 249, 1983): without any error among n trials, a rate of up to 3/n is
/// possible. With fewer than that for a rate of false alarms, a threshold for it is drawn by chance.
const RULE_OF_THREE: f64 = 3.0;
/// Points nearer than this on the scale of normal deviates are one: a third of a line's width on a screen, and at most
/// some 400 points from one in a thousand to 999 in a thousand.
const NEAR: f64 = 0.03;

impl Det {
    /// Trials of each kind below which they are only counted.
    pub const LEAST: u32 = LEAST_TRIALS as u32;

    pub fn of<'a>(calls: impl IntoIterator<Item = &'a JudgedCall>, calibration: &Calibration) -> Self {
        let (mut trials, mut callers) = (Trials::default(), BTreeSet::new());
        for call in calls.into_iter().filter(|call| !call.is_too_early()) {
            for trial in &call.trials {
                let llr = calibration.llr(trial.score, call.quality).0;
                if call.is_target(trial) {
                    trials.targets.push(llr);
                    callers.insert(&trial.customer);
                } else {
                    trials.nontargets.push(llr);
                }
            }
        }
        let [targets, nontargets, callers] =
            [trials.targets.len(), trials.nontargets.len(), callers.len()].map(|n| n.try_into().unwrap_or(u32::MAX));
        let counted = Self { targets, nontargets, callers, cllr: trials.cllr(), ..Self::default() };
        if targets.min(nontargets) < Self::LEAST {
            return counted;
        }
        let missed_at = |false_alarm: f64| {
            let errors =
                trials.missed_at(false_alarm).filter(|_| f64::from(nontargets) * false_alarm >= RULE_OF_THREE)?;
            Some(Rate { errors: errors.try_into().ok()?, of: targets })
        };
        Self {
            curve: thinned(trials.det().into_iter().rev()),
            // Known no better than by the rarer kind.
            eer: trials.eer().map(|eer| (eer, wilson(eer, targets.min(nontargets)))),
            misses: FALSE_ALARMS.map(missed_at),
            ..counted
        }
    }
}

/// The ends, and in between what can be told apart on a drawing.
fn thinned(curve: impl Iterator<Item = (f64, f64)>) -> Vec<(f64, f64)> {
    use crate::voice::metrics::normal_deviate as deviate;
    let mut kept: Vec<(f64, f64)> = Vec::new();
    let mut last = None;
    for (false_alarm, miss) in curve {
        let near = kept.last().is_some_and(|(x, y)| {
            (deviate(*x) - deviate(false_alarm)).abs() < NEAR && (deviate(*y) - deviate(miss)).abs() < NEAR
        });
        last = near.then_some((false_alarm, miss));
        if !near {
            kept.push((false_alarm, miss));
        }
    }
    kept.extend(last);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::State;
    use crate::identity::accuracy::tests::{calibration, call};

    /// Targets at 0.01, 0.02 ... and nontargets at 0, -0.01 ..., but for `wrong` of the latter that score above them all.
    fn calls(targets: u32, nontargets: u32, wrong: u32) -> Vec<JudgedCall> {
        let searched = |score: f32, truth| {
            let mut call = call(State::Probably, None, truth, &["anna"]);
            call.trials[0].score.0 = score;
            call
        };
        let own = (1..=targets).map(|n| searched(n as f32 / 1000.0, Some("anna")));
        let others = (0..nontargets).map(|n| searched(if n < wrong { 0.9 } else { -(n as f32) / 1000.0 }, None));
        own.chain(others).collect()
    }

    #[test]
    fn misses_are_told_at_each_rate_of_false_alarms_that_so_many_trials_can_show() {
        // Three of 100 others score above everyone: to let one in a hundred pass, everyone is missed.
        let det = Det::of(&calls(50, 100, 3), &calibration());
        assert_eq!((det.targets, det.nontargets, det.callers), (50, 100, 1));
        assert_eq!(det.misses, [None, Some(Rate { errors: 0, of: 50 }), Some(Rate { errors: 0, of: 50 })]);
        let det = Det::of(&calls(50, 300, 9), &calibration());
        assert_eq!(det.misses[0], Some(Rate { errors: 50, of: 50 }));
        let (eer, [low, high]) = det.eer.unwrap();
        assert!((eer - 0.03).abs() < 1e-9 && low < eer && high > 0.1, "{eer} {low} {high}");
    }

    #[test]
    fn with_too_few_trials_of_either_kind_they_are_counted_and_nothing_is_said() {
        for (targets, nontargets) in [(39, 400), (400, 39), (0, 0)] {
            let det = Det::of(&calls(targets, nontargets, 0), &calibration());
            assert_eq!((det.targets, det.nontargets), (targets, nontargets));
            assert!(det.curve.is_empty() && det.eer.is_none() && det.misses == [None; 3]);
        }
    }

    #[test]
    fn a_curve_of_thousands_is_thinned_and_keeps_its_ends() {
        let det = Det::of(&calls(4000, 4000, 400), &calibration());
        assert!((20..500).contains(&det.curve.len()), "{}", det.curve.len());
        assert_eq!((det.curve.first(), det.curve.last()), (Some(&(0.0, 1.0)), Some(&(1.0, 0.0))));
        assert!(det.curve.is_sorted_by(|a, b| a.0 <= b.0 && a.1 >= b.1));
    }

    #[test]
    fn calls_without_speech_enough_are_left_out_as_they_are_of_the_rates() {
        let mut early = calls(50, 50, 0);
        early.iter_mut().for_each(|call| call.quality.net_speech_ms = 1_600);
        assert_eq!(Det::of(&early, &calibration()), Det::default());
    }
}
