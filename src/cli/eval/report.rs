//! One model on one manifest: a line a length, and one a size of gallery.

use std::fmt;

use super::bootstrap::{Estimate, Interval};
use super::figures::{FPIRS, Figures};

pub fn head(f: &mut fmt::Formatter<'_>) -> fmt::Result {
    writeln!(f, "   net  short  mute  {:>17}  {:>19}    d'  minDCF  minCllr    Cllr", "EER %", "rank-1 %")?;
    writeln!(f, "speech  {:>11}  {:>17}  {:>19}         (.01)", "", "", "")
}

pub fn line(f: &mut fmt::Formatter<'_>, line: &Figures) -> fmt::Result {
    write!(f, "{:4.1} s  {:5}  {:4}", f64::from(line.net_speech_ms) / 1000.0, line.shorter, line.mute)?;
    write!(f, "  {:>17}  {:>19}", percent(&line.eer, 2), percent(&line.rank_1, 1))?;
    write!(f, "  {:>4}  {:>6}", number(line.d_prime, 2), number(line.min_dcf, 3))?;
    writeln!(f, "  {:>7}  {:>6}", number(line.min_cllr, 3), number(line.cllr, 3))
}

pub fn galleries_head(f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "   net  {:>14}", "FNIR %")?;
    FPIRS.iter().try_for_each(|fpir| write!(f, "  {:>17}", format!("at FPIR {} %", 100.0 * fpir)))?;
    writeln!(f)
}

pub fn galleries(f: &mut fmt::Formatter<'_>, line: &Figures) -> fmt::Result {
    for of in &line.fnir {
        write!(f, "{:4.1} s  {:>14}", f64::from(line.net_speech_ms) / 1000.0, format!("among {}", of.size))?;
        of.fnir.iter().try_for_each(|fnir| write!(f, "  {:>17}", percent(fnir, 1)))?;
        writeln!(f)?;
    }
    Ok(())
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
