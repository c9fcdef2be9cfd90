use std::path::{Path, PathBuf};
use std::process::Command;

use regulars::voice::{Embedder, Fidelity, ModelSource, SpoofModel};

use crate::loudness::loudness;
use crate::tiny::Tiny;

struct Models(tempfile::TempDir);

impl Models {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn put(&self, name: &str, file: &[u8]) -> PathBuf {
        let folder = self.0.path().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("model.onnx"), file).unwrap();
        folder
    }

    fn refusal(&self, file: &[u8]) -> String {
        source(&self.put("wrong", file)).spoof().err().unwrap().to_string()
    }

    /// Whether it succeeded, and all that it said.
    fn regulars(&self, args: &[&str]) -> (bool, String) {
        let models = format!("voice.models={}", self.0.path().display());
        let store = format!("store.url=sqlite:{}", self.0.path().join("house.db").display());
        let set = ["--set", &models, "--set", &store, "--set", "sip.listen=udp:127.0.0.1:0"];
        let set = set.into_iter().chain(["--set", "desk.listen=127.0.0.1:0"]);
        let output = Command::new(env!("CARGO_BIN_EXE_regulars")).args(args).args(set).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(said).unwrap())
    }
}

fn source(folder: &Path) -> ModelSource {
    ModelSource::find(folder.to_str().unwrap(), Path::new("nowhere")).unwrap()
}

#[test]
fn what_is_louder_than_the_middle_is_called_spoofed() {
    let model = SpoofModel::from_bytes("loudness", &loudness(-6.0, &[])).unwrap();
    let (rule, bands) = (model.rule(), model.features().bands);
    assert_eq!((&*rule.model, rule.threshold, bands), ("loudness", 0.5, 80));
    let score = |level: f32| model.score(&[level; 160 * 80]).unwrap();
    // A logit of 2, of 0 and of -2.
    assert!((score(-4.0) - 0.880_797).abs() < 1e-4, "{}", score(-4.0));
    assert!((score(-6.0) - 0.5).abs() < 1e-4 && (score(-8.0) - 0.119_203).abs() < 1e-4);
    assert!(model.score(&[0.0; 80]).is_err(), "that is no window");
}

#[test]
fn a_foreign_or_broken_file_is_refused_with_the_reason_and_a_way_out() {
    let models = Models::new();
    let folder = models.0.path().join("wrong").display().to_string();
    let way_out = "docs/reference/models.md says how such a file describes itself; voice.spoof_model = \"\"";
    for (file, said) in [
        (b"<html>404</html>".to_vec(), "cannot be loaded"),
        (loudness(0.0, &[("framework", None)]), "lack `framework`"),
        (Tiny::default().bytes(), "it is a speaker model of 3D-Speaker, which belongs into voice.model"),
        (loudness(0.0, &[("threshold", None)]), "lack `threshold`"),
        (loudness(0.0, &[("normalize_samples", None)]), "lack `normalize_samples`"),
        (loudness(0.0, &[("sample_rate", Some("8000"))]), "sample_rate = 8000; 16000 can be used"),
        (loudness(0.0, &[("output", Some("1"))]), "it has 1 inputs and 1 outputs; a model of anti-spoofing has 1"),
        (loudness(0.0, &[("output_dim", Some("2")), ("spoof_class", Some("1"))]), "promise [1, 2]"),
        (loudness(f32::NAN, &[]), "no number (NaN or infinite)"),
        // Log mels are negative, and no probability is.
        (loudness(0.0, &[("score", Some("probability"))]), "what is no probability"),
    ] {
        let sentence = models.refusal(&file);
        assert!(sentence.contains(said) && sentence.contains(&folder) && sentence.contains(way_out), "{sentence}");
    }
    let sentence = ModelSource::default().spoof().err().unwrap().to_string();
    assert!(sentence.contains("inside the program cannot be used as voice.spoof_model"), "{sentence}");
}

#[test]
fn it_is_no_speaker_model() {
    let sentence = Embedder::untried(&loudness(-6.0, &[]), Fidelity::Compat).err().unwrap().to_string();
    assert!(sentence.contains("its place is voice.spoof_model"), "{sentence}");
}

#[test]
fn the_commands_name_it_and_say_what_it_is() {
    let models = Models::new();
    models.put("loudness", &loudness(-6.0, &[]));
    models.put("broken", &loudness(f32::NAN, &[]));
    let about = "loudness, 80 bands, says so above 0.5, licence: CC0-1.0";
    let (good, said) = models.regulars(&["models", "check", "loudness"]);
    assert!(good && said.contains(&format!("anti-spoofing model {about}")), "{said}");
    let (good, said) = models.regulars(&["models", "check", "broken"]);
    assert!(!good && said.contains("no number"), "{said}");
    let (good, said) = models.regulars(&["models", "use", "loudness"]);
    assert!(!good && said.contains("set voice.spoof_model = \"loudness\""), "{said}");

    let in_use = ["--set", "voice.spoof_model=loudness"];
    let (_, said) = models.regulars(&[&["models", "list"][..], &in_use].concat());
    assert!(said.contains("* loudness: in use as voice.spoof_model"), "{said}");
    let (_, said) = models.regulars(&[&["doctor"][..], &in_use].concat());
    assert!(said.contains("ok     spoof model: the folder ") && said.contains(about), "{said}");
    let (good, said) = models.regulars(&["doctor", "--set", "voice.spoof_model=broken"]);
    assert!(!good && said.contains("FAULT  spoof model: ") && said.contains("no number"), "{said}");
    let (_, said) = models.regulars(&["doctor"]);
    assert!(!said.contains("spoof model"), "{said}");
}
