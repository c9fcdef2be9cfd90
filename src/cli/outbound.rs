//! `regulars outbound`: a list before it goes out. Who has a complaint open or fresh, or has heard from us enough, stays off it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use jiff::Timestamp;

use crate::base::{Pii, UnixMillis, clock, nearest};
use crate::config::ConfigArgs;
use crate::customer::care::{Limits, Veto};
use crate::customer::{Channel, CustomerId};
use crate::store::Store;

#[derive(clap::Args)]
pub struct Args {
    /// CSV in UTF-8 with a column customer_id; the others go along as they are
    file: PathBuf,
    /// Gets the rows of those who may be contacted
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Gets customer_id, reason and until of the rest [default: beside --out, with the ending .left-out.csv]
    #[arg(long, value_name = "FILE")]
    reasons: Option<PathBuf>,
    /// Note each of those as contacted by us now, on this channel, so that the next list knows: phone, web, email, shop or delivery
    #[arg(long, value_name = "CHANNEL", requires = "what")]
    record: Option<String>,
    /// What they are told, in a few words, for their contacts
    #[arg(long, value_name = "TEXT", requires = "record")]
    what: Option<String>,
    #[command(flatten)]
    config: ConfigArgs,
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let config = args.config.load()?;
    let record = match (&args.record, &args.what) {
        (Some(word), Some(what)) => Some((channel(word)?, what.as_str())),
        _ => None,
    };
    let reasons = args.reasons.clone().unwrap_or_else(|| args.out.with_extension("left-out.csv"));
    for written in [&args.out, &reasons] {
        if same_file(written, &args.file) {
            bail!("{} would be written over by its own outcome; choose another file", args.file.display());
        }
    }
    let list = csv::ReaderBuilder::new().from_reader(open(&args.file)?);
    let allowed = csv::Writer::from_writer(create(&args.out)?);
    let left_out = csv::Writer::from_writer(create(&reasons)?);
    let sieve = Sieve { limits: config.care.limits, record, allowed, left_out, counts: Counts::default() };
    let counts = super::runtime()?.block_on(async {
        let store = Store::open(config.store).await?;
        let counts = sieve.run(list, &store).await.with_context(|| args.file.display().to_string());
        store.close().await;
        counts
    })?;
    println!("{}: {} may be contacted", args.out.display(), counts.allowed);
    println!("{}: {} are left out, {} of them unknown", reasons.display(), counts.left_out, counts.unknown);
    Ok(ExitCode::SUCCESS)
}

struct Sieve<'a> {
    limits: Limits,
    /// On which channel, and what they are told.
    record: Option<(Channel, &'a str)>,
    allowed: csv::Writer<File>,
    left_out: csv::Writer<File>,
    counts: Counts,
}

#[derive(Default)]
struct Counts {
    allowed: u64,
    left_out: u64,
    unknown: u64,
}

impl Sieve<'_> {
    /// Row by row: a list may be longer than memory.
    async fn run(mut self, mut list: csv::Reader<File>, store: &Store) -> anyhow::Result<Counts> {
        let header = list.byte_headers()?.clone();
        let names: Vec<String> =
            header.iter().map(|name| String::from_utf8_lossy(name).trim().to_ascii_lowercase()).collect();
        let Some(at) = names.iter().position(|name| name == COLUMN) else {
            let known: Vec<&str> = names.iter().map(String::as_str).collect();
            match nearest(COLUMN, &known) {
                Some(near) => bail!("the first line names no column {COLUMN}; is it {near:?}?"),
                None => bail!("the first line names no column {COLUMN}"),
            }
        };
        self.allowed.write_byte_record(&header)?;
        self.left_out.write_record([COLUMN, "reason", "until"])?;
        let mut row = csv::ByteRecord::new();
        while list.read_byte_record(&mut row)? {
            let id = String::from_utf8_lossy(row.get(at).unwrap_or_default()).trim().to_owned();
            if row.iter().all(|field| field.trim_ascii().is_empty()) {
                continue;
            }
            let (customer, now) = (CustomerId::new(id.as_str()), clock::wall());
            match store.may_contact(&customer, &self.limits, now).await? {
                Some(Ok(())) => {
                    if let Some((channel, what)) = self.record {
                        store.record_outbound(&customer, channel, Pii::new(what.to_owned()), now).await?;
                    }
                    self.allowed.write_byte_record(&row)?;
                    self.counts.allowed += 1;
                }
                Some(Err(veto)) => self.leave_out(&id, &veto)?,
                None => {
                    self.counts.unknown += 1;
                    self.leave_out(&id, &Veto { reason: UNKNOWN.to_owned(), until: None })?;
                }
            }
        }
        self.allowed.flush()?;
        self.left_out.flush()?;
        Ok(self.counts)
    }

    fn leave_out(&mut self, id: &str, veto: &Veto) -> anyhow::Result<()> {
        self.counts.left_out += 1;
        let until = veto.until.map(instant).unwrap_or_default();
        Ok(self.left_out.write_record([id, &veto.reason, &until])?)
    }
}

/// RFC 3339; empty for a time that no calendar holds.
fn instant(at: UnixMillis) -> String {
    Timestamp::from_millisecond(at.0).map(|at| at.to_string()).unwrap_or_default()
}

fn channel(word: &str) -> anyhow::Result<Channel> {
    let known = Channel::ALL.map(Channel::as_str);
    Channel::parse(word).with_context(|| format!("--record is one of {}, not {word:?}", known.join(", ")))
}

fn open(path: &Path) -> anyhow::Result<File> {
    File::open(path).with_context(|| format!("{} cannot be read", path.display()))
}

fn create(path: &Path) -> anyhow::Result<File> {
    File::create(path).with_context(|| format!("{} cannot be written", path.display()))
}

fn same_file(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

const COLUMN: &str = "customer_id";
const UNKNOWN: &str = "There is no such customer in the books.";
