//! `regulars eval`: how well does it do on data of your own? `voice`: how well are people recognised on these recordings?

mod biquad;
mod bootstrap;
mod calibrated;
mod comparison;
mod condition;
mod figures;
mod fit;
mod manifest;
mod measured;
mod orders;
pub(super) mod plots;
mod ranking;
mod recordings;
mod report;
mod scores_file;
mod simulated_calls;
mod trials;
mod value;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;

use crate::voice::enroll::USABLE_MS;
use crate::voice::{Embedder, ModelSource, Wccn};
use calibrated::Calibrated;
use condition::{Condition, Lines};
use figures::FPIRS;
use manifest::Row;
use measured::{Measured, Side};
use recordings::Heard;
use scores_file::ScoresFile;
use trials::{Cast, FOLDS};

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Recognition by voice, from a list of recordings
    Voice(Box<VoiceArgs>),
    /// The likely order, from a history of orders
    Orders(orders::Args),
    /// When customers will order, whether they are still there and what they are worth, from a list of orders
    Value(value::Args),
}

#[derive(clap::Args)]
#[command(after_long_help = COLUMNS)]
struct VoiceArgs {
    /// CSV with the header speaker,role,call,file; role is enroll or probe, files are relative to the CSV.
    /// A speaker with probes and no enroll row is a stranger
    #[arg(required = true, value_name = "MANIFEST.csv")]
    manifests: Vec<PathBuf>,
    /// Net speech of a probe at which to measure, in seconds
    #[arg(long, value_delimiter = ',', default_value = "3,5,10")]
    seconds: Vec<f64>,
    /// The model to measure: a name inside the program, or a folder
    #[arg(long, value_name = "MODEL", default_value_t = ModelSource::default().name().into_owned())]
    model: String,
    /// Measure this model on the same recordings too, and show both side by side
    #[arg(long, value_name = "MODEL")]
    against: Option<String>,
    /// Take the network alone, without the normalisation and the calibration that were fitted to it
    #[arg(long, conflicts_with_all = ["fit_wccn", "fit_calibration"])]
    bare: bool,
    /// Score every trial under a channel normalisation and a calibration that were fitted on other speakers than its two,
    /// as --fit-wccn and --fit-calibration fit them: what a fit on these very people can honestly claim
    #[arg(long, conflicts_with_all = ["bare", "fit_wccn", "fit_calibration"])]
    cross_validate: bool,
    /// Take the recordings as clean speech and send each over a simulated line, drawn by its file's name; several may be
    /// named, and every manifest is measured over each
    #[arg(long, value_delimiter = ',', value_name = "tel|tn|tx")]
    condition: Vec<Condition>,
    /// Use only the first N enroll rows of a speaker, such as 1 for enrolment in one call [default: all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    enroll_calls: Option<u32>,
    /// Write probe,speaker,seconds,score,llr for every probe against everyone enrolled, by --model
    #[arg(long, value_name = "OUT.csv")]
    scores: Option<PathBuf>,
    /// Write all figures as JSON too; rates there are shares of 1
    #[arg(long, value_name = "OUT.json")]
    json: Option<PathBuf>,
    /// Draw DET curves and the distributions of scores into this folder, as SVG
    #[arg(long, value_name = "FOLDER")]
    plots: Option<PathBuf>,
    /// Fit the channel normalisation on recordings that are in several manifests under one `call`, once a kind of line,
    /// write it, and stop
    #[arg(long, value_name = "OUT.wccn", conflicts_with_all = ["fit_calibration", "scores", "json", "against"])]
    fit_wccn: Option<PathBuf>,
    /// Fit a calibration on all the manifests together, write it, and measure as with --cross-validate
    #[arg(long, value_name = "OUT.toml", requires = "attribution", conflicts_with = "against")]
    fit_calibration: Option<PathBuf>,
    /// Whose recordings the calibration is fitted on, and under which licence
    #[arg(long, value_name = "TEXT", requires = "fit_calibration")]
    attribution: Option<String>,
    /// What the recordings are that the calibration is fitted on [default: the manifests' names]
    #[arg(long, value_name = "TEXT", requires = "fit_calibration")]
    data: Option<String>,
    /// Threads for the front-end and the model
    #[arg(long, default_value_t = std::thread::available_parallelism().map_or(1, usize::from))]
    threads: usize,
}

