//! Fitting a calibration: logistic regression on the scores of people whose names are known.

use std::fmt;

use super::calibrated::pair;
use super::trials::{Cast, FOLDS};
use crate::voice::calibration::{Limits, Weights, features};
use crate::voice::{Calibration, Llr, ModelId, Quality, Score, SiteCalibration, Trials};

/// A calibration and how well it does on people that it was not fitted on.
pub struct Fitted {
    pub calibration: Calibration,
    /// For the trials between the speakers of two folds, by people of the other folds alone.
    pub by_folds: Vec<([u64; 2], Calibration)>,
    /// Over all conditions and lengths, by these.
    cross_validated_cllr: Option<f64>,
    trials: [usize; 2],
}

/// From the first window to where more speech changes little.
const LENGTHS_MS: [u32; 6] = [1600, 2400, 3200, 5000, 8000, 10_000];

struct Trial {
    score: Score,
    quality: Quality,
    target: bool,
    /// Folds of the two speakers, the lower first.
    folds: [u64; 2],
}

/// Where the speech comes from, in words that go into the file.
pub struct Origin<'a> {
    /// `None`: the manifests' names.
    pub data: Option<&'a str>,
    pub attribution: &'a str,
}

pub fn fit(model: &ModelId, casts: &[(String, Cast)], origin: &Origin<'_>) -> anyhow::Result<Fitted> {
    let trials: Vec<Trial> = casts.iter().flat_map(|(_, cast)| trials_of(cast)).collect();
    let limits = limits(casts, &trials)?;
    let weights = regress(&trials.iter().collect::<Vec<_>>(), &limits);
    let names: Vec<&str> = casts.iter().map(|(name, _)| name.as_str()).collect();
    let data = origin.data.map_or_else(|| names.join(", "), str::to_owned);
    let targets = trials.iter().filter(|trial| trial.target).count();
    let mut calibration = Calibration {
        model: model.as_str().to_owned(),
        data: format!(
            "{data}: {targets} trials of one speaker, {} of two, at {:?} ms of net speech",
            trials.len() - targets,
            LENGTHS_MS
        ),
        attribution: origin.attribution.to_owned(),
        weights,
        limits,
        site: SiteCalibration::default(),
    };
    calibration.weights = rounded(calibration.weights);
    let by_folds = by_folds(&trials, &calibration);
    let cross_validated_cllr = llrs(&trials, &by_folds).cllr();
    Ok(Fitted { calibration, by_folds, cross_validated_cllr, trials: [targets, trials.len() - targets] })
}

fn trials_of(cast: &Cast) -> Vec<Trial> {
    let mut trials = Vec::new();
    for ms in LENGTHS_MS {
        let matrix = cast.at(ms);
        for scored in matrix.probes.iter().filter(|scored| scored.heard) {
            for (n, enrolled) in matrix.enrolled.iter().enumerate() {
                trials.push(Trial {
                    score: scored.scores[n],
                    quality: scored.quality,
                    target: scored.own == Some(n),
                    folds: pair(scored.fold, enrolled.fold),
                });
            }
        }
    }
    trials
}

/// The lengths seen, and the largest ratios that so many speakers can tell from never: with N independent
/// comparisons and no error, an error rate below 1 in N + 1 is a guess. Conditions and lengths repeat the same people,
/// so speakers and pairs of speakers are counted, and not trials.
fn limits(casts: &[(String, Cast)], trials: &[Trial]) -> anyhow::Result<Limits> {
    let largest = |count: fn(&Cast) -> usize| casts.iter().map(|(_, cast)| count(cast)).max().unwrap_or(0) as f64;
    let (same, different) = (largest(Cast::speakers_with_targets), largest(Cast::speaker_pairs));
    anyhow::ensure!(same >= 2.0 && different >= 2.0, "too few speakers to fit on: there must be several with probes");
    Ok(Limits {
        net_speech_ms: [LENGTHS_MS[0], LENGTHS_MS[LENGTHS_MS.len() - 1]],
        snr_db: common_snr_db(trials),
        llr: [-round_3((same + 1.0).ln()), round_3((different + 1.0).ln())],
    })
}

