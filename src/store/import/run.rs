//! One import: a stream of rows in one transaction.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};

use csv::ByteRecord;

use super::contacts::ContactRow;
use super::customers::CustomerRow;
use super::header::Header;
use super::orders::{OrderRow, OrderWriter};
use super::row::{BadField, Row};
use super::{BadRow, ImportOptions, ImportReport, Kind};
use crate::base::UnixMillis;
use crate::customer::CustomerId;
use crate::store::audit::{self, AuditRow};
use crate::store::outbox::{self, EventKind};
use crate::store::sql::Tx;
use crate::store::{Outcome, Store, StoreError};

impl Store {
    /// Reads a CSV file into the store. Rows that exist already, by their key, are brought up to date, so that the
    /// same file twice is the same as once. Bad rows are in the report, and then nothing of the file is kept unless
    /// `keep_good` asks for it; an error is about the file or the store as a whole, and nothing is kept.
    ///
    /// Reads from `source` as it goes, blocking: not for a thread that serves calls.
    pub async fn import(&self, source: impl Read + Send, options: &ImportOptions) -> Result<ImportReport, StoreError> {
        let fail = |reason: String| StoreError::ImportFile { file: options.file.clone(), reason };
        let mut source = BufReader::with_capacity(READ_BYTES, source);
        check_encoding(source.fill_buf().map_err(|error| fail(error.to_string()))?).map_err(&fail)?;
        let mut csv = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(source);
        let mut record = ByteRecord::new();
        let mut next = |record: &mut ByteRecord| csv.read_byte_record(record).map_err(|error| fail(error.to_string()));
        if !next(&mut record)? {
            return Err(fail("it is empty".to_owned()));
        }
        let header = Header::read(options.kind, &record).map_err(&fail)?;
        let file = options.file.clone();
        let mut report = ImportReport { file, rows: 0, bad_rows: 0, bad: Vec::new(), kept: false };
        let mut tx = self.begin().await?;
        let mut orders = OrderWriter::new()?;
        let mut concerned = Concerned::default();
        while next(&mut record)? {
            if record.iter().all(|field| field.trim_ascii().is_empty()) {
                continue;
            }
            report.rows += 1;
            let row = Row { header: &header, record: &record };
            match write(&mut tx, &row, &mut orders, options).await? {
                Ok(customer) => concerned.extend(customer),
                Err(bad) => {
                    report.bad_rows += 1;
                    if report.bad.len() < ImportReport::SHOWN {
                        let line = record.position().map_or(0, csv::Position::line);
                        report.bad.push(BadRow { line, column: bad.column, reason: bad.reason });
                    }
                }
            }
        }
        report.kept = report.bad_rows == 0 || options.keep_good;
        if !report.kept {
            tx.rollback().await?;
            return Ok(report);
        }
        audit::add(&mut tx, entry(&report, options)).await?;
        concerned.tell(&mut tx, options.now).await?;
        self.commit_news(tx).await?;
        Ok(report)
    }
}

/// Whose data an import has changed: that is news of each, or of the books as a whole where it would be a flood.
#[derive(Default)]
struct Concerned {
    customers: BTreeSet<CustomerId>,
    many: bool,
}

/// Customers whom an import tells of one by one; a card of somebody beyond them is read again with all others. Each is a row
/// of the outbox, and of what every receiver of webhooks is sent.
const TOLD_ONE_BY_ONE: usize = 1000;

impl Concerned {
    fn extend(&mut self, customer: Option<CustomerId>) {
        if !self.many {
            self.customers.extend(customer);
            self.many = self.customers.len() > TOLD_ONE_BY_ONE;
        }
    }

    async fn tell(&self, tx: &mut Tx, now: UnixMillis) -> Result<(), StoreError> {
        if self.many {
            return outbox::add(tx, now, EventKind::BooksImported, None, None).await;
        }
        for customer in &self.customers {
            outbox::add(tx, now, EventKind::CustomerChanged, Some(customer), None).await?;
        }
        Ok(())
    }
}

/// Whom the row has changed, if anyone. The inner error is the row's, the outer one the store's.
async fn write(
    tx: &mut Tx,
    row: &Row<'_>,
    orders: &mut OrderWriter,
    options: &ImportOptions,
) -> Result<Result<Option<CustomerId>, BadField>, StoreError> {
    let (fields, width) = (row.record.len(), row.header.width);
    if fields != width {
        let reason =
            format!("has {fields} fields where the first line has {width}; is a comma or a quotation mark missing?");
        return Ok(Err(BadField { column: None, reason }));
    }
    match options.kind {
        Kind::Customers => match CustomerRow::read(row, options) {
            Ok(customer) => {
                let written = customer.write(tx, row, options).await?;
                Ok(written.map(|outcome| changed(outcome, customer.customer())))
            }
            Err(bad) => Ok(Err(bad)),
        },
        Kind::Orders => match OrderRow::read(row, options) {
            Ok(order) => {
                let written = orders.write(tx, &order).await?;
                Ok(written.map(|()| Some(CustomerId::new(order.customer()))))
            }
            Err(bad) => Ok(Err(bad)),
        },
        Kind::Contacts => match ContactRow::read(row, options) {
            Ok(contact) => {
                let written = contact.write(tx, row).await?;
                Ok(written.map(|outcome| changed(outcome, contact.customer())))
            }
            Err(bad) => Ok(Err(bad)),
        },
    }
}

fn changed(outcome: Outcome, customer: &str) -> Option<CustomerId> {
    (outcome != Outcome::Unchanged).then(|| CustomerId::new(customer))
}

/// By the first bytes. Other encodings show at the first letter that is no ASCII, row by row.
fn check_encoding(start: &[u8]) -> Result<(), String> {
    match start {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Err("its encoding is UTF-16; save it as UTF-8".to_owned()),
        [b'P', b'K', 3, 4, ..] => Err("it is a spreadsheet; export it as CSV".to_owned()),
        _ if start.contains(&0) => Err("it is no text file, or its encoding is UTF-16; save it as UTF-8".to_owned()),
        _ => Ok(()),
    }
}

fn entry(report: &ImportReport, options: &ImportOptions) -> AuditRow {
    AuditRow {
        at: options.now,
        operator: options.operator.clone(),
        action: "import".to_owned(),
        customer: None,
        call: None,
        detail: format!("{}: {} rows kept, {} left out", options.kind.as_str(), report.rows_kept(), report.bad_rows),
    }
}

/// Bytes read at once.
const READ_BYTES: usize = 64 * 1024;