/// What `--help` says of the figures.
const COLUMNS: &str = "\
Figures, at each length of net speech (pauses do not count):
  short   probes with less speech than that, which are taken whole
  mute    probes in which no speech was found; each is a miss
  EER     equal error rate over all pairs of a probe and a print
  rank-1  share of probes whose own print scores highest of all
  FNIR    share of searches in a gallery of so many people that do not end with the right name, at
          the threshold that lets that share of strangers' searches (FPIR) end with a name; the mean
          over every gallery of that size
  d'      distance between the scores of one person and of two, in their mean width; it counts every
          trial and not only those near a threshold, and so varies least by chance
  minDCF  lowest detection cost at 1 % target trials; 1 is that of always saying no
  Cllr    cost of the calibrated likelihood ratios in bits; 1 is that of saying nothing
  minCllr what the best calibration of these very trials would cost; Cllr cannot be below it

In brackets are 95 % intervals by speaker. As many speakers as there are get drawn with replacement,
2,000 times over; a trial of two counts with the product of how often each was drawn. For rank-1 the
callers are drawn and the gallery stays. An interval says how a figure varies with other speakers
like these, and nothing of other lines or languages. Where no error was seen it has no width;
with N speakers an error rate of up to 3/N is possible all the same.

With --against, A is --model and B the other. A - B is taken draw by draw, between the same speakers,
and so is surer than A and B by themselves. WORSE or better stands where its interval leaves out
zero. Of twenty figures that are equal in truth, about one gets such a mark by chance.";

/// A model that is measured.
struct System {
    source: ModelSource,
    embedder: Embedder,
}

/// One manifest, through all the systems.
struct Recordings {
    name: String,
    rows: Vec<Row>,
    by_system: Vec<Vec<Heard>>,
}

/// Each manifest's name and people, as one system heard them.
type Casts = Vec<(String, Cast)>;

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let args = match args.what {
        What::Voice(args) => *args,
        What::Orders(args) => return orders::run(&args),
        What::Value(args) => return value::run(args),
    };
    let lengths_ms = lengths_ms(&args.seconds)?;
    let systems = [Some(&args.model), args.against.as_ref()];
    let systems: Vec<System> =
        systems.into_iter().flatten().map(|name| System::load(name, &args)).collect::<anyhow::Result<_>>()?;
    let recordings = hear(&args, &systems)?;
    let casts = |n: usize| systems[n].casts(n, &recordings, args.is_cross_validated());
    let heard: Vec<Casts> = (0..systems.len()).map(casts).collect::<anyhow::Result<_>>()?;
    if let Some(out) = &args.fit_wccn {
        return fit_wccn(&systems[0].embedder, &heard[0], out);
    }
    let calibrations = calibrations(&args, &systems, &heard)?;
    for (letter, system) in ["A: ", "B: "].iter().zip(&systems) {
        let letter = if systems.len() > 1 { letter } else { "" };
        println!("{letter}{} ({})", system.source, system.embedder.model());
    }
    let mut measured = Vec::new();
    for (n, (name, _)) in heard[0].iter().enumerate() {
        let side = |system: usize| Side { cast: &heard[system][n].1, calibration: calibrations[system].as_ref() };
        let against = (systems.len() > 1).then(|| side(1));
        measured.push(Measured::new(name, &side(0), against.as_ref(), &lengths_ms));
        print!("{}", measured[n]);
    }
    if let Some(out) = &args.json {
        let models: Vec<_> = systems.iter().map(|system| system.embedder.model().to_string()).collect();
        // What the figures leave unsaid: the shares of false alarms.
        let figures = serde_json::json!({ "models": models, "fpirs": FPIRS, "manifests": measured });
        std::fs::write(out, format!("{figures:#}\n")).with_context(|| format!("cannot write {}", out.display()))?;
    }
    if let Some(folder) = &args.plots {
        for (name, cast) in &heard[0] {
            plots::draw(folder, name, cast, calibrations[0].as_ref(), &lengths_ms)?;
        }
    }
    if let Some(out) = &args.scores {
        let mut scores = ScoresFile::create(out)?;
        for (_, cast) in &heard[0] {
            scores.write(cast, calibrations[0].as_ref(), &lengths_ms)?;
        }
        scores.finish()?;
    }
    Ok(ExitCode::SUCCESS)
}

impl VoiceArgs {
    /// Whether every trial is scored by what was fitted on others than its two speakers. A calibration is fitted on such
    /// scores too: the scores of people whose own recordings shaped the normalisation are better than a caller's will be.
    fn is_cross_validated(&self) -> bool {
        let lines = self.manifests.len() * self.condition.len().max(1);
        self.cross_validate || (self.fit_calibration.is_some() && lines > 1)
    }
}

impl System {
    fn load(name: &str, args: &VoiceArgs) -> anyhow::Result<Self> {
        let source: ModelSource = name.parse()?;
        let bare = args.bare || args.is_cross_validated() || args.fit_wccn.is_some();
        let embedder = if bare { source.network()? } else { source.embedder()? };
        Ok(Self { source, embedder })
    }

