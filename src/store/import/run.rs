//! One import: a stream of rows in one transaction.

use std::collections::BTreeSet;
use std::io::Read;

use csv::ByteRecord;

use super::contacts::ContactRow;
use super::customers::CustomerRow;
use super::header::Header;
use super::orders::{OrderRow, OrderWriter};
use super::products::ProductRow;
use super::report::Written;
use super::row::{BadField, Row};
use super::source::{self, READ_BYTES};
use super::{ImportOptions, ImportReport, Kind};
use crate::base::UnixMillis;
use crate::customer::CustomerId;
use crate::store::audit::{self, AuditRow};
use crate::store::outbox::{self, EventKind};
use crate::store::sql::{Engine, Tx, sql};
use crate::store::{Store, StoreError};

impl Store {
    /// Reads a CSV file into the store. Rows that exist already, by their key, are brought up to date, so that the
    /// same file twice is the same as once. Bad rows are in the report, and then nothing of the file is kept unless
    /// `keep_good` asks for it; an error is about the file or the store as a whole, and nothing is kept. A dry run does all
    /// of this, and then takes it back.
    ///
    /// Reads from `source` as it goes, blocking: not for a thread that serves calls.
    pub async fn import(&self, source: impl Read + Send, options: &ImportOptions) -> Result<ImportReport, StoreError> {
        let fail = |reason: String| StoreError::ImportFile { file: options.file.clone(), reason };
        let source = source::open(source, options.mapping.encoding).map_err(&fail)?;
        let mut csv = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(options.mapping.separator)
            .buffer_capacity(READ_BYTES)
            .from_reader(source);
        let mut record = ByteRecord::new();
        let mut next = |record: &mut ByteRecord| {
            let more = csv.read_byte_record(record);
            csv.get_mut().row_read();
            more.map_err(|error| fail(format!("line {}: {error}", line_of(record))))
        };
        if !next(&mut record)? {
            return Err(fail("it is empty".to_owned()));
        }
        let header = Header::read(options.kind, &record, &options.mapping).map_err(&fail)?;
        let mut report = ImportReport::new(options);
        let mut tx = self.begin().await?;
        let mut concerned = Concerned::default();
        sql!(execute tx, "CREATE TEMP TABLE import_seen (key TEXT PRIMARY KEY)")?;
        if let Engine::Pg(_) = tx.on {
            // Postgres plans a statement once. In tables that are small then, it would read each of them whole for every batch, and
            // go on doing so when this very import has made them large.
            sql!(execute tx, "SET LOCAL enable_seqscan = off")?;
        }
        let mut orders = if options.kind == Kind::Orders { Some(OrderWriter::new()?) } else { None };
        let mut arranged = ByteRecord::new();
        while next(&mut record)? {
            if record.iter().all(|field| field.trim_ascii().is_empty()) {
                continue;
            }
            report.rows += 1;
            let line = line_of(&record);
            let row = header.arrange(&record, &mut arranged).map(|()| Row { header: &header, record: &arranged });
            match &mut orders {
                Some(orders) => {
                    let row = row.and_then(|row| OrderRow::read(&row, options));
                    orders.add(&mut tx, line, row, &mut report, &mut concerned).await?;
                }
                None => {
                    let outcome = match row {
                        Ok(row) => write(&mut tx, &row, options, &mut concerned).await?,
                        Err(bad) => Err(bad),
                    };
                    report.add(line, outcome);
                }
            }
        }
        if let Some(orders) = orders {
            orders.finish(&mut tx, &mut report, &mut concerned).await?;
        }
        if options.kind == Kind::Customers {
            let text =
                "SELECT COUNT(*) FROM (SELECT number FROM numbers GROUP BY number HAVING COUNT(*) > 1) AS shared";
            let (shared,) = sql!(one (i64,), in tx, text)?;
            report.shared_numbers = shared.unsigned_abs();
        }
        report.kept = report.bad_rows == 0 || options.keep_good;
        if !report.kept || options.dry_run {
            tx.rollback().await?;
            return Ok(report);
        }
        sql!(execute tx, "DROP TABLE import_seen")?;
        audit::add(&mut tx, entry(&report, options)).await?;
        concerned.tell(&mut tx, options.now).await?;
        self.commit_news(tx).await?;
        Ok(report)
    }
}

/// Whose data an import has changed: that is news of each, or of the books as a whole where it would be a flood.
#[derive(Default)]
pub(super) struct Concerned {
    customers: BTreeSet<CustomerId>,
    many: bool,
}

/// Customers whom an import tells of one by one; a card of somebody beyond them is read again with all others. Each is a row
/// of the outbox, and of what every receiver of webhooks is sent.
pub(super) const TOLD_ONE_BY_ONE: usize = 1000;

impl Concerned {
    pub fn add(&mut self, customer: &str) {
        if !self.many {
            self.customers.insert(CustomerId::new(customer));
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

/// The inner error is the row's, the outer one the store's.
async fn write(
    tx: &mut Tx,
    row: &Row<'_>,
    options: &ImportOptions,
    concerned: &mut Concerned,
) -> Result<Result<Written, BadField>, StoreError> {
    let (written, customer) = match options.kind {
        Kind::Customers => match CustomerRow::read(row, options) {
            Ok(customer) => (customer.write(tx, row, options).await?, customer.customer()),
            Err(bad) => return Ok(Err(bad)),
        },
        Kind::Contacts => match ContactRow::read(row, options) {
            Ok(contact) => (contact.write(tx, row).await?, contact.customer()),
            Err(bad) => return Ok(Err(bad)),
        },
        // Lines of orders go by an `OrderWriter`.
        Kind::Products | Kind::Orders => {
            return match ProductRow::read(row, options) {
                Ok(product) => product.write(tx, row).await,
                Err(bad) => Ok(Err(bad)),
            };
        }
    };
    if matches!(written, Ok(Written::New | Written::Changed)) {
        concerned.add(customer);
    }
    Ok(written)
}

/// Whether no earlier row of this file had the key. The table is the transaction's own: in memory, a file of 2 GB would need
/// some of that.
pub(super) async fn first_in_file(tx: &mut Tx, key: &str) -> Result<bool, StoreError> {
    let text = "INSERT INTO import_seen (key) VALUES ($1) ON CONFLICT (key) DO NOTHING";
    Ok(sql!(execute tx, text, key)? == 1)
}

/// Begins to write a row whose key was there before, to see what it would do.
pub(super) async fn try_again(tx: &mut Tx) -> Result<(), StoreError> {
    sql!(execute tx, "SAVEPOINT second_row")?;
    Ok(())
}

/// Undoes what was written since [`try_again`].
pub(super) async fn take_back(tx: &mut Tx) -> Result<(), StoreError> {
    sql!(execute tx, "ROLLBACK TO SAVEPOINT second_row")?;
    sql!(execute tx, "RELEASE SAVEPOINT second_row")?;
    Ok(())
}

/// Of a key that is there twice: one of the two rows would be lost.
pub(super) const FIRST_SAYS_OTHERWISE: &str = "stands in an earlier row of this file with other content";

fn line_of(record: &ByteRecord) -> u64 {
    record.position().map_or(0, csv::Position::line)
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
