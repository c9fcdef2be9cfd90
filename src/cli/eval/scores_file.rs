//! The file of scores: every probe against everyone enrolled.

use std::fs::File;
use std::path::Path;

use anyhow::Context as _;

use super::calibrated::Calibrated;
use super::trials::Cast;
use crate::voice::Llr;

pub struct ScoresFile(csv::Writer<File>);

impl ScoresFile {
    pub fn create(path: &Path) -> anyhow::Result<Self> {
        let mut writer = csv::Writer::from_path(path).with_context(|| format!("cannot write {}", path.display()))?;
        writer.write_record(["probe", "speaker", "seconds", "score", "llr"])?;
        Ok(Self(writer))
    }

    /// Without a calibration the last column is empty.
    pub fn write(&mut self, cast: &Cast, calibration: Option<&Calibrated>, lengths_ms: &[u32]) -> anyhow::Result<()> {
        for ms in lengths_ms {
            let seconds = format!("{}", f64::from(*ms) / 1000.0);
            let matrix = cast.at(*ms);
            for (probe, scored) in cast.probes.iter().zip(&matrix.probes) {
                for (n, speaker) in cast.enrolled.iter().enumerate() {
                    let llr = calibration.map(|calibration| calibration.llr(&matrix, scored, n));
                    let llr = llr.map_or_else(String::new, |Llr(llr)| format!("{llr:.4}"));
                    let score = format!("{:.6}", scored.scores[n].0);
                    self.0.write_record([&probe.name, speaker, &seconds, &score, &llr])?;
                }
            }
        }
        Ok(())
    }

    pub fn finish(mut self) -> anyhow::Result<()> {
        self.0.flush().context("cannot write the scores")
    }
}
