//! ONNX files of a few operators, written without a framework.

use prost::Message;
use tract_onnx::pb::{
    AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, StringStringEntryProto, TensorProto,
    TensorShapeProto, TypeProto, ValueInfoProto, attribute_proto::AttributeType, tensor_proto::DataType,
    tensor_shape_proto, type_proto,
};

/// A network from `feats` to the last node's output. `input` and `output` are shapes, in which a dimension below zero is
/// open.
pub fn file(
    nodes: Vec<NodeProto>,
    constants: Vec<TensorProto>,
    input: &[i64],
    output: &[i64],
    metadata: &[(String, String)],
) -> Vec<u8> {
    let last = nodes.last().unwrap().output[0].clone();
    let graph = GraphProto {
        name: "tiny".into(),
        node: nodes,
        initializer: constants,
        input: vec![value("feats", input)],
        output: vec![value(&last, output)],
        ..GraphProto::default()
    };
    let entry = |(key, value): &(String, String)| StringStringEntryProto { key: key.clone(), value: value.clone() };
    let model = ModelProto {
        ir_version: 8,
        opset_import: vec![OperatorSetIdProto { domain: String::new(), version: 13 }],
        graph: Some(graph),
        metadata_props: metadata.iter().map(entry).collect(),
        ..ModelProto::default()
    };
    model.encode_to_vec()
}

pub fn node(op: &str, inputs: &[&str], output: &str, attribute: Vec<AttributeProto>) -> NodeProto {
    NodeProto {
        op_type: op.into(),
        name: output.into(),
        input: inputs.iter().map(|input| (*input).to_owned()).collect(),
        output: vec![output.into()],
        attribute,
        ..NodeProto::default()
    }
}

pub fn ints(name: &str, ints: &[i64]) -> AttributeProto {
    let r#type = AttributeType::Ints as i32;
    AttributeProto { name: name.into(), ints: ints.to_vec(), r#type, ..AttributeProto::default() }
}

pub fn int(name: &str, i: i64) -> AttributeProto {
    AttributeProto { name: name.into(), i, r#type: AttributeType::Int as i32, ..AttributeProto::default() }
}

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
