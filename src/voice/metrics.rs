//! Costs of scores and of likelihood ratios (NIST SRE plans define them). How searches end is in `cli/eval/ranking.rs`.

/// Scores of trials by one person and by two.
#[derive(Clone, Debug, Default)]
pub struct Trials {
    pub targets: Vec<f32>,
    pub nontargets: Vec<f32>,
}

/// A threshold's two errors: targets below it, nontargets at or above it.
struct Errors {
    miss: f64,
    false_alarm: f64,
}

impl Trials {
    /// Lowest detection cost over all thresholds with unit costs, divided by that of always answering no
    /// (NIST SRE 2016 evaluation plan §3).
    pub fn min_dcf(&self, target_prior: f64) -> Option<f64> {
        let worst_free = target_prior.min(1.0 - target_prior);
        let cost = |e: &Errors| (target_prior * e.miss + (1.0 - target_prior) * e.false_alarm) / worst_free;
        self.error_curve()?.iter().map(cost).reduce(f64::min)
    }

    /// How far apart the two distributions of scores lie, in their own widths: d' of signal detection theory, with the
    /// mean of the two variances (Green and Swets, 1966). It counts every trial, so it moves less by chance than rates do.
    pub fn d_prime(&self) -> Option<f64> {
        let (targets, nontargets) = moments(&self.targets).zip(moments(&self.nontargets))?;
        let spread = ((targets.1 + nontargets.1) / 2.0).sqrt();
        (spread > 0.0).then(|| (targets.0 - nontargets.0) / spread)
    }

    /// Cost of the log-likelihood ratios in bits: 0 is perfect, 1 is what silence costs (Brümmer and du Preez, 2006).
    pub fn cllr(&self) -> Option<f64> {
        let bits = |llrs: &[f32], sign: f64| {
            llrs.iter().map(|llr| (sign * f64::from(*llr)).exp().ln_1p()).sum::<f64>() / llrs.len() as f64
        };
        (!self.targets.is_empty() && !self.nontargets.is_empty())
            .then(|| (bits(&self.targets, -1.0) + bits(&self.nontargets, 1.0)) / 2.0 / std::f64::consts::LN_2)
    }

    /// The least that [`Self::cllr`] can be for any growing function of these scores: what the best calibration would have
    /// left. It is found by pooling adjacent violators (Brümmer and du Preez, 2006, after Zadrozny and Elkan, 2002). It is
    /// fitted on the very trials that it is measured on, so no calibration that is not reaches it.
    pub fn min_cllr(&self) -> Option<f64> {
        if self.targets.is_empty() || self.nontargets.is_empty() {
            return None;
        }
        let (all_targets, all_nontargets) = (self.targets.len() as f64, self.nontargets.len() as f64);
        let mut bins: Vec<Bin> = Vec::new();
        for (score, is_target) in self.in_order() {
            let [targets, nontargets] = if is_target { [1.0, 0.0] } else { [0.0, 1.0] };
            match bins.last_mut().filter(|last| last.score == score) {
                Some(last) => last.add(&Bin { score, targets, nontargets }),
                None => bins.push(Bin { score, targets, nontargets }),
            }
        }
        let mut pooled: Vec<Bin> = Vec::new();
        for mut bin in bins {
            // A higher score must have a higher share of targets; where it has not, the two are one.
            while let Some(below) = pooled.pop_if(|below| below.share() >= bin.share()) {
                bin.add(&below);
            }
            pooled.push(bin);
        }
        let cost = |bin: &Bin| {
            // The other side's odds in this bin, free of the prior; of a count of nothing there is no cost.
            let odds = |against: f64, of: f64| if of > 0.0 { of * (against / of).ln_1p() } else { 0.0 };
            let (targets, nontargets) = (bin.targets / all_targets, bin.nontargets / all_nontargets);
            odds(nontargets, targets) + odds(targets, nontargets)
        };
        Some(pooled.iter().map(cost).sum::<f64>() / 2.0 / std::f64::consts::LN_2)
    }

    /// Equal error rate, 0 to 1. `None` when a side is empty.
    pub fn eer(&self) -> Option<f64> {
        equal_error(self.det().into_iter().rev())
    }

    /// Targets missed at the lowest threshold that lets no more than `false_alarm` of the nontargets pass.
    pub fn missed_at(&self, false_alarm: f64) -> Option<usize> {
        /// Shares are not exact; half of one trial is far more.
        const ROUNDING: f64 = 1e-9;
        let curve = self.error_curve()?;
        let point = curve.iter().find(|errors| errors.false_alarm <= false_alarm + ROUNDING)?;
        Some((point.miss * self.targets.len() as f64).round() as usize)
    }

