//! The figures of speaker recognition, from scores alone (ISO/IEC 19795-1 names them; NIST SRE plans define them).

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
    /// Equal error rate, 0 to 1, interpolated between the two neighbouring thresholds. `None` when a side is empty.
    pub fn eer(&self) -> Option<f64> {
        let curve = self.error_curve()?;
        let after = curve.iter().position(|e| e.miss >= e.false_alarm)?;
        let at = &curve[after];
        let Some(before) = after.checked_sub(1).map(|n| &curve[n]) else { return Some(at.miss) };
        let (gap_before, gap_after) = (before.false_alarm - before.miss, at.miss - at.false_alarm);
        let weight = gap_before / (gap_before + gap_after);
        Some(before.miss + weight * (at.miss - before.miss))
    }

    /// Lowest detection cost over all thresholds with unit costs, divided by that of always answering no
    /// (NIST SRE 2016 evaluation plan §3).
    pub fn min_dcf(&self, target_prior: f64) -> Option<f64> {
        let worst_free = target_prior.min(1.0 - target_prior);
        let cost = |e: &Errors| (target_prior * e.miss + (1.0 - target_prior) * e.false_alarm) / worst_free;
        self.error_curve()?.iter().map(cost).reduce(f64::min)
    }

    /// Cost of the log-likelihood ratios in bits: 0 is perfect, 1 is what silence costs (Brümmer and du Preez, 2006).
    pub fn cllr(&self) -> Option<f64> {
        let bits = |llrs: &[f32], sign: f64| {
            llrs.iter().map(|llr| (sign * f64::from(*llr)).exp().ln_1p()).sum::<f64>() / llrs.len() as f64
        };
        (!self.targets.is_empty() && !self.nontargets.is_empty())
            .then(|| (bits(&self.targets, -1.0) + bits(&self.nontargets, 1.0)) / 2.0 / std::f64::consts::LN_2)
    }

    /// From the lowest score to above the highest, one entry a threshold.
    fn error_curve(&self) -> Option<Vec<Errors>> {
        if self.targets.is_empty() || self.nontargets.is_empty() {
            return None;
        }
        let mut scores: Vec<(f32, bool)> = self.targets.iter().map(|score| (*score, true)).collect();
        scores.extend(self.nontargets.iter().map(|score| (*score, false)));
        scores.sort_by(|a, b| a.0.total_cmp(&b.0));
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

/// One search: the best score of the gallery, and whether it belongs to the right person.
#[derive(Clone, Copy, Debug)]
pub struct Search {
    pub best: f32,
    pub right: bool,
}

/// Searches of people who are enrolled and of people who are not.
#[derive(Clone, Debug, Default)]
pub struct Searches {
    pub enrolled: Vec<Search>,
    pub strangers: Vec<f32>,
}

impl Searches {
    /// Share of the enrolled who are not first, or are below the threshold that lets `fpir` of the strangers pass.
    pub fn fnir(&self, fpir: f64) -> Option<f64> {
        if self.enrolled.is_empty() || self.strangers.is_empty() {
            return None;
        }
        let mut strangers = self.strangers.clone();
        strangers.sort_by(|a, b| b.total_cmp(a));
        // This many strangers may pass; the next one sets the threshold, which a person has to exceed.
        let passing = (fpir * strangers.len() as f64) as usize;
        let threshold = strangers.get(passing).copied().unwrap_or(f32::MIN);
        let missed = self.enrolled.iter().filter(|search| !search.right || search.best <= threshold).count();
        Some(missed as f64 / self.enrolled.len() as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trials(targets: &[f32], nontargets: &[f32]) -> Trials {
        Trials { targets: targets.to_vec(), nontargets: nontargets.to_vec() }
    }

    #[test]
    fn the_equal_error_rate_of_hand_made_scores() {
        assert_eq!(trials(&[0.9, 0.8], &[0.1, 0.2]).eer(), Some(0.0), "apart");
        assert_eq!(trials(&[0.1, 0.2], &[0.8, 0.9]).eer(), Some(1.0), "the wrong way round");
        // A threshold between .4 and .6 misses one of four and lets one of four pass.
        assert_eq!(trials(&[0.3, 0.6, 0.8, 0.9], &[0.1, 0.2, 0.4, 0.7]).eer(), Some(0.25));
        assert_eq!(trials(&[0.5; 3], &[0.5; 9]).eer(), Some(0.5), "scores that say nothing");
        assert_eq!(trials(&[], &[0.5]).eer(), None);
    }

    #[test]
    fn the_detection_cost_counts_false_alarms_by_their_prior() {
        // Without any false alarm one of two targets is missed: 0.5; any false alarm of two costs 99 / 2.
        assert_eq!(trials(&[0.3, 0.9], &[0.1, 0.5]).min_dcf(0.01), Some(0.5));
        assert_eq!(trials(&[0.1], &[0.9]).min_dcf(0.01), Some(1.0), "never worse than answering no");
    }

    #[test]
    fn llrs_of_zero_cost_one_bit_and_sure_ones_nothing_or_much() {
        assert!((trials(&[0.0], &[0.0, 0.0]).cllr().unwrap() - 1.0).abs() < 1e-12);
        assert!(trials(&[20.0], &[-20.0]).cllr().unwrap() < 1e-6);
        let wrong = trials(&[-7.0], &[-20.0]).cllr().unwrap();
        assert!((wrong - 0.5 * 7.0009 / std::f64::consts::LN_2).abs() < 1e-3, "a wrong answer costs its size: {wrong}");
    }

    #[test]
    fn a_search_misses_by_threshold_or_by_rank() {
        let search = |best, right| Search { best, right };
        let enrolled = vec![search(0.9, true), search(0.95, false), search(0.5, true), search(0.7, true)];
        let searches = Searches { enrolled, strangers: vec![0.6, 0.2, 0.3, 0.4] };
        assert_eq!(searches.fnir(0.01), Some(0.5), "one has another's name, one is below the best stranger");
        assert_eq!(searches.fnir(0.25), Some(0.25), "one stranger of four may pass");
    }
}
