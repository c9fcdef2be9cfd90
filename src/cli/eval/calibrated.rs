//! What scores mean in an evaluation: by one calibration, or, cross-validated, by one for each pair of folds.

use super::trials::{Matrix, Scored};
use crate::voice::{Calibration, Llr, Score};

pub enum Calibrated {
    By(Calibration),
    /// For the trials between the speakers of two folds (the lower first), one that has seen neither's.
    CrossValidated(Vec<([u64; 2], Calibration)>),
}

impl Calibrated {
    /// Of one of the matrix's probes against the `enrolled`th print. Nothing heard says nothing.
    pub fn llr(&self, matrix: &Matrix, probe: &Scored, enrolled: usize) -> Llr {
        self.of(probe, probe.scores[enrolled], matrix.enrolled[enrolled].fold)
    }

    /// Of a score against nobody in particular, as if it were somebody of the probe's own fold.
    pub fn llr_within(&self, probe: &Scored, score: Score) -> Llr {
        self.of(probe, score, probe.fold)
    }

    fn of(&self, probe: &Scored, score: Score, fold: u64) -> Llr {
        let calibration = match self {
            Self::By(calibration) => Some(calibration),
            Self::CrossValidated(by_folds) => {
                let folds = pair(probe.fold, fold);
                by_folds.iter().find(|(of, _)| *of == folds).map(|(_, calibration)| calibration)
            }
        };
        match calibration {
            Some(calibration) if probe.heard => calibration.llr(score, probe.quality),
            _ => Llr(0.0),
        }
    }
}

/// Two folds, the lower first.
pub fn pair(a: u64, b: u64) -> [u64; 2] {
    [a.min(b), a.max(b)]
}
