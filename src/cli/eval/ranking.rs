//! Error rates from scores that are sorted once, however often the speakers are drawn anew.

use super::trials::Matrix;
use crate::voice::metrics::equal_error;

/// The trials of one length, best first. `weights` below say how often each speaker counts, by [`super::trials::Cast::speakers`].
pub struct Ranking {
    /// Speaker of each enrolled print.
    enrolled: Vec<usize>,
    probes: Vec<Probe>,
    /// Each enrolled person's probe against their own print.
    targets: Vec<Target>,
    /// Each probe against everyone else's.
    nontargets: Vec<Nontarget>,
}

struct Probe {
    speaker: usize,
    /// Whether there is a print of this speaker.
    enrolled: bool,
}

struct Target {
    score: f32,
    speaker: usize,
    heard: bool,
    /// Speakers of the prints that score no less than the own one.
    rivals: Vec<usize>,
}

#[derive(Clone, Copy)]
struct Nontarget {
    score: f32,
    probe: u32,
    enrolled: u32,
}

impl Ranking {
    pub fn new(matrix: &Matrix) -> Self {
        let enrolled: Vec<usize> = matrix.enrolled.iter().map(|print| print.speaker).collect();
        let mut ranking =
            Self { enrolled: enrolled.clone(), probes: Vec::new(), targets: Vec::new(), nontargets: Vec::new() };
        for (probe, scored) in (0u32..).zip(&matrix.probes) {
            ranking.probes.push(Probe { speaker: scored.speaker, enrolled: scored.own.is_some() });
            let others = (0u32..).zip(&scored.scores).filter(|(n, _)| scored.own != Some(*n as usize));
            ranking.nontargets.extend(others.map(|(enrolled, score)| Nontarget { score: score.0, probe, enrolled }));
            let Some(own) = scored.own else { continue };
            let score = scored.scores[own];
            let rivals = (0..scored.scores.len()).filter(|n| *n != own && scored.scores[*n] >= score);
            let rivals = rivals.map(|n| enrolled[n]).collect();
            let target = Target { score: score.0, speaker: scored.speaker, heard: scored.heard, rivals };
            ranking.targets.push(target);
        }
        ranking.targets.sort_by(|a, b| b.score.total_cmp(&a.score));
        ranking.nontargets.sort_by(|a, b| b.score.total_cmp(&a.score));
        ranking
    }

    /// Equal error rate, 0 to 1. `None` when a side is empty.
    pub fn eer(&self, weights: &[u32]) -> Option<f64> {
        let all_targets: f64 = self.targets.iter().map(|target| f64::from(weights[target.speaker])).sum();
        let all_nontargets: f64 = self.probes.iter().map(|probe| self.strangers_of(probe, weights)).sum();
        if all_targets == 0.0 || all_nontargets == 0.0 {
            return None;
        }
        let (mut targets, mut nontargets) = (self.targets.iter().peekable(), self.nontargets.iter().peekable());
        let (mut found, mut accepted) = (0.0, 0.0);
        equal_error(std::iter::from_fn(|| {
            let scores =
                [targets.peek().map(|target| target.score), nontargets.peek().map(|nontarget| nontarget.score)];
            let threshold = scores.into_iter().flatten().reduce(f32::max)?;
            while let Some(target) = targets.next_if(|target| target.score >= threshold) {
                found += f64::from(weights[target.speaker]);
            }
            while let Some(nontarget) = nontargets.next_if(|nontarget| nontarget.score >= threshold) {
                accepted += self.weight_of(nontarget, weights);
            }
            Some((accepted / all_nontargets, 1.0 - found / all_targets))
        }))
    }

    /// Share of the enrolled people's probes whose own print scores highest of all. Callers are weighed, the prints are not:
    /// the gallery keeps its size.
    pub fn rank_1(&self, weights: &[u32]) -> Option<f64> {
        let (mut right, mut all) = (0.0, 0.0);
        for target in &self.targets {
            let weight = f64::from(weights[target.speaker]);
            all += weight;
            right += if target.heard && target.rivals.is_empty() { weight } else { 0.0 };
        }
        (all > 0.0).then(|| right / all)
    }

