//! What a shop's own calls say of the calibration that came with the model: a straight line through its likelihood ratios.
//!
//! Two numbers are all that some hundred judged calls can teach (Brümmer and du Preez, 2006, §5): how much a ratio is
//! overstated, and by how much all are too high. Where there are few calls, the line stays near the one that changes nothing.

use serde::{Deserialize, Serialize};

use super::Llr;

/// llr' = offset + scale * llr.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteCalibration {
    pub scale: f64,
    pub offset: f64,
}

/// A likelihood ratio as the model's own calibration has it, and whether it was the same person.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LabelledLlr {
    pub llr: Llr,
    pub target: bool,
}

/// Trials of each kind below which nothing is fitted: with 40, a line is known to about a third of its slope.
pub const LEAST_TRIALS: usize = 40;

/// How far the line is expected to lie from 1 and 0 before anything is known: another city's telephones move a scale by a
/// quarter and an offset by a factor of three in the ratio.
const SCALE_SPREAD: f64 = 0.25;
const OFFSET_SPREAD: f64 = 1.1;
/// It converges in about six.
const NEWTON_STEPS: usize = 20;
/// Where ratios claim far too much, nearly all lie where the cost is a straight line and a whole step leads far away:
/// it is halved until the cost falls. A thousandth of a step changes nothing that anybody sees.
const HALVINGS: usize = 10;

impl Default for SiteCalibration {
    /// Changes nothing.
    fn default() -> Self {
        Self { scale: 1.0, offset: 0.0 }
    }
}

impl SiteCalibration {
    /// The likeliest line; both kinds of trials count as one half, as the model's own fit has it. `None` below
    /// [`LEAST_TRIALS`] of either kind.
    pub fn fit(trials: &[LabelledLlr]) -> Option<Self> {
        let targets = trials.iter().filter(|trial| trial.target).count();
        let nontargets = trials.len() - targets;
        let fewer = targets.min(nontargets);
        if fewer < LEAST_TRIALS {
            return None;
        }
        // What is rarer says how much is known.
        let weight = |target: bool| fewer as f64 / if target { targets } else { nontargets } as f64;
        let mut line = Self::default();
        for _ in 0..NEWTON_STEPS {
            let mut gradient = [(1.0 - line.scale) / SCALE_SPREAD.powi(2), -line.offset / OFFSET_SPREAD.powi(2)];
            let mut curvature = [SCALE_SPREAD.powi(-2), 0.0, OFFSET_SPREAD.powi(-2)];
            for trial in trials {
                let x = f64::from(trial.llr.0);
                let chance = 1.0 / (1.0 + (-(line.offset + line.scale * x)).exp());
                let surprise = weight(trial.target) * (f64::from(u8::from(trial.target)) - chance);
                let width = weight(trial.target) * chance * (1.0 - chance);
                gradient[0] += surprise * x;
                gradient[1] += surprise;
                curvature[0] += width * x * x;
                curvature[1] += width * x;
                curvature[2] += width;
            }
            let [a, b, c] = curvature;
            let determinant = a * c - b * b;
            let step =
                [c * gradient[0] - b * gradient[1], a * gradient[1] - b * gradient[0]].map(|by| by / determinant);
            let before = line.surprise(trials, weight);
            let tried = (0..HALVINGS as i32).map(|n| line.moved(step.map(|by| by * 0.5f64.powi(n))));
            let Some(better) = tried.into_iter().find(|moved| moved.surprise(trials, weight) < before) else { break };
            line = better;
        }
        // A line that turns "same" into "different" is no calibration.
        (line.scale > 0.0 && line.offset.is_finite()).then_some(line)
    }

    /// How unlikely the labels are under this line, and the line itself, in nats; less is better.
    fn surprise(self, trials: &[LabelledLlr], weight: impl Fn(bool) -> f64) -> f64 {
        let of = |trial: &LabelledLlr| {
            let x = self.offset + self.scale * f64::from(trial.llr.0);
            let against = if trial.target { -x } else { x };
            weight(trial.target) * (against.max(0.0) + (-against.abs()).exp().ln_1p())
        };
        let own = ((1.0 - self.scale) / SCALE_SPREAD).powi(2) + (self.offset / OFFSET_SPREAD).powi(2);
        own / 2.0 + trials.iter().map(of).sum::<f64>()
    }

