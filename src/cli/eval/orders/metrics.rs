//! The literature's figures of next-basket prediction, as `--help` defines them.

use std::collections::HashSet;

/// Sums over customers; [`Metrics::figures`] makes means of them.
#[derive(Clone, Default)]
pub struct Metrics {
    customers: f64,
    recall: f64,
    ndcg: f64,
    hit: f64,
    first: f64,
    exact: f64,
    chances: Vec<(f64, f64)>,
}

/// Shares of 1. `None` where nothing could be measured.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures {
    pub customers: usize,
    pub recall: Option<f64>,
    pub ndcg: Option<f64>,
    pub hit: Option<f64>,
    pub first: Option<f64>,
    pub exact: Option<f64>,
    pub ece: Option<f64>,
    pub brier_skill: Option<f64>,
}

impl Metrics {
    /// `ranked`: items with their chances, likeliest first. `exact`: whether the whole order offered was the one placed.
    pub fn add(&mut self, ranked: &[(&str, f32)], truth: &HashSet<&str>, exact: bool) {
        let top = &ranked[..ranked.len().min(K)];
        let hits: Vec<f64> = top.iter().map(|(item, _)| f64::from(u8::from(truth.contains(item)))).collect();
        let gain = |place: usize| 1.0 / (place as f64 + 2.0).log2();
        let ideal: f64 = (0..truth.len().min(K)).map(gain).sum();
        let found: f64 = hits.iter().sum();
        self.customers += 1.0;
        self.recall += found / truth.len() as f64;
        self.ndcg += hits.iter().enumerate().map(|(place, hit)| hit * gain(place)).sum::<f64>() / ideal;
        self.hit += f64::from(u8::from(found > 0.0));
        self.first += hits.first().copied().unwrap_or(0.0);
        self.exact += f64::from(u8::from(exact));
        self.chances.extend(top.iter().zip(hits).map(|((_, chance), hit)| (f64::from(*chance), hit)));
    }

    pub fn figures(&self) -> Figures {
        if self.customers == 0.0 {
            return Figures::default();
        }
        let mean = |sum: f64| Some(sum / self.customers);
        Figures {
            customers: self.customers as usize,
            recall: mean(self.recall),
            ndcg: mean(self.ndcg),
            hit: mean(self.hit),
            first: mean(self.first),
            exact: mean(self.exact),
            ece: self.ece(),
            brier_skill: self.brier_skill(),
        }
    }

    fn ece(&self) -> Option<f64> {
        let mut bins = [0.0; BINS];
        for (chance, hit) in &self.chances {
            bins[((chance * BINS as f64) as usize).min(BINS - 1)] += chance - hit;
        }
        (!self.chances.is_empty()).then(|| bins.iter().map(|bin| bin.abs()).sum::<f64>() / self.chances.len() as f64)
    }

    fn brier_skill(&self) -> Option<f64> {
        let n = self.chances.len() as f64;
        let base = self.chances.iter().map(|(_, hit)| hit).sum::<f64>() / n;
        let brier = self.chances.iter().map(|(chance, hit)| (chance - hit).powi(2)).sum::<f64>() / n;
        (base > 0.0 && base < 1.0).then(|| 1.0 - brier / (base * (1.0 - base)))
    }
}

/// Items that a list is judged by.
pub const K: usize = 10;
/// Of equal width, as the expected calibration error is mostly reported (Guo et al., 2017, take 15; with 10 the grocery
/// book's chances, nearly all below 0.3, still fill three).
pub const BINS: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn close(value: Option<f64>, wanted: f64) -> bool {
        value.is_some_and(|value| (value - wanted).abs() < 1e-6)
    }

    #[test]
    fn figures_are_those_worked_out_by_hand() {
        let mut metrics = Metrics::default();
        // One of two items found, in second place: DCG 1/log2 3; ideal 1 + 1/log2 3.
        metrics.add(&[("a", 0.5), ("b", 0.25)], &HashSet::from(["b", "c"]), false);
        metrics.add(&[("a", 0.75)], &HashSet::from(["a"]), true);
        let figures = metrics.figures();
        let second = 1.0 / 3f64.log2();
        assert_eq!(figures.customers, 2);
        assert!(close(figures.recall, 0.75) && close(figures.hit, 1.0));
        assert!(close(figures.first, 0.5) && close(figures.exact, 0.5));
        assert!(close(figures.ndcg, (second / (1.0 + second) + 1.0) / 2.0));
        // Bins 5, 2 and 7: |.5 - 0| + |.25 - 1| + |.75 - 1| = 1.5 over three chances.
        assert!(close(figures.ece, 0.5));
        // Squares .25 + .5625 + .0625 over 3, against 2/3 * 1/3.
        assert!(close(figures.brier_skill, 1.0 - (0.875 / 3.0) / (2.0 / 9.0)));
    }

    #[test]
    fn nobody_gives_no_figures() {
        assert_eq!(Metrics::default().figures(), Figures::default());
    }
}
