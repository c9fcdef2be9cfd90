//! One model on one manifest: a line a length.

use std::fmt;

use super::bootstrap::{Estimate, Interval};
use super::figures::{FPIRS, Figures, HOUSEHOLD, TOWN};

pub fn head(f: &mut fmt::Formatter<'_>, enrolled: usize) -> fmt::Result {
    let among = format!("FNIR % of {HOUSEHOLD}");
    let at = FPIRS.map(|fpir| format!("at FPIR {} %", 100.0 * fpir));
    let (of_town, of_all) = (format!("of {TOWN}"), format!("of {enrolled}"));
    write!(f, "   net  short  mute  {:>17}  {:>19}  {among:>16}  {among:>16}", "EER %", "rank-1 %")?;
    writeln!(f, "  {of_town:>6}  {of_all:>6}    d'  minDCF    Cllr")?;
    write!(f, "speech  {:>11}  {:>17}  {:>19}  {:>16}  {:>16}", "", "", "", at[0], at[1])?;
    writeln!(f, "  {:>14}  {:>4}   (.01)", at[1], "")
}

pub fn line(f: &mut fmt::Formatter<'_>, line: &Figures) -> fmt::Result {
    write!(f, "{:4.1} s  {:5}  {:4}", f64::from(line.net_speech_ms) / 1000.0, line.shorter, line.mute)?;
    write!(f, "  {:>17}  {:>19}", percent(&line.eer, 2), percent(&line.rank_1, 1))?;
    line.fnir.iter().try_for_each(|fnir| write!(f, "  {:>16}", percent(fnir, 1)))?;
    line.fnir_of_many.iter().try_for_each(|fnir| write!(f, "  {:>6}", number(fnir.map(|x| 100.0 * x), 1)))?;
    writeln!(f, "  {:>4}  {:>6}  {:>6}", number(line.d_prime, 2), number(line.min_dcf, 3), number(line.cllr, 3))
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
