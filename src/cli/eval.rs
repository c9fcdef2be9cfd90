//! `regulars eval voice`: how well are people recognised on these recordings?

mod fit;
mod manifest;
mod metrics;
mod recordings;
mod report;
mod trials;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;

use crate::voice::enroll::USABLE_MS;
use crate::voice::{Calibration, Embedder, Wccn};
use report::Report;
use trials::Cast;

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Recognition by voice, from a list of recordings
    Voice(VoiceArgs),
}

#[derive(clap::Args)]
struct VoiceArgs {
    /// CSV with the header speaker,role,call,file; role is enroll or probe, files are relative to the CSV.
    /// A speaker with probes and no enroll row is a stranger
    #[arg(required = true, value_name = "MANIFEST.csv")]
    manifests: Vec<PathBuf>,
    /// Net speech of a probe at which to measure, in seconds
    #[arg(long, value_delimiter = ',', default_value = "3,5,10")]
    seconds: Vec<f64>,
    /// Write probe,speaker,seconds,score,llr for every probe against everyone enrolled
    #[arg(long, value_name = "OUT.csv")]
    scores: Option<PathBuf>,
    /// Fit the channel normalisation on recordings that are in several manifests under one `call`, once a kind of line,
    /// write it, and stop
    #[arg(long, value_name = "OUT.wccn", conflicts_with_all = ["fit_calibration", "scores"])]
    fit_wccn: Option<PathBuf>,
    /// Fit a calibration on all the manifests together and write it
    #[arg(long, value_name = "OUT.toml", requires = "attribution")]
    fit_calibration: Option<PathBuf>,
    /// Whose recordings the calibration is fitted on, and under which licence
    #[arg(long, value_name = "TEXT")]
    attribution: Option<String>,
    /// Folder with ge2e.onnx, ge2e.golden.json, ge2e.wccn and ge2e.calibration.toml instead of those inside the program
    #[arg(long, value_name = "FOLDER")]
    model_dir: Option<PathBuf>,
    /// Threads for the front-end and the model
    #[arg(long, default_value_t = std::thread::available_parallelism().map_or(1, usize::from))]
    threads: usize,
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let What::Voice(args) = args.what;
    let lengths_ms = lengths_ms(&args.seconds)?;
    let embedder = embedder(&args)?;
    let mut casts = Vec::new();
    for path in &args.manifests {
        let rows = manifest::read(path)?;
        let files: Vec<&Path> = rows.iter().map(|row| row.file.as_path()).collect();
        let heard = recordings::hear_all(&embedder, &files, args.threads)?;
        let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        casts.push((name, Cast::new(embedder.model(), &rows, heard, USABLE_MS)?));
    }
    if let Some(out) = &args.fit_wccn {
        return fit_wccn(&embedder, &casts, out);
    }
    let calibration = match (&args.fit_calibration, &args.attribution) {
        (Some(out), Some(attribution)) => {
            let fitted = fit::fit(embedder.model(), &casts, attribution)?;
            std::fs::write(out, fitted.to_toml()?).with_context(|| format!("cannot write {}", out.display()))?;
            println!("{fitted}");
            fitted.calibration
        }
        _ => stored_calibration(args.model_dir.as_deref(), &embedder)?,
    };
    let mut scores = args.scores.as_deref().map(report::ScoresFile::create).transpose()?;
    for (name, cast) in &casts {
        let report = Report::new(name, cast, &calibration, &lengths_ms);
        print!("{report}");
        if let Some(scores) = &mut scores {
            scores.write(cast, &calibration, &lengths_ms)?;
        }
    }
    scores.map(report::ScoresFile::finish).transpose()?;
    Ok(ExitCode::SUCCESS)
}

fn lengths_ms(seconds: &[f64]) -> anyhow::Result<Vec<u32>> {
    for s in seconds {
        anyhow::ensure!((0.1..=3600.0).contains(s), "--seconds {s}: it must lie between 0.1 and 3600");
    }
    Ok(seconds.iter().map(|s| (s * 1000.0).round() as u32).collect())
}

/// The bare network while its normalisation is being fitted.
fn embedder(args: &VoiceArgs) -> anyhow::Result<Embedder> {
    let (model, golden, wccn) = match &args.model_dir {
        Some(folder) => {
            let file = |name: &str| {
                let path = folder.join(name);
                std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
            };
            let wccn = if args.fit_wccn.is_some() { Vec::new() } else { file("ge2e.wccn")? };
            (file("ge2e.onnx")?, file("ge2e.golden.json")?, wccn)
        }
        None => (
            include_bytes!("../../models/ge2e.onnx").to_vec(),
            include_bytes!("../../models/ge2e.golden.json").to_vec(),
            include_bytes!("../../models/ge2e.wccn").to_vec(),
        ),
    };
    let bare = Embedder::from_bytes(&model, &golden)?;
    Ok(if args.fit_wccn.is_some() { bare } else { bare.with_wccn(&wccn)? })
}

fn fit_wccn(embedder: &Embedder, casts: &[(String, Cast)], out: &Path) -> anyhow::Result<ExitCode> {
    let utterances = trials::utterances(casts);
    let wccn = Wccn::fit(embedder.model_sha256(), &utterances)
        .context("no call is in more than one manifest, so there are no differences between lines to learn")?;
    std::fs::write(out, wccn.to_bytes()).with_context(|| format!("cannot write {}", out.display()))?;
    println!("channel normalisation fitted on {} utterances", utterances.len());
    Ok(ExitCode::SUCCESS)
}

fn stored_calibration(folder: Option<&Path>, embedder: &Embedder) -> anyhow::Result<Calibration> {
    let text = match folder {
        Some(folder) => {
            let file = folder.join("ge2e.calibration.toml");
            std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?
        }
        None => include_str!("../../models/ge2e.calibration.toml").to_owned(),
    };
    let calibration = Calibration::parse(&text)?;
    calibration.must_be_for(embedder.model())?;
    Ok(calibration)
}
