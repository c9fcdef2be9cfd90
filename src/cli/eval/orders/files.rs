//! The CSV files of `regulars eval orders`: read row by row, every refusal naming file, line and column.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use csv::ByteRecord;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::Customer;
use crate::base::UnixMillis;
use crate::customer::{Order, OrderLine, Taken};

pub struct History {
    /// In the sequence in which the file first names them; orders oldest first.
    pub customers: Vec<Customer>,
    /// Whether the orders have a time.
    pub dated: bool,
    /// Rows left out: of orders that lie in the future, and said before.
    pub future: u64,
    pub repeated: u64,
}

/// What a customer asked for will be measured by, or at which moment they are asked for.
#[derive(Default)]
pub struct Next {
    pub customer: String,
    pub items: HashSet<String>,
    pub at: Option<UnixMillis>,
}

/// The history: `customer_id,order_id,item_id`, and where known `ordered_at` and `quantity`.
pub fn history(path: &Path, now: UnixMillis, tz: &TimeZone) -> anyhow::Result<History> {
    let mut table = Table::open(path, &["customer_id", "order_id", "item_id"], &["ordered_at", "quantity"])?;
    let mut read = History { customers: Vec::new(), dated: false, future: 0, repeated: 0 };
    let (mut numbers, mut places) = (HashMap::<String, usize>::new(), HashMap::<(usize, String), usize>::new());
    let mut rows = 0;
    while table.next()? {
        let at = table.time(3, tz)?;
        ensure!(
            rows == 0 || read.dated == at.is_some(),
            table.complaint(3, "some orders have a time and some have none")
        );
        read.dated = at.is_some();
        rows += 1;
        if at.is_some_and(|at| at > now) {
            read.future += 1;
            continue;
        }
        let (id, key) = (table.text(0)?, table.text(1)?);
        let line = OrderLine { item: table.text(2)?.to_owned(), quantity: table.quantity(4)?, modifiers: Vec::new() };
        let number = match numbers.get(id) {
            Some(number) => *number,
            None => {
                numbers.insert(id.to_owned(), read.customers.len());
                read.customers.push(Customer { id: id.to_owned(), kind: "", orders: Vec::new() });
                read.customers.len() - 1
            }
        };
        let orders = &mut read.customers[number].orders;
        let place = match orders.last() {
            Some(last) if last.order == key => orders.len() - 1,
            _ => *places.entry((number, key.to_owned())).or_insert(orders.len()),
        };
        if place == orders.len() {
            orders.push(Order {
                order: key.to_owned(),
                at: at.unwrap_or_default(),
                lines: Vec::new(),
                taken: Taken::default(),
            });
        }
        ensure!(
            at.is_none_or(|at| at == orders[place].at),
            table.complaint(3, "another row of this order has another time")
        );
        if orders[place].lines.contains(&line) {
            read.repeated += 1;
        } else {
            orders[place].lines.push(line);
        }
    }
    ensure!(rows > 0, "{}: there are no orders in it", table.name);
    for customer in &mut read.customers {
        customer.orders.sort_by(|a, b| a.at.cmp(&b.at).then_with(|| natural(&a.order, &b.order)));
        if !read.dated {
            // A sequence alone: no hour and no day of the week tells one order from another.
            customer.orders.iter_mut().zip(1..).for_each(|(order, n)| order.at = UnixMillis(n));
        }
    }
    Ok(read)
}

/// What came next: `customer_id,item_id`, and where known `ordered_at`.
pub fn truth(path: &Path, tz: &TimeZone) -> anyhow::Result<Vec<Next>> {
    let mut table = Table::open(path, &["customer_id", "item_id"], &["ordered_at"])?;
    let (mut next, mut numbers) = (Vec::<Next>::new(), HashMap::<String, usize>::new());
    while table.next()? {
        let (id, item, at) = (table.text(0)?.to_owned(), table.text(1)?.to_owned(), table.time(2, tz)?);
        let number = *numbers.entry(id.clone()).or_insert(next.len());
        if number == next.len() {
            next.push(Next { customer: id, at, ..Next::default() });
        }
        next[number].items.insert(item);
    }
    ensure!(!next.is_empty(), "{}: there are no orders in it", table.name);
    Ok(next)
}

/// Who is asked for: a customer a line, and where known after a comma the moment of the order to foretell.
pub fn asked(path: &Path, tz: &TimeZone) -> anyhow::Result<Vec<Next>> {
    let mut asked = Vec::new();
    let mut known = HashSet::new();
    for (n, line) in lines(path)?.into_iter().enumerate() {
        let (id, at) = line.split_once(',').map_or((line.trim(), ""), |(id, at)| (id.trim(), at.trim()));
        if id.is_empty() || (n == 0 && id == "customer_id") || !known.insert(id.to_owned()) {
            continue;
        }
        let at = if at.is_empty() { None } else { Some(time(at, tz).with_context(|| place(path, n as u64 + 1))?) };
        asked.push(Next { customer: id.to_owned(), at, ..Next::default() });
    }
    ensure!(!asked.is_empty(), "{}: no customer is named in it", path.display());
    Ok(asked)
}

