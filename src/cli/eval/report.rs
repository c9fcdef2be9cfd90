//! What is printed, and the file of scores.

use std::fmt;
use std::fs::File;
use std::path::Path;

use anyhow::Context as _;

use super::metrics::Trials;
use super::trials::{Cast, Matrix};
use crate::voice::{Calibration, Llr};

/// One manifest at all lengths.
pub struct Report {
    name: String,
    people: String,
    enrolled: usize,
    rows: Vec<Line>,
}

struct Line {
    net_speech_ms: u32,
    shorter: usize,
    unheard: usize,
    eer: Option<f64>,
    min_dcf: Option<f64>,
    rank_1: Option<f64>,
    /// For galleries of [`GALLERIES`] people and of all.
    fnir: [Option<f64>; 3],
    cllr: Option<f64>,
}

/// A household or a small shop, and a small town's pizzeria.
const GALLERIES: [usize; 2] = [5, 50];
/// Random galleries of each size. More change the figures by less than their own uncertainty.
const DRAWS: usize = 300;
/// Share of target trials in the detection cost (NIST SRE 2016 uses .01 and .005).
const TARGET_PRIOR: f64 = 0.01;
const FPIR: f64 = 0.01;

impl Report {
    pub fn new(name: &str, cast: &Cast, calibration: &Calibration, lengths_ms: &[u32]) -> Self {
        let people = format!(
            "{} enrolled ({} of them with less speech than enrolment asks for), {} strangers, {} probes",
            cast.enrolled.len(),
            cast.thin,
            cast.strangers,
            cast.probes.len()
        );
        let rows = lengths_ms.iter().map(|ms| line(cast, &cast.at(*ms), calibration, *ms)).collect();
        Self { name: name.to_owned(), people, enrolled: cast.enrolled.len(), rows }
    }
}

fn line(cast: &Cast, matrix: &Matrix, calibration: &Calibration, net_speech_ms: u32) -> Line {
    let trials: Trials = matrix.trials(|probe, enrolled| probe.scores[enrolled].0);
    let llrs = matrix.trials(|probe, enrolled| probe.llr(calibration, enrolled).0);
    let everyone: Vec<usize> = (0..cast.enrolled.len()).collect();
    let fnir_of = |size: usize| {
        (size < everyone.len()).then(|| matrix.searches(&draws(everyone.len(), size))).and_then(|s| s.fnir(FPIR))
    };
    Line {
        net_speech_ms,
        shorter: matrix.probes.iter().filter(|probe| probe.short).count(),
        unheard: matrix.probes.iter().filter(|probe| !probe.heard).count(),
        eer: trials.eer(),
        min_dcf: trials.min_dcf(TARGET_PRIOR),
        rank_1: matrix.rank_1(),
        fnir: [
            fnir_of(GALLERIES[0]),
            fnir_of(GALLERIES[1]),
            matrix.searches(std::slice::from_ref(&everyone)).fnir(FPIR),
        ],
        cllr: llrs.cllr(),
    }
}

/// Random galleries, the same at every run.
fn draws(people: usize, size: usize) -> Vec<Vec<usize>> {
    let mut random = SplitMix(people as u64);
    (0..DRAWS)
        .map(|_| {
            let mut everyone: Vec<usize> = (0..people).collect();
            for n in 0..size {
                let other = n + (random.next() % (people - n) as u64) as usize;
                everyone.swap(n, other);
            }
            everyone.truncate(size);
            everyone
        })
        .collect()
}

/// SplitMix64 (Steele, Lea and Flood, 2014): our own, so that no new version of a crate draws other galleries.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = format!("of {}", self.enrolled);
        writeln!(f, "{}: {}", self.name, self.people)?;
        writeln!(f, "   net    probes  without     EER  minDCF  rank-1   FNIR % at FPIR 1 %, gallery    Cllr")?;
        writeln!(f, "  speech  shorter  speech       %   (.01)       %     of 5   of 50  {all:>6}")?;
        for row in &self.rows {
            write!(f, "{:6.1} s  {:7}  {:6}", f64::from(row.net_speech_ms) / 1000.0, row.shorter, row.unheard)?;
            write!(f, "  {}  {}  {}", number(row.eer, 100.0), number(row.min_dcf, 1.0), number(row.rank_1, 100.0))?;
            row.fnir.iter().try_for_each(|fnir| write!(f, "  {}", number(*fnir, 100.0)))?;
            writeln!(f, "  {}", number(row.cllr, 1.0))?;
        }
        Ok(())
    }
}

fn number(value: Option<f64>, times: f64) -> String {
    let decimals = if times == 1.0 { 3 } else { 2 };
    value.map_or_else(|| "     -".into(), |value| format!("{:6.decimals$}", value * times))
}

/// Every probe against everyone enrolled.
pub struct ScoresFile(csv::Writer<File>);

impl ScoresFile {
    pub fn create(path: &Path) -> anyhow::Result<Self> {
        let mut writer = csv::Writer::from_path(path).with_context(|| format!("cannot write {}", path.display()))?;
        writer.write_record(["probe", "speaker", "seconds", "score", "llr"])?;
        Ok(Self(writer))
    }

    pub fn write(&mut self, cast: &Cast, calibration: &Calibration, lengths_ms: &[u32]) -> anyhow::Result<()> {
        for ms in lengths_ms {
            let seconds = format!("{}", f64::from(*ms) / 1000.0);
            for (probe, scored) in cast.probes.iter().zip(&cast.at(*ms).probes) {
                for (n, speaker) in cast.enrolled.iter().enumerate() {
                    let Llr(llr) = scored.llr(calibration, n);
                    let (score, llr) = (format!("{:.6}", scored.scores[n].0), format!("{llr:.4}"));
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
