//! The mapping file: what a shop's own export is like, and which of its columns are ours.

use std::collections::{BTreeMap, HashMap};

use encoding_rs::{Encoding, UTF_8};
use jiff::Timestamp;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use toml::{Table, Value};

use super::Kind;
use crate::base::nearest;
use crate::store::StoreError;

/// Without one, a file is UTF-8 with commas, and its columns have our names.
#[derive(Clone, Debug)]
pub struct Mapping {
    pub(super) separator: u8,
    /// `None`: UTF-8.
    pub(super) encoding: Option<&'static Encoding>,
    /// Tried one after the other; none: RFC 3339 and its like.
    pub(super) time_formats: Vec<String>,
    /// `None`: the shop's own.
    pub(super) time_zone: Option<TimeZone>,
    pub(super) decimal_comma: bool,
    /// Between the parts of `numbers`, `roles` and `modifiers`.
    pub(super) list_separator: char,
    /// By our name of the column. `None`: the file has our names.
    pub(super) columns: Option<BTreeMap<&'static str, Source>>,
}

/// Where the text of one of our columns comes from.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// The same in every row.
    Constant(String),
    /// Columns of the file, joined by a space.
    Columns { names: Vec<String>, values: Translation },
}

/// From the shop's words, in small letters, to ours.
pub(super) type Translation = HashMap<String, String>;

impl Default for Mapping {
    fn default() -> Self {
        Self {
            separator: b',',
            encoding: None,
            time_formats: Vec::new(),
            time_zone: None,
            decimal_comma: false,
            list_separator: ';',
            columns: None,
        }
    }
}

impl Mapping {
    /// `file` is the mapping's own name, for what is said of it.
    pub fn parse(kind: Kind, file: &str, text: &str) -> Result<Mapping, StoreError> {
        read(kind, text).map_err(|reason| StoreError::Mapping { file: file.to_owned(), reason })
    }
}

fn read(kind: Kind, text: &str) -> Result<Mapping, String> {
    let table: Table = text.parse().map_err(|error: toml::de::Error| error.to_string().trim_end().to_owned())?;
    let mut mapping = Mapping::default();
    for (key, value) in &table {
        match key.as_str() {
            "separator" => mapping.separator = separator(value)?,
            "encoding" => mapping.encoding = encoding(string(key, value)?)?,
            "time_format" => mapping.time_formats = time_formats(key, value)?,
            "time_zone" => mapping.time_zone = Some(time_zone(string(key, value)?)?),
            "decimal_comma" => {
                mapping.decimal_comma = value.as_bool().ok_or("decimal_comma must be true or false")?;
            }
            "list_separator" => mapping.list_separator = list_separator(string(key, value)?)?,
            "columns" => mapping.columns = Some(columns(kind, value)?),
            unknown => return Err(unknown_key(unknown, KEYS)),
        }
    }
    Ok(mapping)
}

const KEYS: &[&str] =
    &["separator", "encoding", "time_format", "time_zone", "decimal_comma", "list_separator", "columns"];
const COLUMN_KEYS: &[&str] = &["column", "columns", "value", "values"];

fn unknown_key(key: &str, known: &[&str]) -> String {
    match nearest(key, known) {
        Some(near) => format!("the key {key} is not known; did you mean {near}?"),
        None => format!("the key {key} is not known; there are {}", known.join(", ")),
    }
}

fn string<'a>(key: &str, value: &'a Value) -> Result<&'a str, String> {
    value.as_str().ok_or_else(|| format!("{key} must be a text in quotation marks"))
}

fn strings(key: &str, value: &Value) -> Result<Vec<String>, String> {
    let texts = match value {
        Value::Array(values) => values.iter().map(|value| Ok(string(key, value)?.to_owned())).collect(),
        one => Ok(vec![string(key, one)?.to_owned()]),
    };
    texts.and_then(|texts: Vec<String>| if texts.is_empty() { Err(format!("{key} is empty")) } else { Ok(texts) })
}

fn separator(value: &Value) -> Result<u8, String> {
    match string("separator", value)? {
        "tab" => Ok(b'\t'),
        text => match text.as_bytes() {
            [byte] if byte.is_ascii() && !byte.is_ascii_alphanumeric() && !b"\"\r\n".contains(byte) => Ok(*byte),
            _ => Err("separator must be one character such as \";\", or \"tab\"".to_owned()),
        },
    }
}

fn list_separator(text: &str) -> Result<char, String> {
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(one), None) => Ok(one),
        _ => Err("list_separator must be one character".to_owned()),
    }
}

fn encoding(label: &str) -> Result<Option<&'static Encoding>, String> {
    let found = Encoding::for_label_no_replacement(label.as_bytes()).ok_or_else(|| {
        format!("the encoding {label} is not known; there are utf-8, windows-1252, iso-8859-1, utf-16le and others")
    })?;
    Ok(Some(found).filter(|found| *found != UTF_8))
}

/// A format must read what it writes: a slip in it would otherwise show as a file full of bad rows.
fn time_formats(key: &str, value: &Value) -> Result<Vec<String>, String> {
    let formats = strings(key, value)?;
    for format in &formats {
        let written = strtime::format(format, &Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC));
        let read = written.and_then(|text| strtime::parse(format, text)).and_then(|parts| parts.to_date());
        if let Err(error) = read {
            return Err(format!("time_format \"{format}\" gives no day: {error}"));
        }
    }
    Ok(formats)
}

fn time_zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name).map_err(|_| format!("time_zone {name} is none of the IANA's; write it such as Europe/Berlin"))
}

fn columns(kind: Kind, value: &Value) -> Result<BTreeMap<&'static str, Source>, String> {
    let table = value.as_table().ok_or("columns must be a table: [columns]")?;
    let known: Vec<&'static str> = kind.columns().iter().map(|column| column.name).collect();
    let mut columns = BTreeMap::new();
    for (name, value) in table {
        let Some(ours) = known.iter().find(|known| *known == name) else {
            return Err(match nearest(name, &known) {
                Some(near) => format!("there is no column {name} of {}; did you mean {near}?", kind.as_str()),
                None => format!("there is no column {name} of {}; there are {}", kind.as_str(), known.join(", ")),
            });
        };
        columns.insert(*ours, source(name, value)?);
    }
    Ok(columns)
}

/// `"KundenNr"`, `["Vorname", "Nachname"]`, `{ value = "shop" }` or `{ column = "Status", values = { offen = "open" } }`.
fn source(name: &str, value: &Value) -> Result<Source, String> {
    let Value::Table(table) = value else {
        return Ok(Source::Columns { names: strings(name, value)?, values: Translation::new() });
    };
    if let Some(unknown) = table.keys().find(|key| !COLUMN_KEYS.contains(&key.as_str())) {
        return Err(format!("column {name}: {}", unknown_key(unknown, COLUMN_KEYS)));
    }
    let mut values = Translation::new();
    if let Some(words) = table.get("values") {
        for (word, ours) in words.as_table().ok_or(format!("column {name}: values must be a table"))? {
            values.insert(word.trim().to_lowercase(), string(word, ours)?.to_owned());
        }
    }
    match (table.get("value"), table.get("column").or(table.get("columns"))) {
        (Some(constant), None) => Ok(Source::Constant(string(name, constant)?.to_owned())),
        (None, Some(names)) => Ok(Source::Columns { names: strings(name, names)?, values }),
        _ => Err(format!("column {name} needs either column or value")),
    }
}