    /// Share of searches, by people of a gallery of `size`, that do not end with their own name: because somebody else is first,
    /// or because the score is not above the threshold that lets `fpir` of the searches by others pass.
    ///
    /// It is the mean over every gallery of that size, in closed form: of `n` others with `a` above a score, `size` of them
    /// have nobody above it in C(n - a, size) of C(n, size) galleries. `None` when there are too few people.
    pub fn fnir(&self, weights: &[u32], size: u32, fpir: f64) -> Option<f64> {
        let threshold = self.threshold(weights, size, fpir)?;
        let enrolled = self.enrolled_weight(weights);
        let (mut found, mut all) = (0.0, 0.0);
        for target in self.targets.iter().filter(|target| weights[target.speaker] > 0) {
            let weight = f64::from(weights[target.speaker]);
            all += weight;
            if target.heard && target.score > threshold {
                let above = target.rivals.iter().map(|speaker| weights[*speaker]).sum();
                found += weight * none_above(above, enrolled - weights[target.speaker], size - 1)?;
            }
        }
        (all > 0.0).then(|| 1.0 - found / all)
    }

    /// The best score that must not pass any more. A probe of somebody enrolled is a stranger to the galleries without them.
    fn threshold(&self, weights: &[u32], size: u32, fpir: f64) -> Option<f32> {
        let enrolled = self.enrolled_weight(weights);
        let mut strangers: Vec<Stranger> = self
            .probes
            .iter()
            .map(|probe| {
                let weight = weights[probe.speaker];
                let others = enrolled - if probe.enrolled { weight } else { 0 };
                let absent = if probe.enrolled { 1.0 - f64::from(size) / f64::from(others + 1) } else { 1.0 };
                let weight = if others >= size { f64::from(weight) * absent.max(0.0) } else { 0.0 };
                Stranger { weight, others, above: 0, none_above: 1.0 }
            })
            .collect();
        let all: f64 = strangers.iter().map(|stranger| stranger.weight).sum();
        if all == 0.0 {
            return None;
        }
        let mut passing = 0.0;
        for nontarget in &self.nontargets {
            let stranger = &mut strangers[nontarget.probe as usize];
            if stranger.weight > 0.0 {
                stranger.above += weights[self.enrolled[nontarget.enrolled as usize]];
                let none = none_above(stranger.above, stranger.others, size)?;
                passing += stranger.weight * (stranger.none_above - none);
                stranger.none_above = none;
                if passing / all > fpir + ROUNDING {
                    return Some(nontarget.score);
                }
            }
        }
        Some(f32::NEG_INFINITY)
    }

    fn enrolled_weight(&self, weights: &[u32]) -> u32 {
        self.enrolled.iter().map(|speaker| weights[*speaker]).sum()
    }

    fn weight_of(&self, nontarget: &Nontarget, weights: &[u32]) -> f64 {
        let of_probe = weights[self.probes[nontarget.probe as usize].speaker];
        f64::from(of_probe) * f64::from(weights[self.enrolled[nontarget.enrolled as usize]])
    }

    /// All of one probe's trials against others.
    fn strangers_of(&self, probe: &Probe, weights: &[u32]) -> f64 {
        let own = if probe.enrolled { weights[probe.speaker] } else { 0 };
        f64::from(weights[probe.speaker]) * f64::from(self.enrolled_weight(weights) - own)
    }
}

/// One probe's searches in galleries that its speaker is not in.
struct Stranger {
    weight: f64,
    /// Prints that such a gallery is drawn from.
    others: u32,
    /// Of these, the ones above the threshold so far.
    above: u32,
    /// Share of galleries with nobody above it.
    none_above: f64,
}

/// Sums of shares are not exact; half of the smallest step that so few people can make is far larger.
const ROUNDING: f64 = 1e-9;

/// Share of the ways to choose `size` of `of` that leave all of `above` out: C(of - above, size) / C(of, size).
fn none_above(above: u32, of: u32, size: u32) -> Option<f64> {
    (of >= size).then(|| (0..size).map(|n| f64::from((of - above).saturating_sub(n)) / f64::from(of - n)).product())
}

#[cfg(test)]
mod tests;
