//! Networks of two operators, for what does not depend on the network: each a few hundred bytes.

use prost::Message;
use tract_onnx::pb::{
    AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, StringStringEntryProto, TensorShapeProto,
    TypeProto, ValueInfoProto, attribute_proto::AttributeType, tensor_proto::DataType, tensor_shape_proto, type_proto,
};

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
        let graph = GraphProto {
            name: "tiny".into(),
            node: vec![
                node(self.op, &["feats", "feats"], "squares", vec![]),
                node("ReduceMean", &["squares"], "embedding", vec![ints("axes", &[1]), int("keepdims", 0)]),
            ],
            input: vec![value("feats", &self.input)],
            output: vec![value("embedding", &[-1, 80])],
            ..GraphProto::default()
        };
        let entry = |(key, value): &(String, String)| StringStringEntryProto { key: key.clone(), value: value.clone() };
        let model = ModelProto {
            ir_version: 8,
            opset_import: vec![OperatorSetIdProto { domain: String::new(), version: 13 }],
            graph: Some(graph),
            metadata_props: self.metadata.iter().map(entry).collect(),
            ..ModelProto::default()
        };
        model.encode_to_vec()
    }
}

fn node(op: &str, inputs: &[&str], output: &str, attribute: Vec<AttributeProto>) -> NodeProto {
    NodeProto {
        op_type: op.into(),
        name: output.into(),
        input: inputs.iter().map(|input| (*input).to_owned()).collect(),
        output: vec![output.into()],
        attribute,
        ..NodeProto::default()
    }
}

fn ints(name: &str, ints: &[i64]) -> AttributeProto {
    let r#type = AttributeType::Ints as i32;
    AttributeProto { name: name.into(), ints: ints.to_vec(), r#type, ..AttributeProto::default() }
}

fn int(name: &str, i: i64) -> AttributeProto {
    AttributeProto { name: name.into(), i, r#type: AttributeType::Int as i32, ..AttributeProto::default() }
}

/// A dimension below zero is open.
fn value(name: &str, shape: &[i64]) -> ValueInfoProto {
    use tensor_shape_proto::{
        Dimension,
        dimension::Value::{DimParam, DimValue},
    };
    let dim = |(n, dim): (usize, &i64)| {
        let value = if *dim < 0 { DimParam(format!("d{n}")) } else { DimValue(*dim) };
        Dimension { value: Some(value), ..Dimension::default() }
    };
    let shape = TensorShapeProto { dim: shape.iter().enumerate().map(dim).collect() };
    let tensor = type_proto::Tensor { elem_type: DataType::Float as i32, shape: Some(shape) };
    let r#type = TypeProto { value: Some(type_proto::Value::TensorType(tensor)), ..TypeProto::default() };
    ValueInfoProto { name: name.into(), r#type: Some(r#type), ..ValueInfoProto::default() }
}
