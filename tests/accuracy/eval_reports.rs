//! `regulars eval voice` as a program: what it prints, writes and refuses.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A row of the printed table.
pub struct Line {
    pub eer: f64,
    pub rank_1: f64,
    pub cllr: f64,
}

impl Line {
    pub fn parse(output: &str, seconds: f64) -> Self {
        let row = output.lines().find(|line| line.trim_start().starts_with(&format!("{seconds:.1} s")));
        let numbers: Vec<f64> = row
            .unwrap_or_else(|| panic!("no row:\n{output}"))
            .split_whitespace()
            .filter_map(|w| w.parse().ok())
            .collect();
        // Seconds, shorter probes, probes without speech, EER, minDCF, rank-1, ..., Cllr.
        Line { eer: numbers[3], rank_1: numbers[5], cllr: *numbers.last().unwrap() }
    }
}

/// The development speakers, beside the repository or not at all.
pub fn development_data() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/voice");
    if folder.join("tel.csv").is_file() {
        return Some(folder);
    }
    eprintln!("SKIPPED: there is no {}, so recognition of the development speakers is not measured", folder.display());
    None
}

fn run(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_regulars")).args(["eval", "voice"]).args(args).output().unwrap()
}

pub fn eval(args: &[&str]) -> String {
    let output = run(args);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    String::from_utf8(output.stdout).unwrap()
}

fn refusal(args: &[&str]) -> String {
    let output = run(args);
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

/// Six people of the development data: four enrolled, two strangers.
fn small_manifest(folder: &Path, into: &Path) -> PathBuf {
    let text = std::fs::read_to_string(folder.join("tel.csv")).unwrap();
    let rows: Vec<Vec<&str>> = text.lines().skip(1).map(|line| line.split(',').collect()).collect();
    let has_enroll = |speaker: &str| rows.iter().any(|row| row[0] == speaker && row[1] == "enroll");
    let mut speakers: Vec<&str> = rows.iter().map(|row| row[0]).collect();
    speakers.sort_unstable();
    speakers.dedup();
    let enrolled = speakers.iter().filter(|s| has_enroll(s)).take(4);
    let strangers = speakers.iter().filter(|s| !has_enroll(s)).take(2);
    let chosen: Vec<&str> = enrolled.chain(strangers).copied().collect();
    let mut manifest = String::from("speaker,role,call,file\n");
    for row in rows.iter().filter(|row| chosen.contains(&row[0])) {
        manifest += &format!("{},{},{},{}\n", row[0], row[1], row[2], folder.join(row[3]).display());
    }
    let path = into.join("small.csv");
    std::fs::write(&path, manifest).unwrap();
    path
}

#[test]
fn every_probe_is_scored_against_everyone_enrolled_and_twice_the_same() {
    let Some(data) = development_data() else { return };
    let folder = tempfile::tempdir().unwrap();
    let manifest = small_manifest(&data, folder.path());
    let probes = std::fs::read_to_string(&manifest).unwrap().matches(",probe,").count();
    let (first, second) = (folder.path().join("1.csv"), folder.path().join("2.csv"));
    let args = |scores: &'static str| {
        [
            manifest.to_str().unwrap().to_owned(),
            "--seconds".into(),
            "3,5".into(),
            "--scores".into(),
            folder.path().join(scores).to_str().unwrap().to_owned(),
        ]
    };
    let printed: Vec<String> =
        ["1.csv", "2.csv"].map(|scores| eval(&args(scores).iter().map(String::as_str).collect::<Vec<_>>())).to_vec();
    assert_eq!(printed[0], printed[1]);
    let text = std::fs::read_to_string(first).unwrap();
    assert_eq!(text, std::fs::read_to_string(second).unwrap());
    assert!(text.starts_with("probe,speaker,seconds,score,llr\n"));
    assert_eq!(text.lines().count(), 1 + probes * 4 * 2, "probes by enrolled people by lengths");
    assert!(printed[0].contains("4 enrolled") && printed[0].contains("2 strangers"), "{}", printed[0]);
}

#[test]
fn a_bad_manifest_is_refused_by_file_line_column_and_reason() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = folder.path().join("m.csv");
    std::fs::write(&manifest, "speaker,role,call,file\nanna,listener,1,a.wav\nanna,probe,2,missing.wav\n").unwrap();
    let sentence = refusal(&[manifest.to_str().unwrap()]);
    assert!(sentence.contains("m.csv:2: column role: \"listener\""), "{sentence}");
    assert!(sentence.contains("m.csv:3: column file: there is no file"), "{sentence}");
}

#[test]
fn a_file_that_is_no_recording_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.wav"), b"this is a letter").unwrap();
    let manifest = folder.path().join("m.csv");
    std::fs::write(&manifest, "speaker,role,call,file\nanna,probe,1,a.wav\n").unwrap();
    let sentence = refusal(&[manifest.to_str().unwrap()]);
    assert!(sentence.contains("a.wav") && sentence.contains("not a WAV file"), "{sentence}");
}
