//! What was measured on one manifest, for every model and length.

use std::fmt;

use super::bootstrap::Draws;
use super::figures::Figures;
use super::trials::Cast;
use super::{comparison, report};
use crate::voice::Calibration;

#[derive(serde::Serialize)]
pub struct Measured {
    manifest: String,
    enrolled: usize,
    enrolled_with_little_speech: usize,
    strangers: usize,
    probes: usize,
    lengths: Vec<AtLength>,
}

/// `b` is the model that `a` is held against.
#[derive(serde::Serialize)]
struct AtLength {
    a: Figures,
    b: Option<Figures>,
}

/// A manifest's recordings through one model.
pub struct Side<'a> {
    pub cast: &'a Cast,
    pub calibration: Option<&'a Calibration>,
}

impl Measured {
    pub fn new(manifest: &str, a: &Side<'_>, b: Option<&Side<'_>>, lengths_ms: &[u32]) -> Self {
        let cast = a.cast;
        let draws = Draws::of(cast.speakers.len());
        let figures = |side: &Side<'_>, ms| Figures::new(side.cast, side.calibration, &draws, ms);
        let at = |ms: &u32| AtLength { a: figures(a, *ms), b: b.map(|b| figures(b, *ms)) };
        Self {
            manifest: manifest.to_owned(),
            enrolled: cast.enrolled.len(),
            enrolled_with_little_speech: cast.thin,
            strangers: cast.strangers,
            probes: cast.probes.len(),
            lengths: lengths_ms.iter().map(at).collect(),
        }
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}: {} enrolled ({} of them with less speech than enrolment asks for), {} strangers, {} probes",
            self.manifest, self.enrolled, self.enrolled_with_little_speech, self.strangers, self.probes
        )?;
        for (n, AtLength { a, b }) in self.lengths.iter().enumerate() {
            match b {
                Some(b) => comparison::block(f, a, b, self.enrolled)?,
                None => {
                    if n == 0 {
                        report::head(f, self.enrolled)?;
                    }
                    report::line(f, a)?;
                }
            }
        }
        Ok(())
    }
}