    /// (false alarms, misses) at every threshold, 0 to 1, the lowest first; empty when a side is.
    pub fn det(&self) -> Vec<(f64, f64)> {
        let curve = self.error_curve().unwrap_or_default();
        curve.iter().map(|errors| (errors.false_alarm, errors.miss)).collect()
    }

    /// Every score, lowest first, and whether it is of one person.
    fn in_order(&self) -> Vec<(f32, bool)> {
        let mut scores: Vec<(f32, bool)> = self.targets.iter().map(|score| (*score, true)).collect();
        scores.extend(self.nontargets.iter().map(|score| (*score, false)));
        scores.sort_by(|a, b| a.0.total_cmp(&b.0));
        scores
    }

    /// From the lowest score to above the highest, one entry a threshold.
    fn error_curve(&self) -> Option<Vec<Errors>> {
        if self.targets.is_empty() || self.nontargets.is_empty() {
            return None;
        }
        let scores = self.in_order();
        let (targets, nontargets) = (self.targets.len() as f64, self.nontargets.len() as f64);
        let (mut missed, mut rejected, mut curve) = (0.0, 0.0, Vec::new());
        for (n, (score, is_target)) in scores.iter().enumerate() {
            if n == 0 || scores[n - 1].0 != *score {
                curve.push(Errors { miss: missed / targets, false_alarm: 1.0 - rejected / nontargets });
            }
            if *is_target { missed += 1.0 } else { rejected += 1.0 }
        }
        curve.push(Errors { miss: 1.0, false_alarm: 0.0 });
        Some(curve)
    }
}

/// Where (false alarms, misses) meet, interpolated between the two neighbouring thresholds, the highest of which comes first.
pub fn equal_error(curve: impl IntoIterator<Item = (f64, f64)>) -> Option<f64> {
    let (mut false_alarm_before, mut miss_before) = (0.0, 1.0);
    for (false_alarm, miss) in curve {
        if false_alarm >= miss {
            let (gap_before, gap) = (miss_before - false_alarm_before, false_alarm - miss);
            return Some(miss_before + gap_before / (gap_before + gap) * (miss - miss_before));
        }
        (false_alarm_before, miss_before) = (false_alarm, miss);
    }
    None
}

/// The standard normal quantile, to 5e-4 (Abramowitz and Stegun 26.2.23): a tenth of a line's width. On this scale of
/// both errors normal scores make a straight line (Martin et al., "The DET curve", Eurospeech 1997).
pub fn normal_deviate(p: f64) -> f64 {
    let p = p.clamp(1e-9, 1.0 - 1e-9);
    let t = (-2.0 * p.min(1.0 - p).ln()).sqrt();
    let tail =
        t - (2.515_517 + t * (0.802_853 + t * 0.010_328)) / (1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308)));
    if p < 0.5 { -tail } else { tail }
}

/// Trials that get one likelihood ratio.
struct Bin {
    score: f32,
    targets: f64,
    nontargets: f64,
}

impl Bin {
    fn share(&self) -> f64 {
        self.targets / (self.targets + self.nontargets)
    }

    fn add(&mut self, other: &Self) {
        self.targets += other.targets;
        self.nontargets += other.nontargets;
    }
}

