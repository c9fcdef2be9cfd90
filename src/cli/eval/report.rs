//! One model on one manifest: a line a length.

use std::fmt;

use super::bootstrap::{Draws, Estimate, Interval};
use super::figures::{FPIRS, Figures, HOUSEHOLD, TOWN};
use super::trials::Cast;
use crate::voice::Calibration;

pub struct Report {
    people: String,
    enrolled: usize,
    lines: Vec<Figures>,
}

impl Report {
    pub fn new(name: &str, cast: &Cast, calibration: Option<&Calibration>, lengths_ms: &[u32]) -> Self {
        let draws = Draws::of(cast.speakers.len());
        let lines = lengths_ms.iter().map(|ms| Figures::new(cast, calibration, &draws, *ms)).collect();
        Self { people: people(name, cast), enrolled: cast.enrolled.len(), lines }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let among = format!("FNIR % of {HOUSEHOLD}");
        let at = FPIRS.map(|fpir| format!("at FPIR {} %", 100.0 * fpir));
        let (of_town, of_all) = (format!("of {TOWN}"), format!("of {}", self.enrolled));
        writeln!(f, "{}", self.people)?;
        write!(f, "   net  short  mute  {:>17}  {:>19}  {among:>16}  {among:>16}", "EER %", "rank-1 %")?;
        writeln!(f, "  {of_town:>6}  {of_all:>6}  minDCF    Cllr")?;
        write!(f, "speech  {:>11}  {:>17}  {:>19}  {:>16}  {:>16}", "", "", "", at[0], at[1])?;
        writeln!(f, "  {:>14}   (.01)", at[1])?;
        for line in &self.lines {
            write!(f, "{:4.1} s  {:5}  {:4}", f64::from(line.net_speech_ms) / 1000.0, line.shorter, line.mute)?;
            write!(f, "  {:>17}  {:>19}", percent(&line.eer, 2), percent(&line.rank_1, 1))?;
            line.fnir.iter().try_for_each(|fnir| write!(f, "  {:>16}", percent(fnir, 1)))?;
            line.fnir_of_many.iter().try_for_each(|fnir| write!(f, "  {:>6}", number(fnir.map(|x| 100.0 * x), 1)))?;
            writeln!(f, "  {:>6}  {:>6}", number(line.min_dcf, 3), number(line.cllr, 3))?;
        }
        Ok(())
    }
}

/// Who is in a manifest.
pub fn people(name: &str, cast: &Cast) -> String {
    format!(
        "{name}: {} enrolled ({} of them with less speech than enrolment asks for), {} strangers, {} probes",
        cast.enrolled.len(),
        cast.thin,
        cast.strangers,
        cast.probes.len()
    )
}

/// `1.72 [0.80-2.90]`
pub fn percent(estimate: &Estimate, decimals: usize) -> String {
    let value = number(estimate.value.map(|value| 100.0 * value), decimals);
    match estimate.interval() {
        Some(Interval { low, high }) => format!("{value} [{:.decimals$}-{:.decimals$}]", 100.0 * low, 100.0 * high),
        None => value,
    }
}

pub fn number(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(|| "-".into(), |value| format!("{value:.decimals$}"))
}
