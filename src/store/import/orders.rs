//! Rows of order lines. The lines of an order may stand anywhere in the file.
//!
//! They are written many at once: row by row, a million lines are three million statements.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use super::ImportOptions;
use super::report::{ImportReport, Written};
use super::row::{BadField, ID_CHARS, NAME_CHARS, Row, keyed};
use super::run::{Concerned, TOLD_ONE_BY_ONE};
use crate::base::UnixMillis;
use crate::customer::Channel;
use crate::store::StoreError;
use crate::store::orders::{MAX_QUANTITY, modifiers_text};
use crate::store::people::new_id;
use crate::store::sql::{Engine, Tx, placeholders, sql};

pub(super) struct OrderRow {
    /// The key in the books.
    order: String,
    /// Who wrote it, and their own key.
    source: Option<(String, String)>,
    customer: String,
    at: UnixMillis,
    channel: Option<Channel>,
    item: String,
    quantity: u32,
    modifiers: String,
}

impl OrderRow {
    pub fn read(row: &Row<'_>, options: &ImportOptions) -> Result<Self, BadField> {
        let modifiers = row.list("modifiers", options)?.into_iter().map(str::to_owned).collect();
        let (order, source) = (row.required("order_id", ID_CHARS)?, row.source()?);
        Ok(Self {
            order: keyed(source, order),
            source: source.map(|source| (source.to_owned(), order.to_owned())),
            customer: row.required("customer_id", ID_CHARS)?.to_owned(),
            at: row.required_time("ordered_at", options)?,
            channel: row.word("channel", &Channel::ALL.map(Channel::as_str), Channel::parse)?,
            item: row.required("item", NAME_CHARS)?.to_owned(),
            quantity: row.count("quantity", MAX_QUANTITY, options)?.unwrap_or(1),
            modifiers: modifiers_text(modifiers),
        })
    }
}

/// What one import remembers between rows.
pub(super) struct OrderWriter {
    /// Marks the orders of this import, so that an order of an earlier file is replaced once and then added to.
    run: String,
    /// Rows with their lines in the file, in its sequence, those that cannot be read among them.
    batch: Vec<(u64, Result<OrderRow, BadField>)>,
    /// Items that are in the table.
    items: HashSet<String>,
    /// An order of an earlier file was met. The lines it had wait with numbers below zero until the file ends.
    replacing: bool,
}

/// An order as the store has it.
struct Stored {
    customer: String,
    at: UnixMillis,
    channel: Option<String>,
    by_this_run: bool,
    next_line: i64,
}

/// An order that this file has begun.
struct Begun {
    customer: String,
    at: UnixMillis,
    next_line: i64,
}

/// A line of an order, with its number there.
struct Line<'a> {
    row: &'a OrderRow,
    number: i64,
    /// It begins its order, and the store had that with another customer, time or channel.
    changes_order: bool,
    /// Whose the order was until now, when that was somebody else.
    moved_from: Option<&'a str>,
}

/// Item, quantity and modifiers of the lines that an order had before, by order and number.
type Earlier = HashMap<(String, i64), (String, i64, String)>;

/// Lines that replaced orders had, and do not have any more.
macro_rules! gone {
    () => {
        "FROM order_lines l JOIN orders o ON o.order_id = l.order_id WHERE l.line < 0 AND NOT EXISTS
             (SELECT 1 FROM order_lines n WHERE n.order_id = l.order_id AND n.line = -1 - l.line)"
    };
}

impl OrderWriter {
    pub fn new() -> Result<Self, StoreError> {
        Ok(Self { run: new_id("import-")?, batch: Vec::new(), items: HashSet::new(), replacing: false })
    }

    pub async fn add(
        &mut self,
        tx: &mut Tx,
        line: u64,
        row: Result<OrderRow, BadField>,
        report: &mut ImportReport,
        concerned: &mut Concerned,
    ) -> Result<(), StoreError> {
        self.batch.push((line, row));
        if self.batch.len() == batch_rows(tx) { self.write(tx, report, concerned).await } else { Ok(()) }
    }

    /// Writes what waits, and takes away what replaced orders had before.
    pub async fn finish(
        mut self,
        tx: &mut Tx,
        report: &mut ImportReport,
        concerned: &mut Concerned,
    ) -> Result<(), StoreError> {
        self.write(tx, report, concerned).await?;
        if self.replacing {
            let text = concat!("SELECT COUNT(*) ", gone!());
            let (gone,) = sql!(one (i64,), in tx, text)?;
            report.lines_gone = gone.unsigned_abs();
            let text = concat!("SELECT DISTINCT o.customer ", gone!(), " LIMIT $1");
            // One more than are told of one by one.
            for (customer,) in sql!(all (String,), in tx, text, TOLD_ONE_BY_ONE as i64 + 1)? {
                concerned.add(&customer);
            }
            sql!(execute tx, "DELETE FROM order_lines WHERE line < 0")?;
        }
        Ok(())
    }

