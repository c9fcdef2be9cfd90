//! What an import is told, and what it tells.

use std::fmt;

use jiff::tz::TimeZone;

use super::row::BadField;
use super::{Kind, Mapping};
use crate::base::UnixMillis;
use crate::store::Outcome;

#[derive(Clone, Debug)]
pub struct ImportOptions {
    pub kind: Kind,
    /// Name of the file, for the report.
    pub file: String,
    /// What the file is like, and what its columns are called.
    pub mapping: Mapping,
    /// Keep the good rows of a file that has bad ones.
    pub keep_good: bool,
    /// Read and check everything, and write nothing.
    pub dry_run: bool,
    /// The shop's own, for times without an offset.
    pub time_zone: TimeZone,
    /// Such as "49", for numbers in national form.
    pub country_code: Option<String>,
    /// Later than this is the future.
    pub now: UnixMillis,
    /// Who imports, for the audit.
    pub operator: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportReport {
    pub file: String,
    /// Rows after the header, empty ones left out.
    pub rows: u64,
    pub bad_rows: u64,
    /// The first twenty bad rows.
    pub bad: Vec<BadRow>,
    /// Good rows that were not known before.
    pub new: u64,
    /// Good rows that differ from what was stored. A row of an order is its line, and the first one its customer and time too.
    pub changed: u64,
    /// Good rows that say what was stored already.
    pub unchanged: u64,
    /// Lines of orders that the file has without them.
    pub lines_gone: u64,
    /// Numbers that more than one customer has, in the whole store: families, offices, or a slip in the file.
    pub shared_numbers: u64,
    /// False when a bad row made the whole file be left out.
    pub kept: bool,
    /// Nothing was written, whatever `kept` says.
    pub dry_run: bool,
}

/// What a good row did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    New,
    Changed,
    Unchanged,
}

impl From<Outcome> for Written {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Created => Written::New,
            Outcome::Updated => Written::Changed,
            Outcome::Unchanged => Written::Unchanged,
        }
    }
}

/// A row that could not be used, without a word of its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRow {
    /// Counted from 1, as an editor shows it.
    pub line: u64,
    /// `None`: the row as a whole.
    pub column: Option<&'static str>,
    pub reason: String,
}

impl ImportReport {
    /// Bad rows beyond this many are counted only: who has 20 wrong rows has one wrong export.
    pub const SHOWN: usize = 20;

    pub(super) fn new(options: &ImportOptions) -> Self {
        Self {
            file: options.file.clone(),
            rows: 0,
            bad_rows: 0,
            bad: Vec::new(),
            new: 0,
            changed: 0,
            unchanged: 0,
            lines_gone: 0,
            shared_numbers: 0,
            kept: false,
            dry_run: options.dry_run,
        }
    }

    pub(super) fn add(&mut self, line: u64, outcome: Result<Written, BadField>) {
        match outcome {
            Ok(Written::New) => self.new += 1,
            Ok(Written::Changed) => self.changed += 1,
            Ok(Written::Unchanged) => self.unchanged += 1,
            Err(bad) => {
                self.bad_rows += 1;
                if self.bad.len() < Self::SHOWN {
                    self.bad.push(BadRow { line, column: bad.column, reason: bad.reason });
                }
            }
        }
    }

    pub fn rows_kept(&self) -> u64 {
        if self.kept { self.rows - self.bad_rows } else { 0 }
    }
}

/// One line for each bad row that is shown, and a line of summary.
impl fmt::Display for ImportReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for bad in &self.bad {
            write!(f, "{}:{}: ", self.file, bad.line)?;
            if let Some(column) = bad.column {
                write!(f, "column {column}: ")?;
            }
            writeln!(f, "{}", bad.reason)?;
        }
        let more = self.bad_rows - self.bad.len() as u64;
        if more > 0 {
            writeln!(f, "{}: {} not shown", self.file, Rows(more, "more bad "))?;
        }
        let kept = if self.dry_run { "would be kept" } else { "kept" };
        write!(f, "{}: ", self.file)?;
        match (self.bad_rows, self.kept) {
            (0, _) => write!(f, "{} {kept}", Rows(self.rows, ""))?,
            (bad, true) => {
                write!(f, "{} {kept}, {} left out", Rows(self.rows_kept(), "good "), Rows(bad, "bad "))?;
            }
            (bad, false) => write!(
                f,
                "nothing {}, since {bad} of {} cannot be used; correct the file, or keep the good ones with --keep-good",
                if self.dry_run { "would be kept" } else { "was kept" },
                Rows(self.rows, "")
            )?,
        }
        if self.kept || self.dry_run {
            write!(f, " ({} new, {} changed, {} unchanged)", self.new, self.changed, self.unchanged)?;
        }
        if self.lines_gone > 0 {
            write!(f, "; order lines gone that the file no longer has: {}", self.lines_gone)?;
        }
        if self.shared_numbers > 0 {
            write!(f, "; numbers that several customers have: {}", self.shared_numbers)?;
        }
        if self.dry_run {
            write!(f, "; a dry run: nothing was written")?;
        }
        Ok(())
    }
}

struct Rows(u64, &'static str);

impl fmt::Display for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.0, self.1, if self.0 == 1 { "row" } else { "rows" })
    }
}
