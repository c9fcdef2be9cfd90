//! `regulars export`

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use serde_json::Value;

use crate::base::clock;
use crate::config::ConfigArgs;
use crate::customer::CustomerId;
use crate::desk::consent_script;
use crate::store::Store;
use crate::store::export::{Export, ExportedTable};

#[derive(clap::Args)]
pub struct Args {
    /// The customer's key, as imported; of a double, the party's whole data is written
    customer: String,
    #[arg(long, value_enum, default_value = "json")]
    format: Format,
    /// A new file for JSON (else it goes to standard output), a folder for CSV, which is a file for each table
    #[arg(long, value_name = "PATH", required_if_eq("format", "csv"))]
    out: Option<PathBuf>,
    /// Who of us does this: it stands in the audit
    #[arg(long, value_name = "NAME")]
    operator: String,
    #[command(flatten)]
    config: ConfigArgs,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Format {
    Json,
    Csv,
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let config = args.config.load()?;
    let mut export = super::runtime()?.block_on(async {
        let store = Store::open(config.store).await?;
        let export = store.export(&CustomerId::new(args.customer), &args.operator, clock::wall()).await;
        store.close().await;
        export
    })?;
    export.tables.iter_mut().filter(|table| table.name == "consents").for_each(add_words);
    match (args.format, args.out) {
        (Format::Json, None) => write_json(&export, io::stdout().lock())?,
        (Format::Json, Some(file)) => write_json(&export, create(&file)?)?,
        (Format::Csv, Some(folder)) => {
            fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
            for table in &export.tables {
                write_csv(table, create(&folder.join(format!("{}.csv", table.name)))?)?;
            }
        }
        (Format::Csv, None) => anyhow::bail!("CSV is a file for each table: name a folder with --out"),
    }
    Ok(ExitCode::SUCCESS)
}

/// What was read to the customer, beside its id.
fn add_words(consents: &mut ExportedTable) {
    let Some(script) = consents.columns.iter().position(|column| *column == "script") else { return };
    consents.columns.push("words");
    for row in &mut consents.rows {
        let words = row[script].as_str().and_then(consent_script::by_id).map(|script| script.text);
        row.push(words.into());
    }
}

/// For nobody else's eyes, and over no other file.
fn create(path: &Path) -> anyhow::Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("{} cannot be made", path.display()))
}

fn write_json(export: &Export, mut to: impl Write) -> anyhow::Result<()> {
    serde_json::to_writer_pretty(&mut to, export)?;
    writeln!(to)?;
    Ok(())
}

fn write_csv(table: &ExportedTable, to: File) -> anyhow::Result<()> {
    let mut csv = csv::Writer::from_writer(to);
    csv.write_record(&table.columns)?;
    for row in &table.rows {
        csv.write_record(row.iter().map(field))?;
    }
    csv.flush()?;
    Ok(())
}

/// A list as `regulars import` reads it; nothing for what is not there.
fn field(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().map(field).collect::<Vec<_>>().join(";"),
        other => other.to_string(),
    }
}
