//! The list of recordings: `speaker,role,call,file`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// One recording. `file` is already joined to the manifest's folder.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub speaker: String,
    pub role: Role,
    pub call: String,
    pub file: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Enroll,
    Probe,
}

const HEADER: [&str; 4] = ["speaker", "role", "call", "file"];

/// Every row, or every reason why not: `file:line: column NAME: reason`, one a line.
pub fn read(path: &Path) -> anyhow::Result<Vec<Row>> {
    let text =
        std::fs::read_to_string(path).map_err(|error| anyhow::anyhow!("cannot read {}: {error}", path.display()))?;
    let (rows, complaints) = parse(&text, path.parent().unwrap_or(Path::new("")));
    if complaints.is_empty() {
        return Ok(rows);
    }
    let lines: Vec<String> = complaints.iter().map(|complaint| format!("{}:{complaint}", path.display())).collect();
    anyhow::bail!("{}", lines.join("\n"))
}

/// Of each speaker's enrol rows the first `at_most`; every probe.
pub fn with_enroll_calls(rows: Vec<Row>, at_most: usize) -> Vec<Row> {
    let mut taken = HashMap::<String, usize>::new();
    rows.into_iter()
        .filter(|row| {
            row.role == Role::Probe || {
                let taken = taken.entry(row.speaker.clone()).or_default();
                *taken += 1;
                *taken <= at_most
            }
        })
        .collect()
}

fn parse(text: &str, folder: &Path) -> (Vec<Row>, Vec<String>) {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let (mut rows, mut complaints) = (Vec::new(), Vec::new());
    match reader.headers() {
        Ok(header) if header == HEADER.as_slice() => {}
        Ok(header) => {
            let found = header.iter().collect::<Vec<_>>().join(",");
            return (rows, vec![format!("1: the header is {found:?}, wanted is {:?}", HEADER.join(","))]);
        }
        Err(error) => return (rows, vec![format!("1: {error}")]),
    }
    for record in reader.records() {
        match record.map_err(|error| csv_complaint(&error)).and_then(|record| row(&record, folder)) {
            Ok(row) => rows.push(row),
            Err(complaint) => complaints.push(complaint),
        }
    }
    if rows.is_empty() && complaints.is_empty() {
        complaints.push("1: there are no rows".into());
    }
    (rows, complaints)
}

fn row(record: &csv::StringRecord, folder: &Path) -> Result<Row, String> {
    let line = record.position().map_or(0, csv::Position::line);
    let complaint = |column: &str, reason: String| format!("{line}: column {column}: {reason}");
    let field = |n: usize| match &record[n] {
        "" => Err(complaint(HEADER[n], "it is empty".into())),
        text => Ok(text),
    };
    let role = match field(1)? {
        "enroll" => Role::Enroll,
        "probe" => Role::Probe,
        other => return Err(complaint("role", format!("{other:?} is neither enroll nor probe"))),
    };
    let file = folder.join(field(3)?);
    if !file.is_file() {
        return Err(complaint("file", format!("there is no file {}", file.display())));
    }
    Ok(Row { speaker: field(0)?.to_owned(), role, call: field(2)?.to_owned(), file })
}

fn csv_complaint(error: &csv::Error) -> String {
    let line = error.position().map_or(0, csv::Position::line);
    match error.kind() {
        csv::ErrorKind::UnequalLengths { len, expected_len, .. } => {
            format!("{line}: it has {len} columns, {expected_len} are wanted")
        }
        _ => format!("{line}: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_rows_are_read_and_every_bad_one_is_named() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.wav"), b"").unwrap();
        let (rows, complaints) = parse(
            "speaker,role,call,file\nanna,enroll,1,a.wav\nanna,prob,2,a.wav\nanna,probe,3,b.wav\n,probe,4,a.wav\nanna,probe\n",
            folder.path(),
        );
        let wanted =
            Row { speaker: "anna".into(), role: Role::Enroll, call: "1".into(), file: folder.path().join("a.wav") };
        assert_eq!(rows, [wanted]);
        let wanted = [
            "3: column role: \"prob\"",
            "4: column file: there is no file",
            "5: column speaker: it is empty",
            "6: it has 2 columns",
        ];
        assert_eq!(complaints.len(), wanted.len());
        for (complaint, wanted) in complaints.iter().zip(wanted) {
            assert!(complaint.starts_with(wanted), "{complaint}");
        }
    }

    #[test]
    fn a_limit_of_enrol_calls_leaves_the_probes_alone() {
        let row = |speaker: &str, role, call: &str| Row {
            speaker: speaker.into(),
            role,
            call: call.into(),
            file: PathBuf::new(),
        };
        let (enroll, probe) = (Role::Enroll, Role::Probe);
        let rows = vec![
            row("anna", enroll, "1"),
            row("ben", enroll, "2"),
            row("anna", probe, "3"),
            row("anna", enroll, "4"),
            row("anna", probe, "5"),
            row("anna", enroll, "6"),
        ];
        let calls =
            |at_most| -> String { with_enroll_calls(rows.clone(), at_most).iter().map(|r| r.call.as_str()).collect() };
        assert_eq!((calls(1), calls(2), calls(9)), ("1235".into(), "12345".into(), "123456".into()));
    }

    #[test]
    fn a_foreign_header_is_shown_beside_the_wanted_one() {
        let (_, complaints) = parse("who,what\n", Path::new(""));
        assert!(
            complaints[0].contains("who,what") && complaints[0].contains("speaker,role,call,file"),
            "{complaints:?}"
        );
        assert_eq!(parse("speaker,role,call,file\n", Path::new("")).1, ["1: there are no rows"]);
    }
}
