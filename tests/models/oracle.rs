//! What kaldi-native-fbank and sherpa-onnx say: asked once a test run, in the environment that `make oracles` makes.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use regulars::speech::FeatureKind;
use regulars::voice::{Embedder, Fidelity};
use serde_json::Value;

pub struct Oracle {
    folder: PathBuf,
    pub answers: Value,
}

/// `None`, said aloud, where the environment is missing.
pub fn oracle() -> Option<&'static Oracle> {
    static ORACLE: OnceLock<Option<Oracle>> = OnceLock::new();
    ORACLE.get_or_init(ask).as_ref()
}

fn ask() -> Option<Oracle> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = root.join("target/oracles/bin/python");
    if !python.exists() {
        let why = "kaldi-native-fbank and sherpa-onnx are not there to compare with; `make oracles` fetches them";
        assert!(std::env::var("REGULARS_REQUIRE_ORACLES").as_deref() != Ok("1"), "{why}");
        eprintln!("SKIPPED: {why}");
        return None;
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("oracle");
    let output = Command::new(python).arg(root.join("tests/models/oracle.py")).arg(&folder).output().unwrap();
    assert!(output.status.success(), "oracle.py: {}", String::from_utf8_lossy(&output.stderr));
    let answers = serde_json::from_slice(&std::fs::read(folder.join("answers.json")).unwrap()).unwrap();
    Some(Oracle { folder, answers })
}

impl Oracle {
    pub fn floats(&self, name: &str) -> Vec<f32> {
        let bytes = std::fs::read(self.folder.join(format!("{name}.f32"))).unwrap();
        bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
    }

    pub fn model(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.folder.join(format!("{name}.onnx"))).unwrap()
    }

    pub fn embedder(&self, name: &str, fidelity: Fidelity) -> Embedder {
        Embedder::untried(&self.model(name), fidelity).unwrap_or_else(|error| panic!("{name}: {error}"))
    }
}

pub fn options(embedder: &Embedder) -> regulars::speech::KaldiOptions {
    match embedder.features() {
        FeatureKind::Kaldi(options) => options,
        FeatureKind::Ge2e => panic!("a published model reads log mels"),
    }
}
