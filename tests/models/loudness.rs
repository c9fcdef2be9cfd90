//! An anti-spoofing network of three operators that takes what is loud for spoofed.

use tract_onnx::pb::{TensorProto, tensor_proto::DataType};

use crate::onnx::{file, int, ints, node};

/// The mean of all log mels less `middle`, as a logit. `metadata` beside or instead of what it needs; `None` takes a key out.
pub fn loudness(middle: f32, metadata: &[(&str, Option<&str>)]) -> Vec<u8> {
    let middle = TensorProto {
        name: "middle".into(),
        dims: vec![1],
        data_type: DataType::Float as i32,
        float_data: vec![middle],
        ..TensorProto::default()
    };
    let nodes = vec![
        node("ReduceMean", &["feats"], "bands", vec![ints("axes", &[1]), int("keepdims", 0)]),
        node("ReduceMean", &["bands"], "mean", vec![ints("axes", &[1]), int("keepdims", 1)]),
        node("Sub", &["mean", "middle"], "logit", vec![]),
    ];
    let needed = [
        ("framework", "anti-spoofing"),
        ("sample_rate", "16000"),
        ("normalize_samples", "1"),
        ("output", "0"),
        ("output_dim", "1"),
        ("score", "logit"),
        ("higher_is", "spoof"),
        ("threshold", "0.5"),
        ("licence", "CC0-1.0"),
    ];
    let kept = needed.into_iter().filter(|(key, _)| !metadata.iter().any(|(changed, _)| changed == key));
    let changed = metadata.iter().filter_map(|(key, value)| Some((*key, (*value)?)));
    let metadata: Vec<_> = kept.chain(changed).map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    file(nodes, vec![middle], &[-1, -1, 80], &[-1, 1], &metadata)
}