/// The menu: an item a line.
pub fn menu(path: &Path) -> anyhow::Result<HashSet<String>> {
    Ok(lines(path)?.into_iter().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect())
}

/// `customer_id,rank,item_id,prob`
pub struct Predictions(csv::Writer<BufWriter<File>>);

impl Predictions {
    pub fn create(path: &Path) -> anyhow::Result<Self> {
        let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
        let mut out = csv::Writer::from_writer(BufWriter::new(file));
        out.write_record(["customer_id", "rank", "item_id", "prob"])?;
        Ok(Self(out))
    }

    pub fn write(&mut self, customer: &str, rank: usize, item: &str, chance: f32) -> anyhow::Result<()> {
        Ok(self.0.write_record([customer, &rank.to_string(), item, &format!("{chance:.6}")])?)
    }

    pub fn finish(mut self) -> anyhow::Result<()> {
        Ok(self.0.flush()?)
    }
}

/// A generated shop's orders and menu, as [`history`] and [`menu`] read them.
pub fn save(folder: &Path, customers: &[Customer], menu: &HashSet<String>) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let mut out = csv::Writer::from_path(folder.join("history.csv"))?;
    out.write_record(["customer_id", "order_id", "ordered_at", "item_id", "quantity"])?;
    for customer in customers {
        for order in &customer.orders {
            let at = Timestamp::from_millisecond(order.at.0)?.to_string();
            for line in &order.lines {
                out.write_record([&customer.id, &order.order, &at, &line.item, &line.quantity.to_string()])?;
            }
        }
    }
    out.flush()?;
    let mut out = BufWriter::new(File::create(folder.join("menu.txt"))?);
    let mut items: Vec<&String> = menu.iter().collect();
    items.sort();
    items.iter().try_for_each(|item| writeln!(out, "{item}"))?;
    Ok(out.flush()?)
}

/// A CSV file, row by row, its columns found by their names.
struct Table {
    name: String,
    reader: csv::Reader<Box<dyn BufRead>>,
    columns: Vec<(&'static str, Option<usize>)>,
    record: ByteRecord,
    progress: ProgressBar,
}

impl Table {
    fn open(path: &Path, required: &[&'static str], optional: &[&'static str]) -> anyhow::Result<Self> {
        let name = path.display().to_string();
        let file = File::open(path).with_context(|| format!("cannot read {name}"))?;
        let style = ProgressStyle::with_template("{msg} {wide_bar} {bytes}/{total_bytes}")?;
        let progress = ProgressBar::new(file.metadata()?.len()).with_style(style).with_message(name.clone());
        let mut start = BufReader::new(progress.wrap_read(file));
        match start.fill_buf().with_context(|| format!("cannot read {name}"))? {
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => bail!("{name}: its encoding is UTF-16; save it as UTF-8"),
            start if start.contains(&0) => {
                bail!("{name}: it is no text file, or its encoding is UTF-16; save it as UTF-8")
            }
            _ => {}
        }
        let start: Box<dyn BufRead> = Box::new(start);
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(start);
        let header = reader.byte_headers().with_context(|| format!("{name}:1"))?.clone();
        let names: Vec<String> = header.iter().map(|name| String::from_utf8_lossy(name).to_lowercase()).collect();
        let find = |column: &'static str| (column, names.iter().position(|name| name == column));
        let columns: Vec<_> = required.iter().chain(optional).map(|column| find(column)).collect();
        if let Some((column, _)) = columns[..required.len()].iter().find(|(_, found)| found.is_none()) {
            bail!("{name}:1: there is no column {column}; the header is {:?}", names.join(","));
        }
        Ok(Self { name, reader, columns, record: ByteRecord::new(), progress })
    }

    /// Goes on to the next row, if there is one.
    fn next(&mut self) -> anyhow::Result<bool> {
        let more = self.reader.read_byte_record(&mut self.record).with_context(|| self.name.clone())?;
        if !more {
            self.progress.finish_and_clear();
        }
        Ok(more)
    }

    fn complaint(&self, column: usize, reason: &str) -> String {
        let line = self.record.position().map_or(0, csv::Position::line);
        format!("{}:{line}: column {}: {reason}", self.name, self.columns[column].0)
    }

    /// Empty where there is no such column.
    fn optional(&self, column: usize) -> anyhow::Result<&str> {
        let bytes = self.columns[column].1.and_then(|n| self.record.get(n)).unwrap_or_default();
        let said = "it is not UTF-8 (perhaps Windows-1252 or Latin-1); save the file as UTF-8";
        std::str::from_utf8(bytes).map_err(|_| anyhow::anyhow!(self.complaint(column, said)))
    }

    fn text(&self, column: usize) -> anyhow::Result<&str> {
        let text = self.optional(column)?;
        ensure!(!text.is_empty(), self.complaint(column, "it is empty"));
        Ok(text)
    }

    fn quantity(&self, column: usize) -> anyhow::Result<u32> {
        match self.optional(column)? {
            "" => Ok(1),
            text => text.parse().ok().filter(|quantity| *quantity > 0).with_context(|| {
                self.complaint(column, &format!("{text:?} is no quantity; write a whole number from 1"))
            }),
        }
    }

