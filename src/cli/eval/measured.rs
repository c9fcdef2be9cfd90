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
    /// One entry a length, with one a model.
    figures: Vec<Vec<Figures>>,
}

/// A manifest's recordings through one model.
pub struct Side<'a> {
    pub cast: &'a Cast,
    pub calibration: Option<&'a Calibration>,
}

impl Measured {
    pub fn new(manifest: &str, sides: &[Side<'_>], lengths_ms: &[u32]) -> Self {
        let cast = sides[0].cast;
        let draws = Draws::of(cast.speakers.len());
        let at = |ms: &u32| sides.iter().map(|side| Figures::new(side.cast, side.calibration, &draws, *ms)).collect();
        Self {
            manifest: manifest.to_owned(),
            enrolled: cast.enrolled.len(),
            enrolled_with_little_speech: cast.thin,
            strangers: cast.strangers,
            probes: cast.probes.len(),
            figures: lengths_ms.iter().map(at).collect(),
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
        for (n, by_model) in self.figures.iter().enumerate() {
            match by_model.as_slice() {
                [one] => {
                    if n == 0 {
                        report::head(f, self.enrolled)?;
                    }
                    report::line(f, one)?;
                }
                [a, b] => comparison::block(f, a, b, self.enrolled)?,
                more => unreachable!("{} models", more.len()),
            }
        }
        Ok(())
    }
}
