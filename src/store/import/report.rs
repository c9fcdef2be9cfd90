//! What an import is told, and what it tells.

use std::fmt;

use jiff::tz::TimeZone;

use super::Kind;
use crate::base::UnixMillis;

#[derive(Clone, Debug)]
pub struct ImportOptions {
    pub kind: Kind,
    /// Name of the file, for the report.
    pub file: String,
    /// Keep the good rows of a file that has bad ones.
    pub keep_good: bool,
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
    /// False when a bad row made the whole file be left out.
    pub kept: bool,
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
        match (self.bad_rows, self.kept) {
            (0, _) => write!(f, "{}: {} kept", self.file, Rows(self.rows, "")),
            (bad, true) => {
                write!(f, "{}: {} kept, {} left out", self.file, Rows(self.rows_kept(), "good "), Rows(bad, "bad "))
            }
            (bad, false) => write!(
                f,
                "{}: nothing was kept, since {} of {} cannot be used; correct the file, or keep the good ones with --keep-good",
                self.file,
                bad,
                Rows(self.rows, "")
            ),
        }
    }
}

struct Rows(u64, &'static str);

impl fmt::Display for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.0, self.1, if self.0 == 1 { "row" } else { "rows" })
    }
}