/// Mean and variance.
fn moments(scores: &[f32]) -> Option<(f64, f64)> {
    let n = scores.len() as f64;
    let mean = scores.iter().map(|score| f64::from(*score)).sum::<f64>() / n;
    let squares = scores.iter().map(|score| (f64::from(*score) - mean).powi(2)).sum::<f64>();
    (!scores.is_empty()).then_some((mean, squares / n))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trials(targets: &[f32], nontargets: &[f32]) -> Trials {
        Trials { targets: targets.to_vec(), nontargets: nontargets.to_vec() }
    }

    #[test]
    fn the_detection_cost_counts_false_alarms_by_their_prior() {
        // Without any false alarm one of two targets is missed: 0.5; any false alarm of two costs 99 / 2.
        assert_eq!(trials(&[0.3, 0.9], &[0.1, 0.5]).min_dcf(0.01), Some(0.5));
        assert_eq!(trials(&[0.1], &[0.9]).min_dcf(0.01), Some(1.0), "never worse than answering no");
    }

    #[test]
    fn distributions_two_widths_apart_have_a_d_prime_of_two() {
        // Both have a variance of one.
        assert_eq!(trials(&[3.0, 1.0], &[1.0, -1.0]).d_prime(), Some(2.0));
        assert_eq!(trials(&[1.0], &[0.0, 0.0]).d_prime(), None, "without a width there is no measure");
        assert_eq!(trials(&[], &[0.0]).d_prime(), None);
    }

    #[test]
    fn the_least_cost_is_nothing_for_scores_apart_and_a_bit_for_scores_that_say_nothing() {
        assert_eq!(trials(&[0.8, 0.9], &[0.1, 0.5]).min_cllr(), Some(0.0));
        let one_bit = |of: Trials| assert!((of.min_cllr().unwrap() - 1.0).abs() < 1e-12);
        one_bit(trials(&[0.5, 0.5], &[0.5]));
        one_bit(trials(&[0.1, 0.2], &[0.8, 0.9]));
        assert_eq!(trials(&[], &[0.5]).min_cllr(), None);
    }

    /// By hand: the two in the middle are in the wrong order and share a bin; half of each side lies outside it.
    #[test]
    fn neighbours_in_the_wrong_order_share_a_bin() {
        let found = trials(&[0.4, 0.9], &[0.1, 0.6]).min_cllr().unwrap();
        assert!((found - 0.5).abs() < 1e-12, "{found}");
        // One of two targets among the lower of four others: (1/2, 2/4) lie in one bin at odds of one.
        let found = trials(&[0.2, 0.9], &[0.1, 0.15, 0.3, 0.35]).min_cllr().unwrap();
        let wanted = (0.5 * 2f64.ln() + 0.5 * 2f64.ln()) / 2.0 / std::f64::consts::LN_2;
        assert!((found - wanted).abs() < 1e-12, "{found}");
    }

    #[test]
    fn no_growing_function_of_the_scores_costs_less_than_the_least() {
        let of = trials(&[1.0, -0.2, 2.0, 0.4], &[0.3, -1.0, -2.0, 0.5, -0.4]);
        let least = of.min_cllr().unwrap();
        for (slope, shift) in [(1.0, 0.0), (2.0, 0.3), (0.5, -0.2), (4.0, 0.1)] {
            let map = |scores: &[f32]| scores.iter().map(|score| slope * score + shift).collect::<Vec<_>>();
            let moved = trials(&map(&of.targets), &map(&of.nontargets));
            assert!(moved.cllr().unwrap() > least);
            assert!((moved.min_cllr().unwrap() - least).abs() < 1e-12);
        }
    }

    /// By hand: at a threshold of 0.5 one of four is missed and one of four passes.
    #[test]
    fn errors_meet_between_thresholds_and_are_counted_at_a_share_of_false_alarms() {
        let of = trials(&[0.3, 0.6, 0.7, 0.9], &[0.1, 0.2, 0.4, 0.5]);
        assert_eq!(of.eer(), Some(0.25));
        assert_eq!((of.missed_at(0.0), of.missed_at(0.25), of.missed_at(0.5)), (Some(1), Some(1), Some(0)));
        // One threshold misses none and lets one of three pass, the next misses one of two and lets none pass.
        let eer = trials(&[0.5, 0.9], &[0.1, 0.2, 0.6]).eer().unwrap();
        assert!((eer - 1.0 / 3.0).abs() < 1e-12, "{eer}");
        assert_eq!((trials(&[], &[0.5]).eer(), trials(&[0.5], &[]).missed_at(0.1)), (None, None));
        let twenty: Vec<f32> = (0..20).map(|n| n as f32).collect();
        assert_eq!(trials(&[18.5, 19.5], &twenty).missed_at(0.05), Some(0), "one of twenty is five in a hundred");
    }

    #[test]
    fn the_normal_deviate_is_that_of_the_tables() {
        for (p, wanted) in [(0.5, 0.0), (0.025, -1.95996), (0.001, -3.09023), (0.8413447, 1.0)] {
            assert!((normal_deviate(p) - wanted).abs() < 5e-4, "{p}");
        }
    }

    #[test]
    fn llrs_of_zero_cost_one_bit_and_sure_ones_nothing_or_much() {
        assert!((trials(&[0.0], &[0.0, 0.0]).cllr().unwrap() - 1.0).abs() < 1e-12);
        assert!(trials(&[20.0], &[-20.0]).cllr().unwrap() < 1e-6);
        let wrong = trials(&[-7.0], &[-20.0]).cllr().unwrap();
        assert!((wrong - 0.5 * 7.0009 / std::f64::consts::LN_2).abs() < 1e-3, "a wrong answer costs its size: {wrong}");
    }
}