    fn time(&self, column: usize, tz: &TimeZone) -> anyhow::Result<Option<UnixMillis>> {
        match self.optional(column)? {
            "" => Ok(None),
            text => {
                time(text, tz).map(Some).map_err(|error| anyhow::anyhow!(self.complaint(column, &error.to_string())))
            }
        }
    }
}

/// RFC 3339, or a date with or without a time of day in the shop's time zone.
fn time(text: &str, tz: &TimeZone) -> anyhow::Result<UnixMillis> {
    let local = || Some(text.parse::<DateTime>().ok()?.to_zoned(tz.clone()).ok()?.timestamp());
    let at = text.parse::<Timestamp>().ok().or_else(local);
    let at =
        at.with_context(|| format!("{text:?} is no time; write 2026-05-01, 2026-05-01 18:30 or 2026-05-01T18:30:00Z"))?;
    Ok(UnixMillis(at.as_millisecond()))
}

fn lines(path: &Path) -> anyhow::Result<Vec<String>> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let text = String::from_utf8(bytes).with_context(|| format!("{}: save it as UTF-8", path.display()))?;
    Ok(text.trim_start_matches('\u{feff}').lines().map(str::to_owned).collect())
}

fn place(path: &Path, line: u64) -> String {
    format!("{}:{line}", path.display())
}

/// Order keys as they were counted up: "9" before "10".
fn natural(a: &str, b: &str) -> std::cmp::Ordering {
    let runs = |text: &str| -> Vec<(bool, usize, String)> {
        let bytes: Vec<char> = text.chars().collect();
        let runs = bytes.chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit());
        let run = |run: &[char]| {
            let digits = run[0].is_ascii_digit();
            let text: String = run.iter().collect();
            let text = if digits { text.trim_start_matches('0').to_owned() } else { text };
            (digits, if digits { text.len() } else { 0 }, text)
        };
        runs.map(run).collect()
    };
    runs(a).cmp(&runs(b)).then_with(|| a.cmp(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> anyhow::Result<History> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("h.csv");
        std::fs::write(&path, text).unwrap();
        history(&path, UnixMillis(1_800_000_000_000), &TimeZone::UTC)
    }

    #[test]
    fn rows_become_orders_whatever_their_sequence() {
        let history =
            read(b"order_id,customer_id,item_id,quantity\na-10,a,x,2\nb-1,b,x,1\na-9,a,y,\na-10,a,z,1\na-10,a,x,2\n");
        let history = history.unwrap();
        assert_eq!((history.customers.len(), history.dated, history.repeated), (2, false, 1));
        let orders: Vec<_> = history.customers[0].orders.iter().map(|o| (o.order.as_str(), o.lines.len())).collect();
        assert_eq!(orders, [("a-9", 1), ("a-10", 2)]);
        assert_eq!(history.customers[0].orders[1].lines[0].quantity, 2);
    }

    #[test]
    fn the_future_is_left_out_and_counted() {
        let history =
            read(b"customer_id,order_id,ordered_at,item_id\na,1,2026-05-01 18:30,x\na,2,2099-01-01,x\n").unwrap();
        assert_eq!((history.customers[0].orders.len(), history.future, history.dated), (1, 1, true));
    }

    #[test]
    fn every_refusal_names_file_line_and_column() {
        let head = "customer_id,order_id,ordered_at,item_id,quantity\n";
        let cases: [(&[u8], &str); 7] = [
            (b"a,1,,x,0\n", "h.csv:2: column quantity: \"0\" is no quantity"),
            (b"a,1,,x,1\na,1,,,1\n", "h.csv:3: column item_id: it is empty"),
            (b"a,1,yesterday,x,1\n", "h.csv:2: column ordered_at: \"yesterday\" is no time"),
            (b"a,1,,caf\xe9,1\n", "h.csv:2: column item_id: it is not UTF-8"),
            (
                b"a,1,2026-05-01,x,1\na,2,,x,1\n",
                "h.csv:3: column ordered_at: some orders have a time and some have none",
            ),
            (b"a,1,2026-05-01,x,1\na,1,2026-05-02,y,1\n", "h.csv:3: column ordered_at: another row"),
            (b"", "there are no orders in it"),
        ];
        for (rows, wanted) in cases {
            let error = format!("{:#}", read(&[head.as_bytes(), rows].concat()).err().unwrap());
            assert!(error.contains(wanted), "{error}");
        }
        let error = format!("{:#}", read(b"who,what\n").err().unwrap());
        assert!(error.contains("there is no column customer_id") && error.contains("who,what"), "{error}");
        assert!(format!("{:#}", read(b"\xff\xfec\0").err().unwrap()).contains("UTF-16"));
    }

    #[test]
    fn keys_sort_as_they_were_counted_up() {
        let mut keys = ["b2", "a10", "a9", "a009", "a"];
        keys.sort_by(|a, b| natural(a, b));
        assert_eq!(keys, ["a", "a009", "a9", "a10", "b2"]);
    }
}
