//! The first line of a file: which column stands where.

use csv::ByteRecord;

use super::Kind;
use super::kind::Column;
use super::mapping::{self, Mapping, Translation};
use super::row::BadField;
use crate::base::nearest;

pub(super) struct Header {
    /// Where each column of [`Kind::columns`] comes from, if the file has it.
    sources: Vec<Option<Source>>,
    columns: &'static [Column],
    /// Fields that every row must have.
    width: usize,
}

enum Source {
    Constant(String),
    Fields { at: Vec<usize>, values: Translation },
}

impl Header {
    /// The reason of a refusal never repeats the line: in a file without a header it is somebody's data.
    pub fn read(kind: Kind, record: &ByteRecord, mapping: &Mapping) -> Result<Header, String> {
        if record.len() == 1 {
            for (separator, name, say) in [(b';', "semicolons", ";"), (b'\t', "tabs", "tab"), (b',', "commas", ",")] {
                if record[0].contains(&separator) && separator != mapping.separator {
                    return Err(format!(
                        "its columns are separated by {name}; say separator = \"{say}\" in a mapping file (--map)"
                    ));
                }
            }
        }
        let names: Vec<String> = record.iter().map(|name| plain(&String::from_utf8_lossy(name))).collect();
        let sources = match &mapping.columns {
            None => by_our_names(kind, &names)?,
            Some(columns) => kind
                .columns()
                .iter()
                .map(|column| columns.get(column.name).map(|source| found(source, &names)).transpose())
                .collect::<Result<_, _>>()?,
        };
        let columns = kind.columns();
        let missing = columns.iter().zip(&sources).find(|(column, source)| column.required && source.is_none());
        match missing {
            Some((column, _)) => Err(format!("column {} is missing", column.name)),
            None => Ok(Header { sources, columns, width: record.len() }),
        }
    }

    /// Where a column of ours stands in a record that [`Header::arrange`] made, if the file has it.
    pub fn position(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|known| known.name == column).filter(|at| self.sources[*at].is_some())
    }

    /// The fields of a row in the sequence of [`Kind::columns`], in our words.
    pub fn arrange(&self, from: &ByteRecord, to: &mut ByteRecord) -> Result<(), BadField> {
        let (fields, width) = (from.len(), self.width);
        if fields != width {
            let reason = format!(
                "has {fields} fields where the first line has {width}; is a separator or a quotation mark missing?"
            );
            return Err(BadField { column: None, reason });
        }
        to.clear();
        for source in &self.sources {
            match source {
                None => to.push_field(b""),
                Some(Source::Constant(text)) => to.push_field(text.as_bytes()),
                Some(Source::Fields { at, values }) => match at.as_slice() {
                    [one] if values.is_empty() => to.push_field(&from[*one]),
                    [one] => to.push_field(translated(&from[*one], values)),
                    many => {
                        let parts: Vec<&[u8]> = many.iter().map(|at| from[*at].trim_ascii()).collect();
                        to.push_field(translated(parts.join(&b' ').trim_ascii(), values));
                    }
                },
            }
        }
        Ok(())
    }
}

/// A word that is not in the list stands for itself.
fn translated<'a>(field: &'a [u8], values: &'a Translation) -> &'a [u8] {
    let ours = std::str::from_utf8(field).ok().and_then(|text| values.get(&plain(text)));
    ours.map_or(field, |ours| ours.as_bytes())
}

/// As names and words are compared.
fn plain(text: &str) -> String {
    text.trim().to_lowercase()
}

fn by_our_names(kind: Kind, names: &[String]) -> Result<Vec<Option<Source>>, String> {
    let columns = kind.columns();
    let mut sources: Vec<Option<Source>> = columns.iter().map(|_| None).collect();
    for (at, name) in names.iter().enumerate() {
        let Some(column) = columns.iter().position(|column| column.name == name) else {
            return Err(unknown(kind, at + 1, name));
        };
        if sources[column].replace(Source::Fields { at: vec![at], values: Translation::new() }).is_some() {
            return Err(format!("column {} is there twice", columns[column].name));
        }
    }
    Ok(sources)
}

fn found(source: &mapping::Source, names: &[String]) -> Result<Source, String> {
    let (wanted, values) = match source {
        mapping::Source::Constant(text) => return Ok(Source::Constant(text.clone())),
        mapping::Source::Columns { names, values } => (names, values),
    };
    let place = |wanted: &String| {
        let mut at = names.iter().enumerate().filter(|(_, name)| **name == plain(wanted)).map(|(at, _)| at);
        match (at.next(), at.next()) {
            (Some(at), None) => Ok(at),
            (Some(_), Some(_)) => Err(format!("column {wanted}, which the mapping names, is there twice")),
            (None, _) => {
                let known: Vec<&str> = names.iter().map(String::as_str).collect();
                let meant = nearest(&plain(wanted), &known).map(|near| format!("; did you mean {near}?"));
                Err(format!("it has no column {wanted}, which the mapping names{}", meant.unwrap_or_default()))
            }
        }
    };
    Ok(Source::Fields { at: wanted.iter().map(place).collect::<Result<_, _>>()?, values: values.clone() })
}

fn unknown(kind: Kind, number: usize, name: &str) -> String {
    let names: Vec<&str> = kind.columns().iter().map(|column| column.name).collect();
    match nearest(name, &names) {
        Some(near) => format!("the name of column {number} is not known; did you mean {near}?"),
        None => format!(
            "the name of column {number} is not known; the first line must name the columns, which for {} are {}; a mapping \
             file (--map) says which of other columns are these",
            kind.as_str(),
            names.join(", ")
        ),
    }
}