/// Whole decibels that nineteen of twenty trials lie between: of the others there are too few to say what they mean.
fn common_snr_db(trials: &[Trial]) -> [f32; 2] {
    let mut all: Vec<f32> = trials.iter().map(|trial| trial.quality.snr_db).collect();
    all.sort_by(f32::total_cmp);
    let cut = all.len() / 40;
    let at = |n: usize| all.get(n).map_or(0.0, |snr_db| snr_db.round());
    [at(cut), at(all.len().saturating_sub(1 + cut))]
}

/// For each two folds, `calibration` with the weights that the trials among all other folds give.
fn by_folds(trials: &[Trial], calibration: &Calibration) -> Vec<([u64; 2], Calibration)> {
    let pairs = (0..FOLDS).flat_map(|a| (a..FOLDS).map(move |b| [a, b]));
    let without = |folds: [u64; 2]| {
        let unseen = |trial: &&Trial| !trial.folds.iter().any(|fold| folds.contains(fold));
        let weights = regress(&trials.iter().filter(unseen).collect::<Vec<_>>(), &calibration.limits);
        (folds, Calibration { weights, ..calibration.clone() })
    };
    pairs.map(without).collect()
}

fn llrs(trials: &[Trial], by_folds: &[([u64; 2], Calibration)]) -> Trials {
    let mut llrs = Trials::default();
    for (folds, calibration) in by_folds {
        for trial in trials.iter().filter(|trial| trial.folds == *folds) {
            let Llr(llr) = calibration.llr(trial.score, trial.quality);
            if trial.target { llrs.targets.push(llr) } else { llrs.nontargets.push(llr) }
        }
    }
    llrs
}

/// Newton's method on the cross-entropy, both sides weighted to a prior of one half (Brümmer and du Preez, 2006): what
/// comes out is free of how many trials of each kind there were.
fn regress(trials: &[&Trial], limits: &Limits) -> Weights {
    let targets = trials.iter().filter(|trial| trial.target).count().max(1) as f64;
    let nontargets = (trials.len() as f64 - targets).max(1.0);
    let mut weights = [0.0; N];
    for _ in 0..NEWTON_STEPS {
        let mut gradient = weights.map(|w| -RIDGE * w);
        let mut hessian = [[0.0; N]; N];
        (0..N).for_each(|n| hessian[n][n] = RIDGE);
        for trial in trials {
            let x = features(trial.score, trial.quality, limits);
            let chance = 1.0 / (1.0 + (-dot(&weights, &x)).exp());
            let weight = if trial.target { 0.5 / targets } else { 0.5 / nontargets };
            let surprise = weight * (f64::from(u8::from(trial.target)) - chance);
            let curvature = weight * chance * (1.0 - chance);
            for i in 0..N {
                gradient[i] += surprise * x[i];
                for j in 0..N {
                    hessian[i][j] += curvature * x[i] * x[j];
                }
            }
        }
        let step = solve(hessian, gradient);
        weights.iter_mut().zip(step).for_each(|(w, s)| *w += s);
    }
    Weights::from_array(weights)
}

const N: usize = Weights::COUNT;
/// It converges in about eight; the rest costs a second.
const NEWTON_STEPS: usize = 15;
/// Keeps weights finite where people are told apart without any error; too weak to be felt elsewhere.
const RIDGE: f64 = 1e-7;