    async fn write(
        &mut self,
        tx: &mut Tx,
        report: &mut ImportReport,
        concerned: &mut Concerned,
    ) -> Result<(), StoreError> {
        let batch = std::mem::take(&mut self.batch);
        let rows = batch_rows(tx);
        let good = || batch.iter().filter_map(|(_, row)| row.as_ref().ok());
        let stored = stored_orders(tx, padded(rows, good().map(|row| row.order.as_str())), &self.run).await?;
        let known = known_customers(tx, padded(rows, good().map(|row| row.customer.as_str()))).await?;
        let mut begun = HashMap::new();
        let mut begin = Vec::new();
        let outcomes: Vec<Result<Line<'_>, BadField>> = batch
            .iter()
            .map(|(_, row)| place(row.as_ref().map_err(BadField::clone)?, &stored, &known, &mut begun, &mut begin))
            .collect();
        self.begin_orders(tx, &begin, &stored).await?;
        let lines: Vec<&Line<'_>> = outcomes.iter().filter_map(|line| line.as_ref().ok()).collect();
        self.make_sure_of_items(tx, &lines).await?;
        let earlier = if self.replacing { earlier_lines(tx, &lines).await? } else { Earlier::new() };
        write_lines(tx, &lines).await?;
        for ((number, _), outcome) in batch.iter().zip(&outcomes) {
            let written = outcome.as_ref().map(|line| written(line, &earlier)).map_err(BadField::clone);
            if let (Ok(line), Ok(Written::New | Written::Changed)) = (outcome, &written) {
                concerned.add(&line.row.customer);
                line.moved_from.into_iter().for_each(|before| concerned.add(before));
            }
            report.add(*number, written);
        }
        Ok(())
    }

    async fn begin_orders(
        &mut self,
        tx: &mut Tx,
        begin: &[&OrderRow],
        stored: &HashMap<String, Stored>,
    ) -> Result<(), StoreError> {
        for some in powers_of_two(begin) {
            let text = format!(
                "INSERT INTO orders (order_id, customer, at_ms, import_run, source, source_key, channel) VALUES {}
                 ON CONFLICT (order_id) DO UPDATE SET
                     customer = excluded.customer, at_ms = excluded.at_ms, import_run = excluded.import_run,
                     channel = COALESCE(excluded.channel, orders.channel)",
                placeholders(some.len(), 7)
            );
            let run = self.run.as_str();
            sql!(
                execute_each tx, text, row in some =>
                row.order.as_str(), row.customer.as_str(), row.at.0, run,
                row.source.as_ref().map(|(source, _)| source.as_str()),
                row.source.as_ref().map(|(_, key)| key.as_str()), row.channel.map(Channel::as_str)
            )?;
        }
        let over = padded(
            batch_rows(tx),
            begin.iter().map(|row| row.order.as_str()).filter(|order| stored.contains_key(*order)),
        );
        if !over.is_empty() {
            self.replacing = true;
            let text =
                format!("UPDATE order_lines SET line = -1 - line WHERE order_id IN {}", placeholders(1, over.len()));
            sql!(execute_each tx, text, order in &over => *order)?;
        }
        Ok(())
    }

    async fn make_sure_of_items(&mut self, tx: &mut Tx, lines: &[&Line<'_>]) -> Result<(), StoreError> {
        for item in lines.iter().map(|line| &line.row.item) {
            if self.items.contains(item) {
                continue;
            }
            let text = "INSERT INTO items (item) VALUES ($1) ON CONFLICT (item) DO NOTHING";
            sql!(execute tx, text, item.as_str())?;
            if self.items.len() == ITEMS {
                self.items.clear();
            }
            self.items.insert(item.clone());
        }
        Ok(())
    }
}

/// Where a row goes, as if the rows before it had been written; what must begin for it is added to `begin`.
fn place<'a>(
    row: &'a OrderRow,
    stored: &'a HashMap<String, Stored>,
    known: &HashSet<String>,
    begun: &mut HashMap<&'a str, Begun>,
    begin: &mut Vec<&'a OrderRow>,
) -> Result<Line<'a>, BadField> {
    let before = stored.get(&row.order);
    let (mut changes_order, mut moved_from) = (false, None);
    let order = match (begun.entry(&row.order), before) {
        (Entry::Occupied(order), _) => order.into_mut(),
        (Entry::Vacant(order), Some(Stored { customer, at, by_this_run: true, next_line, .. })) => {
            order.insert(Begun { customer: customer.clone(), at: *at, next_line: *next_line })
        }
        (Entry::Vacant(order), before) => {
            if !known.contains(&row.customer) {
                return Err(BadField::new("customer_id", NO_CUSTOMER));
            }
            begin.push(row);
            moved_from = before.map(|before| before.customer.as_str()).filter(|customer| *customer != row.customer);
            changes_order =
                moved_from.is_some() || before.is_some_and(|before| before.at != row.at || other_channel(row, before));
            order.insert(Begun { customer: row.customer.clone(), at: row.at, next_line: 0 })
        }
    };
    if order.customer != row.customer {
        return Err(BadField::new("customer_id", "differs from the order's earlier rows"));
    }
    if order.at != row.at {
        return Err(BadField::new("ordered_at", "differs from the order's earlier rows"));
    }
    order.next_line += 1;
    Ok(Line { row, number: order.next_line - 1, changes_order, moved_from })
}

