//! The first line of a file: which column stands where.

use csv::ByteRecord;

use super::Kind;
use super::kind::Column;

pub(super) struct Header {
    /// Where each column of [`Kind::columns`] stands, if the file has it.
    positions: Vec<Option<usize>>,
    columns: &'static [Column],
    /// Fields that every row must have.
    pub width: usize,
}

impl Header {
    /// The reason of a refusal never repeats the line: in a file without a header it is somebody's data.
    pub fn read(kind: Kind, record: &ByteRecord) -> Result<Header, String> {
        let columns = kind.columns();
        if record.len() == 1 {
            for (separator, name) in [(b';', "semicolons"), (b'\t', "tabs")] {
                if record[0].contains(&separator) {
                    return Err(format!("its columns are separated by {name}; commas are needed"));
                }
            }
        }
        let mut positions = vec![None; columns.len()];
        for (at, name) in record.iter().enumerate() {
            let name = String::from_utf8_lossy(name).trim().to_ascii_lowercase();
            let Some(column) = columns.iter().position(|column| column.name == name) else {
                return Err(unknown(kind, at + 1, &name));
            };
            if positions[column].replace(at).is_some() {
                return Err(format!("column {} is there twice", columns[column].name));
            }
        }
        let missing = columns.iter().zip(&positions).find(|(column, at)| column.required && at.is_none());
        match missing {
            Some((column, _)) => Err(format!("column {} is missing", column.name)),
            None => Ok(Header { positions, columns, width: record.len() }),
        }
    }

    pub fn position(&self, column: &str) -> Option<usize> {
        let known = self.columns.iter().position(|known| known.name == column)?;
        self.positions[known]
    }
}

fn unknown(kind: Kind, number: usize, name: &str) -> String {
    let names: Vec<&str> = kind.columns().iter().map(|column| column.name).collect();
    match nearest(name, &names) {
        Some(near) => format!("the name of column {number} is not known; did you mean {near}?"),
        None => format!(
            "the name of column {number} is not known; the first line must name the columns, which for {} are {}",
            kind.as_str(),
            names.join(", ")
        ),
    }
}

/// The word that was probably meant, if one is near enough.
pub(super) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let scored = known.iter().map(|name| (strsim::jaro_winkler(word, name), *name));
    scored.filter(|(score, _)| *score >= NEAR).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, name)| name)
}

/// Jaro-Winkler similarity, 0 to 1. Below 0.8 "id" would be taken for "item"; above 0.9 "custmer" is no longer
/// "customer_id".
const NEAR: f64 = 0.8;
