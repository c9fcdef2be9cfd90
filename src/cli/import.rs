//! `regulars import`

use std::fs::File;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;

use crate::base::clock;
use crate::config::ConfigArgs;
use crate::store::Store;
use crate::store::import::{ImportOptions, Kind};

#[derive(clap::Args)]
pub struct Args {
    /// What the file holds
    #[arg(value_enum)]
    kind: KindArg,
    /// CSV in UTF-8, comma-separated, with the column names in its first line
    file: PathBuf,
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
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let config = args.config.load()?;
    let name = args.file.display().to_string();
    let file = File::open(&args.file).with_context(|| format!("{name} cannot be read"))?;
    let options = ImportOptions {
        kind: match args.kind {
            KindArg::Customers => Kind::Customers,
            KindArg::Orders => Kind::Orders,
            KindArg::Contacts => Kind::Contacts,
        },
        file: name,
        keep_good: args.keep_good,
        time_zone: config.time_zone,
        country_code: config.sip.country_code,
        now: clock::wall(),
        operator: "command line".to_owned(),
    };
    let report = super::runtime()?.block_on(async {
        let store = Store::open(config.store).await?;
        let report = store.import(file, &options).await;
        store.close().await;
        report
    })?;
    if report.kept {
        println!("{report}");
        Ok(ExitCode::SUCCESS)
    } else {
        eprintln!("{report}");
        Ok(ExitCode::FAILURE)
    }
}
