//! What was measured on one manifest, for every model and length.

use std::fmt;

use super::bootstrap::Draws;
use super::calibrated::Calibrated;
use super::figures::Figures;
use super::simulated_calls::SimulatedCalls;
use super::trials::Cast;
use super::{comparison, report};

#[derive(serde::Serialize)]
pub struct Measured {
    manifest: String,
    enrolled: usize,
    enrolled_with_little_speech: usize,
    strangers: usize,
    probes: usize,
    lengths: Vec<AtLength>,
    /// By the first model; `None` without a calibration.
    simulated_calls: Option<SimulatedCalls>,
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
    pub calibration: Option<&'a Calibrated>,
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
            simulated_calls: a.calibration.and_then(|of| SimulatedCalls::new(cast, of, &draws)),
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
        if self.lengths.iter().all(|at| at.b.is_none()) {
            report::head(f)?;
            self.lengths.iter().try_for_each(|at| report::line(f, &at.a))?;
            report::galleries_head(f)?;
            self.lengths.iter().try_for_each(|at| report::galleries(f, &at.a))?;
        }
        let both = self.lengths.iter().filter_map(|at| Some((&at.a, at.b.as_ref()?)));
        both.into_iter().try_for_each(|(a, b)| comparison::block(f, a, b))?;
        self.simulated_calls.as_ref().map_or(Ok(()), |calls| calls.fmt(f))
    }
}
