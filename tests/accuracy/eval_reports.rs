//! `regulars eval voice` as a program: what it prints, writes and refuses.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use regulars::voice::ModelSource;

/// A row of the printed table.
pub struct Line {
    pub eer: f64,
    pub rank_1: f64,
    pub min_cllr: f64,
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
        // Seconds, shorter probes, mute probes, EER, rank-1, ..., Cllr; intervals are in brackets and no numbers by themselves.
        let [.., min_cllr, cllr] = numbers[..] else { panic!("no costs:\n{output}") };
        Line { eer: numbers[3], rank_1: numbers[4], min_cllr, cllr }
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

/// Six people of the development data over one kind of line: four enrolled, two strangers.
fn small_manifest(folder: &Path, line: &str, into: &Path) -> PathBuf {
    let text = std::fs::read_to_string(folder.join(line)).unwrap();
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
    let path = into.join(line);
    std::fs::write(&path, manifest).unwrap();
    path
}

#[test]
fn every_probe_is_scored_against_everyone_enrolled_and_twice_the_same() {
    let Some(data) = development_data() else { return };
    let folder = tempfile::tempdir().unwrap();
    let manifest = small_manifest(&data, "tel.csv", folder.path());
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
fn the_json_has_the_figures_of_the_table() {
    let Some(data) = development_data() else { return };
    let folder = tempfile::tempdir().unwrap();
    let manifest = small_manifest(&data, "tx.csv", folder.path());
    let json = folder.path().join("figures.json");
    let output = eval(&[manifest.to_str().unwrap(), "--seconds", "2,3", "--json", json.to_str().unwrap()]);
    let read: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&json).unwrap()).unwrap();
    assert!(output.starts_with(&format!("{} ({})", ModelSource::default(), read["models"][0].as_str().unwrap())));
    let of = &read["manifests"][0];
    assert_eq!((&of["manifest"], &of["enrolled"], &of["strangers"]), (&"tx.csv".into(), &4.into(), &2.into()));
    let lines: Vec<&str> = output.lines().filter(|line| line.contains(" s  ") && !line.contains("among")).collect();
    assert_eq!(lines.len(), 2, "{output}");
    for (n, line) in lines.iter().enumerate() {
        let figures = &of["lengths"][n]["a"];
        let percent = |figure: &serde_json::Value| 100.0 * figure.as_f64().unwrap();
        let eer = &figures["eer"];
        let interval = [&eer["interval"]["low"], &eer["interval"]["high"]].map(percent);
        let printed = format!("{:.2} [{:.2}-{:.2}]", percent(&eer["value"]), interval[0], interval[1]);
        assert!(line.contains(&printed), "{printed}\n{line}");
        for (name, decimals) in [("d_prime", 2), ("min_dcf", 3), ("min_cllr", 3), ("cllr", 3)] {
            let printed = format!("{:.decimals$}", figures[name].as_f64().unwrap());
            assert!(line.split_whitespace().any(|word| word == printed), "{name} {printed}\n{line}");
        }
    }
}

#[test]
fn a_model_against_itself_differs_in_nothing() {
    let Some(data) = development_data() else { return };
    let folder = tempfile::tempdir().unwrap();
    let manifest = small_manifest(&data, "tx.csv", folder.path());
    let default = ModelSource::default();
    let same = format!("{}/models/{}", env!("CARGO_MANIFEST_DIR"), default.name());
    let output = eval(&[manifest.to_str().unwrap(), "--seconds", "3", "--against", &same]);
    let id = default.id().unwrap();
    for named in [format!("A: {default} ({id})"), format!("B: the folder {same} ({id})")] {
        assert!(output.contains(&named), "{output}");
    }
    let figures: Vec<Vec<&str>> =
        output.lines().filter(|line| line.matches('|').count() == 2).map(|line| line.split('|').collect()).collect();
    // The heading, EER, rank-1, FNIR at three shares in galleries of three sizes, d', minDCF, minCllr, Cllr.
    assert_eq!(figures.len(), 16, "{output}");
    for figure in &figures[1..] {
        let a = figure[0].trim_end();
        assert!(a.ends_with(figure[1].trim()), "{output}");
        let difference = figure[2].trim();
        let none = ["", "-", "+0.00 [+0.00 to +0.00]", "+0.0 [+0.0 to +0.0]"];
        assert!(none.contains(&difference), "{difference:?}\n{output}");
    }
}

#[test]
fn a_new_model_becomes_whole_in_two_steps_and_each_lack_is_named() {
    let Some(data) = development_data() else { return };
    let folder = tempfile::tempdir().unwrap();
    let manifests = ["tel.csv", "tn.csv"].map(|line| small_manifest(&data, line, folder.path()));
    let model = folder.path().join("model");
    std::fs::create_dir(&model).unwrap();
    for file in ["model.onnx", "model.golden.json"] {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/ge2e").join(file);
        std::fs::copy(from, model.join(file)).unwrap();
    }
    let file = |name: &str| model.join(name).to_str().unwrap().to_owned();
    let (wccn, calibration) = (file("model.wccn"), file("model.calibration.toml"));
    let with = |more: &[&str]| -> Vec<String> {
        let common = [&manifests[0], &manifests[1], Path::new("--model"), &model].map(|path| path.to_str().unwrap());
        common.iter().chain(&["--seconds", "3"]).chain(more).map(|arg| (*arg).to_owned()).collect()
    };
    let eval = |more: &[&str]| eval(&with(more).iter().map(String::as_str).collect::<Vec<_>>());
    let refusal = |more: &[&str]| refusal(&with(more).iter().map(String::as_str).collect::<Vec<_>>());

    let bare = eval(&["--bare"]);
    assert!(bare.lines().any(|line| line.trim_end().ends_with(" -")), "no calibration, no Cllr:\n{bare}");
    assert!(refusal(&[]).contains(&wccn));
    assert!(eval(&["--fit-wccn", &wccn]).contains("fitted on"));
    assert!(refusal(&[]).contains(&calibration));
    let texts = ["--attribution", "Nobody, CC0", "--data", "Two lines"];
    eval(&[&["--fit-calibration", &calibration], &texts[..]].concat());
    let stored: toml::Table = std::fs::read_to_string(&calibration).unwrap().parse().unwrap();
    let source: ModelSource = model.to_str().unwrap().parse().unwrap();
    assert_eq!(stored["model"].as_str().unwrap(), source.id().unwrap().as_str());
    assert_eq!(stored["attribution"].as_str().unwrap(), "Nobody, CC0");
    assert!(stored["data"].as_str().unwrap().starts_with("Two lines: "), "{stored}");
    assert!(Line::parse(&eval(&[]), 3.0).cllr < 1.0);
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

/// As `regulars eval voice ... | head` does it.
#[test]
fn a_reader_that_has_seen_enough_is_no_panic() {
    let folder = tempfile::tempdir().unwrap();
    let speech = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/speech");
    let manifest = folder.path().join("two.csv");
    let rows: String = [("slt", "enroll", 1), ("slt", "probe", 4), ("rms", "enroll", 1), ("rms", "probe", 4)]
        .map(|(voice, role, n)| format!("{voice},{role},{voice}-{n},{speech}/{voice}/{voice}-{n}.wav\n"))
        .concat();
    std::fs::write(&manifest, format!("speaker,role,call,file\n{rows}")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_regulars"));
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = command.args(["eval", "voice"]).arg(&manifest).stdout(writer).stderr(Stdio::piped()).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success(), "it had nowhere to write to");
    assert_eq!(said, "", "and says nothing of it");
}
