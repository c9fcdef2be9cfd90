//! Networks of two operators, for what does not depend on the network: each a few hundred bytes.

use crate::onnx::{file, int, ints, node};

/// What the file says of itself, in sherpa-onnx's words.
pub const METADATA: [(&str, &str); 6] = [
    ("framework", "3d-speaker"),
    ("sample_rate", "16000"),
    ("output_dim", "80"),
    ("normalize_samples", "1"),
    ("feature_normalize_type", "global-mean"),
    ("language", "English"),
];

/// How lively each band is: the mean over time of `op(band, band)`, which is 80 numbers.
pub struct Tiny {
    pub op: &'static str,
    pub input: Vec<i64>,
    pub metadata: Vec<(String, String)>,
}

impl Default for Tiny {
    fn default() -> Self {
        let metadata = METADATA.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Self { op: "Mul", input: vec![-1, -1, 80], metadata }
    }
}

impl Tiny {
    /// With one key set, or left out.
    pub fn with(mut self, key: &str, value: Option<&str>) -> Self {
        self.metadata.retain(|(known, _)| known != key);
        self.metadata.extend(value.map(|value| (key.to_owned(), value.to_owned())));
        self
    }

    pub fn bytes(&self) -> Vec<u8> {
        let nodes = vec![
            node(self.op, &["feats", "feats"], "squares", vec![]),
            node("ReduceMean", &["squares"], "embedding", vec![ints("axes", &[1]), int("keepdims", 0)]),
        ];
        file(nodes, vec![], &self.input, &[-1, 80], &self.metadata)
    }
}