fn dot(a: &[f64; N], b: &[f64; N]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Gaussian elimination; the matrix is positive definite thanks to the ridge, so no pivoting is needed.
fn solve(mut a: [[f64; N]; N], mut b: [f64; N]) -> [f64; N] {
    for i in 0..N {
        let pivot = a[i];
        for row in i + 1..N {
            let factor = a[row][i] / pivot[i];
            a[row].iter_mut().zip(pivot).for_each(|(cell, above)| *cell -= factor * above);
            b[row] -= factor * b[i];
        }
    }
    for i in (0..N).rev() {
        let known: f64 = (i + 1..N).map(|column| a[i][column] * b[column]).sum();
        b[i] = (b[i] - known) / a[i][i];
    }
    b
}

fn rounded(weights: Weights) -> Weights {
    Weights::from_array(weights.array().map(round_3))
}

fn round_3(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

impl Fitted {
    pub fn to_toml(&self) -> anyhow::Result<String> {
        let cllr = self.cross_validated_cllr.map_or("unknown".into(), |cllr| format!("{cllr:.3}"));
        Ok(format!(
            "# What the model's scores mean; made by `regulars eval voice --fit-calibration`. src/voice/calibration.rs has the\n\
             # formula. Cllr on speakers that the weights have not seen, all conditions and lengths together: {cllr}.\n{}",
            toml::to_string(&self.calibration)?
        ))
    }
}

impl fmt::Display for Fitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [targets, nontargets] = self.trials;
        write!(f, "calibration: {targets} trials of one speaker, {nontargets} of two; Cllr by {FOLDS}-fold ")?;
        match self.cross_validated_cllr {
            Some(cllr) => write!(f, "cross-validation over speakers {cllr:.3}"),
            None => write!(f, "cross-validation unknown, too few speakers"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linear_system_is_solved() {
        let mut a = [[0.0; N]; N];
        let wanted: [f64; N] = std::array::from_fn(|n| n as f64 - 2.0);
        for (i, row) in a.iter_mut().enumerate() {
            for (j, cell) in row.iter_mut().enumerate() {
                *cell = if i == j { 4.0 } else { 1.0 / (1.0 + i as f64 + j as f64) };
            }
        }
        let b: [f64; N] = std::array::from_fn(|i| dot(&a[i], &wanted));
        assert!(solve(a, b).iter().zip(wanted).all(|(found, wanted)| (found - wanted).abs() < 1e-9));
    }

    /// Two normal distributions with equal variance have a linear likelihood ratio: (m1 - m0) / v * (s - middle).
    #[test]
    fn the_regression_finds_the_likelihood_ratio_of_two_normals() {
        let limits = Limits { net_speech_ms: [5000, 5000], snr_db: [10.0, 10.0], llr: [-9.0, 9.0] };
        let mut trials = Vec::new();
        for n in 1..2000 {
            let z = inverse_normal(f64::from(n) / 2000.0);
            for (target, mean) in [(true, 0.8), (false, 0.5)] {
                let quality = Quality { net_speech_ms: 5000, snr_db: 10.0 };
                trials.push(Trial { score: Score((mean + 0.1 * z) as f32), quality, target, folds: [0, 0] });
            }
        }
        let weights = regress(&trials.iter().collect::<Vec<_>>(), &limits);
        let calibration = Calibration {
            model: String::new(),
            data: String::new(),
            attribution: String::new(),
            weights,
            limits,
            site: SiteCalibration::default(),
        };
        for score in [0.5f32, 0.65, 0.8] {
            let Llr(llr) = calibration.llr(Score(score), trials[0].quality);
            let wanted = 0.3 / 0.01 * (score - 0.65);
            assert!((llr - wanted).abs() < 0.1, "{score}: {llr} instead of {wanted}");
        }
    }

    /// By bisection of the distribution function, with erf by Abramowitz and Stegun 7.1.26.
    fn inverse_normal(p: f64) -> f64 {
        let cdf = |x: f64| {
            let t = 1.0 / (1.0 + 0.327_591_1 * x.abs() / std::f64::consts::SQRT_2);
            let poly = t
                * (0.254_829_592
                    + t * (-0.284_496_736 + t * (1.421_413_741 + t * (-1.453_152_027 + t * 1.061_405_429))));
            let erf = 1.0 - poly * (-x * x / 2.0).exp();
            if x >= 0.0 { 0.5 + erf / 2.0 } else { 0.5 - erf / 2.0 }
        };
        let (mut low, mut high) = (-6.0, 6.0);
        for _ in 0..60 {
            let middle = (low + high) / 2.0;
            if cdf(middle) < p { low = middle } else { high = middle }
        }
        low
    }
}