/// A file without channels leaves what is stored.
fn other_channel(row: &OrderRow, before: &Stored) -> bool {
    row.channel.is_some_and(|channel| before.channel.as_deref() != Some(channel.as_str()))
}

async fn stored_orders(tx: &mut Tx, orders: Vec<&str>, run: &str) -> Result<HashMap<String, Stored>, StoreError> {
    type Found = (String, String, i64, Option<String>, Option<String>, i64);
    if orders.is_empty() {
        return Ok(HashMap::new());
    }
    let text = format!(
        "SELECT o.order_id, o.customer, o.at_ms, o.channel, o.import_run,
                COALESCE((SELECT MAX(l.line) + 1 FROM order_lines l WHERE l.order_id = o.order_id), 0)
         FROM orders o WHERE o.order_id IN {}",
        placeholders(1, orders.len())
    );
    let rows = sql!(all_each Found, in tx, text, order in &orders => *order)?;
    let stored = |(order, customer, at, channel, by, next_line): Found| {
        let by_this_run = by.is_some_and(|by| by == run);
        (order, Stored { customer, at: UnixMillis(at), channel, by_this_run, next_line })
    };
    Ok(rows.into_iter().map(stored).collect())
}

async fn known_customers(tx: &mut Tx, customers: Vec<&str>) -> Result<HashSet<String>, StoreError> {
    if customers.is_empty() {
        return Ok(HashSet::new());
    }
    let text = format!("SELECT customer FROM customers WHERE customer IN {}", placeholders(1, customers.len()));
    let rows = sql!(all_each (String,), in tx, text, customer in &customers => *customer)?;
    Ok(rows.into_iter().map(|(customer,)| customer).collect())
}

async fn earlier_lines(tx: &mut Tx, lines: &[&Line<'_>]) -> Result<Earlier, StoreError> {
    type Found = (String, i64, String, i64, String);
    let orders = padded(batch_rows(tx), lines.iter().map(|line| line.row.order.as_str()));
    if orders.is_empty() {
        return Ok(Earlier::new());
    }
    let text = format!(
        "SELECT order_id, -1 - line, item, quantity, modifiers FROM order_lines WHERE line < 0 AND order_id IN {}",
        placeholders(1, orders.len())
    );
    let rows = sql!(all_each Found, in tx, text, order in &orders => *order)?;
    let had = |(order, number, item, quantity, modifiers): Found| ((order, number), (item, quantity, modifiers));
    Ok(rows.into_iter().map(had).collect())
}

async fn write_lines(tx: &mut Tx, lines: &[&Line<'_>]) -> Result<(), StoreError> {
    for some in powers_of_two(lines) {
        let text = format!(
            "INSERT INTO order_lines (order_id, line, item, quantity, modifiers) VALUES {}",
            placeholders(some.len(), 5)
        );
        sql!(
            execute_each tx, text, line in some =>
            line.row.order.as_str(), line.number, line.row.item.as_str(), i64::from(line.row.quantity),
            line.row.modifiers.as_str()
        )?;
    }
    Ok(())
}

fn written(line: &Line<'_>, earlier: &Earlier) -> Written {
    let Line { row, number, changes_order, .. } = line;
    match earlier.get(&(row.order.clone(), *number)) {
        _ if *changes_order => Written::Changed,
        None => Written::New,
        Some((item, quantity, modifiers)) => {
            let same = (item, *quantity, modifiers) == (&row.item, i64::from(row.quantity), &row.modifiers);
            if same { Written::Unchanged } else { Written::Changed }
        }
    }
}

/// Each once, and the last one as often as fills a batch: a statement of one text for every batch.
fn padded<'a>(rows: usize, keys: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let distinct: HashSet<&str> = keys.collect();
    let mut keys: Vec<&str> = distinct.into_iter().collect();
    if let Some(last) = keys.last().copied() {
        keys.resize(rows, last);
    }
    keys
}

/// Pieces of 64, 32, 16 .. 1: a handful of texts of statement, whatever the number of rows.
fn powers_of_two<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let (some, rest) = rows.split_at(1 << rows.len().checked_ilog2()?);
        rows = rest;
        Some(some)
    })
}

/// Rows written at once. SQLite finds a placeholder by walking through those before it, so that more rows are no faster there;
/// Postgres waits for the wire between statements.
fn batch_rows(tx: &Tx) -> usize {
    match tx.on {
        Engine::Sqlite(_) => 64,
        Engine::Pg(_) => 256,
    }
}

/// Items remembered at once, at most 80 MB of them: more than any menu, fewer than a column that is none may have.
const ITEMS: usize = 100_000;
/// Said of orders and contacts alike.
pub(super) const NO_CUSTOMER: &str = "names a customer whom nobody knows; import the customers first";
