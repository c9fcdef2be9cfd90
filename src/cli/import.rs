//! `regulars import`

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};

use crate::base::clock;
use crate::config::ConfigArgs;
use crate::store::Store;
use crate::store::import::{ImportOptions, Kind, Mapping};

#[derive(clap::Args)]
pub struct Args {
    /// What the file holds
    #[arg(value_enum)]
    kind: KindArg,
    /// CSV with the column names in its first line; without --map in UTF-8, comma-separated, with our names
    file: PathBuf,
    /// What the file is like and which of its columns are ours: separator, encoding, time format, names
    #[arg(long, value_name = "FILE.toml")]
    map: Option<PathBuf>,
    /// Read and check everything, say what would change, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Keep the good rows of a file that has bad ones
    #[arg(long)]
    keep_good: bool,
    #[command(flatten)]
    config: ConfigArgs,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum KindArg {
    Customers,
    Orders,
    Contacts,
    Products,
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let config = args.config.load()?;
    let kind = match args.kind {
        KindArg::Customers => Kind::Customers,
        KindArg::Orders => Kind::Orders,
        KindArg::Contacts => Kind::Contacts,
        KindArg::Products => Kind::Products,
    };
    let options = ImportOptions {
        kind,
        file: args.file.display().to_string(),
        mapping: args.map.as_deref().map_or_else(|| Ok(Mapping::default()), |file| mapping(kind, file))?,
        keep_good: args.keep_good,
        dry_run: args.dry_run,
        time_zone: config.time_zone,
        country_code: config.sip.country_code,
        now: clock::wall(),
        operator: "command line".to_owned(),
    };
    let file = File::open(&args.file).with_context(|| format!("{} cannot be read", options.file))?;
    let bytes = file.metadata().map_or(0, |of| of.len());
    // Seen on a terminal only.
    let progress = ProgressBar::new(bytes).with_style(ProgressStyle::with_template(PROGRESS)?);
    let report = super::runtime()?.block_on(async {
        let store = Store::open(config.store).await?;
        let report = store.import(progress.wrap_read(file), &options).await;
        store.close().await;
        report
    });
    progress.finish_and_clear();
    let report = report?;
    if report.kept {
        println!("{report}");
        Ok(ExitCode::SUCCESS)
    } else {
        eprintln!("{report}");
        Ok(ExitCode::FAILURE)
    }
}

fn mapping(kind: Kind, file: &Path) -> anyhow::Result<Mapping> {
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file).with_context(|| format!("the mapping {name} cannot be read"))?;
    Ok(Mapping::parse(kind, &name, &text)?)
}

/// The writing ends a little after the reading.
const PROGRESS: &str = "{bar:30} {bytes}/{total_bytes} {bytes_per_sec}, {eta} to go";
