use std::path::Path;
use std::process::{Command, Output};

use sha2::{Digest, Sha256};

use crate::server::{Answer, Server};
use crate::tiny::Tiny;

struct Shop {
    folder: tempfile::TempDir,
}

impl Shop {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn models(&self, args: &[&str]) -> Output {
        let models = format!("voice.models={}", self.folder.path().join("voices").display());
        Command::new(env!("CARGO_BIN_EXE_regulars")).arg("models").args(args).args(["--set", &models]).output().unwrap()
    }

    fn good(&self, args: &[&str]) -> String {
        let output = self.models(args);
        let (out, error) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert!(output.status.success(), "{out}{error}");
        out
    }

    fn bad(&self, args: &[&str]) -> String {
        let output = self.models(args);
        assert!(!output.status.success());
        String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap()
    }

    fn pull<'a>(&self, url: &'a str, sha256: &'a str) -> Vec<&'a str> {
        vec!["pull", url, "--sha256", sha256, "--licence", "Apache-2.0", "--accept-licence"]
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join("voices/tiny-voice").join(name)
    }
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_line_that_breaks_is_gone_on_with_from_where_it_broke() {
    let (shop, file) = (Shop::new(), Tiny::default().bytes());
    let server = Server::start(file.clone(), vec![Answer::CutAfter(100), Answer::CutAfter(50), Answer::Whole]);
    let said = shop.good(&shop.pull(&server.url, &sha256(&file)));
    assert_eq!(server.asked(), [0, 100, 150]);
    assert_eq!(std::fs::read(shop.file("model.onnx")).unwrap(), file);
    assert!(said.contains("licence: Apache-2.0") && said.contains("pulled tiny-voice"), "{said}");
}

#[test]
fn another_run_goes_on_too_and_a_server_without_ranges_sends_it_anew() {
    let (shop, file) = (Shop::new(), Tiny::default().bytes());
    let server = Server::start(file.clone(), vec![Answer::CutAfter(100), Answer::Status(503)]);
    let said = shop.bad(&shop.pull(&server.url, &sha256(&file)));
    assert!(said.contains("100 bytes have come and are kept"), "{said}");
    assert_eq!(std::fs::metadata(shop.file("model.onnx.part")).unwrap().len(), 100);
    let server = Server::start(file.clone(), vec![Answer::WithoutRanges]);
    shop.good(&shop.pull(&server.url, &sha256(&file)));
    assert_eq!(server.asked(), [100]);
    assert_eq!(std::fs::read(shop.file("model.onnx")).unwrap(), file);
}

#[test]
fn another_file_than_the_one_wanted_is_thrown_away() {
    let (shop, file) = (Shop::new(), Tiny::default().bytes());
    let server = Server::start(file.clone(), vec![Answer::Whole]);
    let said = shop.bad(&shop.pull(&server.url, &sha256(b"another file")));
    assert!(said.contains(&sha256(&file)) && said.contains("thrown away"), "{said}");
    assert!(!shop.file("model.onnx").exists() && !shop.file("model.onnx.part").exists());
    let said = shop.bad(&shop.pull(&Server::start(file, vec![Answer::Status(404)]).url, &sha256(b"")));
    assert!(said.contains("the server answers 404"), "{said}");
}

#[test]
fn nothing_is_used_before_a_named_licence_is_accepted() {
    let (shop, file) = (Shop::new(), Tiny::default().bytes());
    let server = Server::start(file.clone(), vec![Answer::Whole]);
    let hash = sha256(&file);
    let said = shop.bad(&["pull", &server.url, "--sha256", &hash, "--accept-licence"]);
    assert!(said.contains("the file names no licence"), "{said}");
    let said = shop.bad(&["pull", &server.url, "--sha256", &hash, "--licence", "CC-BY-4.0"]);
    assert!(said.contains("licence: CC-BY-4.0") && said.contains("--accept-licence"), "{said}");
    assert!(!shop.file("model.onnx").exists());
    shop.good(&["pull", &server.url, "--sha256", &hash, "--licence", "CC-BY-4.0", "--accept-licence"]);
    assert_eq!(server.asked(), [0], "it was fetched once");
    let origin = std::fs::read_to_string(shop.file("model.origin.toml")).unwrap();
    assert!(origin.contains("CC-BY-4.0") && origin.contains(&hash) && origin.contains(&server.url), "{origin}");
}

#[test]
fn a_file_that_is_no_speaker_model_is_refused_with_the_reason() {
    let shop = Shop::new();
    for (file, said) in [
        (b"<html>sign in</html>".to_vec(), "cannot be loaded"),
        (Tiny::default().with("framework", None).bytes(), "lack `framework`"),
    ] {
        let server = Server::start(file.clone(), vec![Answer::Whole]);
        let sentence = shop.bad(&shop.pull(&server.url, &sha256(&file)));
        assert!(sentence.contains(said), "{sentence}");
        assert!(!shop.file("model.onnx").exists() && !shop.file("model.onnx.part").exists());
    }
}

#[test]
fn a_model_is_listed_checked_and_used_once_it_is_calibrated() {
    let (shop, file) = (Shop::new(), Tiny::default().bytes());
    let server = Server::start(file.clone(), vec![Answer::Whole]);
    shop.good(&shop.pull(&server.url, &sha256(&file)));
    let listed = shop.good(&["list"]);
    assert!(listed.contains("* ge2e-telephone: inside"), "{listed}");
    assert!(listed.contains("tiny-voice: checked, not normalised, not calibrated, Apache-2.0"), "{listed}");

    let checked = shop.good(&["check", "tiny-voice"]);
    assert!(checked.contains("golden clips agree") && checked.contains("not calibrated"), "{checked}");
    assert!(checked.contains("3D-Speaker, 80 bands, embeddings of 80"), "{checked}");

    let config = shop.folder.path().join("shop.toml");
    std::fs::write(&config, "[voice]\nthreads = 1 # one\n").unwrap();
    let config = config.to_str().unwrap();
    let said = shop.bad(&["use", "tiny-voice", "--config", config]);
    assert!(said.contains("a calibration") && said.contains("--fit-calibration"), "{said}");
    assert_eq!(std::fs::read_to_string(config).unwrap(), "[voice]\nthreads = 1 # one\n");

    let id = checked.lines().find_map(|line| line.strip_prefix("model id ")).unwrap();
    calibrate(&shop.file("model.calibration.toml"), id);
    shop.good(&["use", "tiny-voice", "--config", config]);
    assert_eq!(std::fs::read_to_string(config).unwrap(), "[voice]\nmodel = \"tiny-voice\"\nthreads = 1 # one\n");
    assert!(shop.good(&["list", "--config", config]).contains("* tiny-voice: checked, not normalised, calibrated"));
    assert!(shop.good(&["check", "--config", config]).contains("\ncalibrated"));
}

fn calibrate(path: &Path, model: &str) {
    let inside = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/models/ge2e/model.calibration.toml"));
    let text = inside.unwrap();
    let lines: Vec<String> = text
        .lines()
        .map(|line| if line.starts_with("model = ") { format!("model = \"{model}\"") } else { line.to_owned() })
        .collect();
    std::fs::write(path, lines.join("\n")).unwrap();
}

#[test]
fn without_a_calibration_it_can_be_measured_all_the_same() {
    let (shop, file) = (Shop::new(), Tiny::default().bytes());
    let server = Server::start(file.clone(), vec![Answer::Whole]);
    shop.good(&shop.pull(&server.url, &sha256(&file)));
    let speech = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/speech");
    let mut manifest = "speaker,role,call,file\n".to_owned();
    for voice in ["slt", "rms", "nsh", "kal16"] {
        for (n, role) in [(1, "enroll"), (2, "enroll"), (3, "probe")] {
            manifest += &format!("{voice},{role},{voice}-{n},{speech}/{voice}/{voice}-{n}.wav\n");
        }
    }
    let path = shop.folder.path().join("voices.csv");
    std::fs::write(&path, manifest).unwrap();
    let model = shop.folder.path().join("voices/tiny-voice");
    let eval = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_regulars"));
        command.args(["eval", "voice"]).arg(&path).args(["--seconds", "3", "--model"]).arg(&model).args(more);
        command.output().unwrap()
    };
    let output = eval(&["--bare"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("tiny-voice") && said.contains("EER"), "{said}");
    // Beside one that reads other features, each is fed its own.
    let output = eval(&["--bare", "--against", "ge2e"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let output = eval(&[]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("model.calibration.toml"));
}
