//! Two models on the same recordings, side by side: what got better, and what got worse.

use std::fmt;

use super::bootstrap::{Estimate, Interval};
use super::figures::{FPIRS, Figures};
use super::report::{number, percent};

/// Which way is better.
#[derive(Clone, Copy, PartialEq)]
enum Better {
    Less,
    More,
}

/// Model A is the one asked about, model B the one it is held against.
pub fn block(f: &mut fmt::Formatter<'_>, a: &Figures, b: &Figures) -> fmt::Result {
    let seconds = f64::from(a.net_speech_ms) / 1000.0;
    let what = format!("{seconds:.1} s net ({} shorter, {} mute)", a.shorter, a.mute);
    writeln!(f, "  {what:30} {:>19} | {:>19} | A - B", "A", "B")?;
    estimates(f, "EER %", [&a.eer, &b.eer], 2, Better::Less)?;
    estimates(f, "rank-1 %", [&a.rank_1, &b.rank_1], 1, Better::More)?;
    for (of_a, of_b) in a.fnir.iter().zip(&b.fnir) {
        for (n, fpir) in FPIRS.iter().enumerate() {
            let name = format!("FNIR % of {} at FPIR {} %", of_a.size, 100.0 * fpir);
            estimates(f, &name, [&of_a.fnir[n], &of_b.fnir[n]], 1, Better::Less)?;
        }
    }
    plain(f, "d'", [a, b].map(|side| number(side.d_prime, 2)))?;
    plain(f, "minDCF (.01)", [a, b].map(|side| number(side.min_dcf, 3)))?;
    plain(f, "minCllr", [a, b].map(|side| number(side.min_cllr, 3)))?;
    plain(f, "Cllr", [a, b].map(|side| number(side.cllr, 3)))
}

fn estimates(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    [a, b]: [&Estimate; 2],
    decimals: usize,
    better: Better,
) -> fmt::Result {
    write!(f, "    {name:28} {:>19} | {:>19} |", percent(a, decimals), percent(b, decimals))?;
    let difference = a.minus(b);
    let Some((value, interval)) = difference.value.zip(difference.interval()) else { return writeln!(f, " -") };
    let Interval { low, high } = interval;
    writeln!(
        f,
        " {:+.decimals$} [{:+.decimals$} to {:+.decimals$}]{}",
        100.0 * value,
        100.0 * low,
        100.0 * high,
        verdict(interval, better)
    )
}

fn plain(f: &mut fmt::Formatter<'_>, name: &str, [a, b]: [String; 2]) -> fmt::Result {
    // Under the values of the figures that have an interval, which is 12 places wide or more.
    writeln!(f, "    {name:28} {a:>19} | {b:>19} |")
}

fn verdict(difference: Interval, better: Better) -> &'static str {
    match (difference.low > 0.0, difference.high < 0.0, better) {
        (true, _, Better::Less) | (_, true, Better::More) => "  WORSE",
        (_, true, Better::Less) | (true, _, Better::More) => "  better",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_interval_without_zero_is_a_verdict() {
        let between = |low, high, better| verdict(Interval { low, high }, better).trim();
        assert_eq!(between(0.001, 0.01, Better::Less), "WORSE");
        assert_eq!(between(-0.01, -0.001, Better::Less), "better");
        assert_eq!(between(0.001, 0.01, Better::More), "better");
        assert_eq!(between(-0.01, -0.001, Better::More), "WORSE");
        for better in [Better::Less, Better::More] {
            assert_eq!(between(-0.01, 0.01, better), "");
            assert_eq!(between(0.0, 0.01, better), "", "touching zero");
            assert_eq!(between(0.0, 0.0, better), "");
        }
    }
}