    /// Of `recordings` as this system, the `n`th, heard them.
    fn casts(&self, n: usize, recordings: &[Recordings], cross_validate: bool) -> anyhow::Result<Casts> {
        let model = self.embedder.model();
        let cast = |of: &Recordings, heard| Cast::new(model, &of.rows, heard, USABLE_MS);
        let named = |of: &Recordings| Ok((of.name.clone(), cast(of, of.by_system[n].clone())?));
        let mut casts: Casts = recordings.iter().map(named).collect::<anyhow::Result<_>>()?;
        if cross_validate {
            for folds in (0..FOLDS).flat_map(|a| (a..FOLDS).map(move |b| [a, b])) {
                let utterances = trials::utterances(&casts, &folds);
                let wccn = Wccn::fit(self.embedder.model_sha256(), &utterances).context(NO_LINES)?;
                for ((_, whole), of) in casts.iter_mut().zip(recordings) {
                    let heard = of.by_system[n].iter().map(|heard| heard.normalised(&wccn)).collect::<Option<_>>();
                    whole.refit(folds, cast(of, heard.context("a window has no embedding")?)?);
                }
            }
        }
        Ok(casts)
    }
}

const NO_LINES: &str = "no call is in more than one manifest, so there are no differences between lines to learn";

fn lengths_ms(seconds: &[f64]) -> anyhow::Result<Vec<u32>> {
    for s in seconds {
        anyhow::ensure!((0.1..=3600.0).contains(s), "--seconds {s}: it must lie between 0.1 and 3600");
    }
    Ok(seconds.iter().map(|s| (s * 1000.0).round() as u32).collect())
}

/// Every recording once, through all the systems.
fn hear(args: &VoiceArgs, systems: &[System]) -> anyhow::Result<Vec<Recordings>> {
    let embedders: Vec<&Embedder> = systems.iter().map(|system| &system.embedder).collect();
    let as_they_are = [None];
    let conditions: Vec<_> = args.condition.iter().copied().map(Some).collect();
    let conditions = if conditions.is_empty() { &as_they_are[..] } else { &conditions };
    let hear_one = |path: &PathBuf, condition: Option<Condition>| {
        let mut rows = manifest::read(path)?;
        if let Some(calls) = args.enroll_calls {
            rows = manifest::with_enroll_calls(rows, calls as usize);
        }
        let babble = if condition.is_some() { recordings::voices(&rows, BABBLE_SPEAKERS)? } else { Vec::new() };
        let lines = condition.map(|condition| Lines { condition, babble: &babble });
        let by_system = recordings::hear_all(&embedders, &rows, lines.as_ref(), args.threads)?;
        let mut name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        if let Some(condition) = condition {
            name = format!("{name} as {condition}");
        }
        Ok(Recordings { name, rows, by_system })
    };
    let pairs = args.manifests.iter().flat_map(|path| conditions.iter().map(move |condition| (path, *condition)));
    pairs.map(|(path, condition)| hear_one(path, condition)).collect()
}

/// Voices that babble is drawn from.
const BABBLE_SPEAKERS: usize = 24;

fn fit_wccn(embedder: &Embedder, casts: &[(String, Cast)], out: &Path) -> anyhow::Result<ExitCode> {
    let utterances = trials::utterances(casts, &[]);
    let wccn = Wccn::fit(embedder.model_sha256(), &utterances).context(NO_LINES)?;
    std::fs::write(out, wccn.to_bytes()).with_context(|| format!("cannot write {}", out.display()))?;
    println!("channel normalisation fitted on {} utterances", utterances.len());
    Ok(ExitCode::SUCCESS)
}

/// One a system: the stored one, those of a cross-validation, or none.
fn calibrations(args: &VoiceArgs, systems: &[System], heard: &[Casts]) -> anyhow::Result<Vec<Option<Calibrated>>> {
    let of = |(system, casts): (&System, &Casts)| {
        if args.bare {
            return Ok(None);
        }
        if !args.is_cross_validated() && args.fit_calibration.is_none() {
            return Ok(Some(Calibrated::By(system.source.calibration(system.embedder.model())?)));
        }
        let attribution = args.attribution.as_deref().unwrap_or_default();
        let origin = fit::Origin { data: args.data.as_deref(), attribution };
        let model = if args.fit_calibration.is_some() { &system.source.id()? } else { system.embedder.model() };
        let fitted = fit::fit(model, casts, &origin)?;
        if let Some(out) = &args.fit_calibration {
            std::fs::write(out, fitted.to_toml()?).with_context(|| format!("cannot write {}", out.display()))?;
        }
        println!("{fitted}");
        Ok(Some(Calibrated::CrossValidated(fitted.by_folds)))
    };
    systems.iter().zip(heard).map(of).collect()
}