    fn moved(self, [scale, offset]: [f64; 2]) -> Self {
        Self { scale: self.scale + scale, offset: self.offset + offset }
    }

    /// That of the model's own calibration.
    pub fn changes_nothing(self) -> bool {
        self == Self::default()
    }

    pub fn apply(self, Llr(llr): Llr) -> Llr {
        Llr((self.offset + self.scale * f64::from(llr)) as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Trials whose true ratios are `truth` of the stated ones: of those at a ratio of r, r in r + 1 are of one person.
    fn trials(of_each: usize, truth: SiteCalibration) -> Vec<LabelledLlr> {
        let stated = (-12..=12).map(|n| Llr(n as f32 / 3.0));
        stated
            .flat_map(|llr| {
                let ratio = f64::from(truth.apply(llr).0).exp();
                let same = (of_each as f64 * ratio / (ratio + 1.0)).round() as usize;
                (0..of_each).map(move |n| LabelledLlr { llr, target: n < same })
            })
            .collect()
    }

    #[test]
    fn many_trials_show_by_how_much_ratios_are_overstated() {
        let truth = SiteCalibration { scale: 0.6, offset: -0.8 };
        let fitted = SiteCalibration::fit(&trials(2_000, truth)).unwrap();
        // Both kinds count alike, so what is fitted is free of how many there were of each.
        let prior = {
            let all = trials(2_000, truth);
            let same = all.iter().filter(|trial| trial.target).count() as f64;
            (same / (all.len() as f64 - same)).ln()
        };
        assert!((fitted.scale - truth.scale).abs() < 0.02, "{fitted:?}");
        assert!((fitted.offset - (truth.offset - prior)).abs() < 0.05, "{fitted:?} {prior}");
    }

    #[test]
    fn right_ratios_stay_as_they_are_and_few_trials_move_little() {
        let right = SiteCalibration::fit(&trials(200, SiteCalibration::default())).unwrap();
        assert!((right.scale - 1.0).abs() < 0.02 && right.offset.abs() < 0.02, "{right:?}");
        let truth = SiteCalibration { scale: 0.3, offset: 0.0 };
        let [few, many] = [4, 400].map(|n| SiteCalibration::fit(&trials(n, truth)).unwrap().scale);
        assert!(many < 0.32 && few > many && few < 1.0, "{few} {many}");
    }

    /// Of two in three the label is as claimed, at ratios of a hundred to one: they are worth two to one.
    #[test]
    fn ratios_that_claim_far_too_much_are_brought_down_to_what_they_are_worth() {
        let labelled = |n: usize| LabelledLlr {
            llr: Llr(if n.is_multiple_of(2) { 4.6 } else { -4.6 }),
            target: n.is_multiple_of(2) != n.is_multiple_of(3),
        };
        let line = SiteCalibration::fit(&(0..6_000).map(labelled).collect::<Vec<_>>()).unwrap();
        assert!((line.scale - 2f64.ln() / 4.6).abs() < 0.01 && line.offset.abs() < 0.01, "{line:?}");
    }

    #[test]
    fn too_few_trials_of_one_kind_are_no_reason_to_change_anything() {
        let one_kind = vec![LabelledLlr { llr: Llr(1.0), target: true }; 10 * LEAST_TRIALS];
        assert_eq!(SiteCalibration::fit(&one_kind), None);
        assert_eq!(SiteCalibration::fit(&[]), None);
    }

    #[test]
    fn trials_without_any_error_give_a_line_that_is_finite() {
        let told_apart: Vec<_> = (0..200)
            .map(|n| LabelledLlr { llr: Llr(if n % 2 == 0 { 5.0 } else { -5.0 }), target: n % 2 == 0 })
            .collect();
        let line = SiteCalibration::fit(&told_apart).unwrap();
        assert!(line.scale > 1.0 && line.scale < 3.0, "{line:?}");
    }
}
