//! The int8 form of a graph: dynamic quantisation of the large matrix products.
//!
//! `Y = X W` becomes `DynamicQuantizeLinear(X)`, `MatMulInteger` with weights of one scale an output (symmetric, zero
//! point 0) and a product with both scales: standard operators that rten and ONNX Runtime each fuse into one kernel.
//! Activations take one scale over the whole input, so a score depends on what shares its batch: run one picture at a
//! time. The patch embedding, the attention's own products, the norms, attention pooling and the heads stay fp32.

use std::collections::HashMap;
use std::path::Path;

use crate::proto::{AttributeProto, GraphProto, NodeProto, TensorProto, data_type};
use crate::{Graph, OnnxError};

/// How to quantise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuantiseOptions {
    /// Bits of a weight: 7 (safe on every CPU) or 8 (only where every target CPU has VNNI; older ones add two
    /// products of u8 and i8 in 16 bits, which 8-bit weights overflow).
    pub weight_bits: u8,
}

impl Default for QuantiseOptions {
    fn default() -> Self {
        Self { weight_bits: 7 }
    }
}

/// Writes the int8 form of the graph `model` to `out`.
pub fn quantise(model: &Path, out: &Path, options: &QuantiseOptions) -> Result<(), OnnxError> {
    let wrong = |reason: String| OnnxError::Graph { path: model.to_owned(), reason };
    let most = match options.weight_bits {
        7 => 63.0,
        8 => 127.0,
        bits => return Err(OnnxError::Size(format!("weights of {bits} bits cannot be written; 7 and 8 can"))),
    };
    let mut graph = Graph::load(model)?;
    let rewritten = rewrite(graph.proto_mut(), most).map_err(wrong)?;
    if rewritten == 0 {
        return Err(wrong("it has no products to quantise".to_owned()));
    }
    graph.save(out)
}

/// Replaces the products of transformer blocks in place; says how many.
fn rewrite(graph: &mut GraphProto, most: f32) -> Result<usize, String> {
    let constants: HashMap<String, usize> =
        graph.initializer.iter().enumerate().map(|(i, t)| (t.name.clone(), i)).collect();
    let mut quantised_inputs: HashMap<String, [String; 3]> = HashMap::new();
    let mut nodes = Vec::with_capacity(graph.node.len() * 2);
    let mut count = 0;
    for node in std::mem::take(&mut graph.node) {
        let weight = (node.op_type == "MatMul" && in_a_block(&node.name))
            .then(|| node.input.get(1).and_then(|name| constants.get(name)))
            .flatten();
        let (Some(&weight), Some(x), Some(y)) = (weight, node.input.first(), node.output.first()) else {
            nodes.push(node);
            continue;
        };
        let name = graph.initializer[weight].name.clone();
        let scales = quantise_weight(&mut graph.initializer[weight], most)?;
        let columns = scales.len();
        graph.initializer.push(TensorProto {
            dims: vec![columns as i64],
            data_type: data_type::FLOAT,
            name: format!("{name}.scale"),
            raw_data: scales.iter().flat_map(|s| s.to_le_bytes()).collect(),
            ..TensorProto::default()
        });
        graph.initializer.push(TensorProto {
            data_type: data_type::INT8,
            name: format!("{name}.zero"),
            raw_data: vec![0],
            ..TensorProto::default()
        });
        let [xq, scale, zero] = quantised_inputs
            .entry(x.clone())
            .or_insert_with(|| {
                let outputs = ["u8", "scale", "zero"].map(|part| format!("{x}.{part}"));
                nodes.push(make("DynamicQuantizeLinear", &[x], &outputs, Vec::new()));
                outputs
            })
            .clone();
        let [sum, float, both] = ["i32", "f32", "scales"].map(|part| format!("{}.{part}", node.name));
        let weight_zero = format!("{name}.zero");
        nodes.push(make("MatMulInteger", &[&xq, &name, &zero, &weight_zero], std::slice::from_ref(&sum), Vec::new()));
        let to_float = vec![AttributeProto::int("to", i64::from(data_type::FLOAT))];
        nodes.push(make("Cast", &[&sum], std::slice::from_ref(&float), to_float));
        nodes.push(make("Mul", &[&scale, &format!("{name}.scale")], std::slice::from_ref(&both), Vec::new()));
        nodes.push(make("Mul", &[&float, &both], std::slice::from_ref(y), Vec::new()));
        count += 1;
    }
    graph.node = nodes;
    Ok(count)
}

/// Whether a node belongs to a transformer block, of the only backbone or of one of several.
fn in_a_block(name: &str) -> bool {
    name.split('/').any(|scope| scope.starts_with("layer."))
}

fn make(op: &str, inputs: &[&String], outputs: &[String], attribute: Vec<AttributeProto>) -> NodeProto {
    NodeProto {
        input: inputs.iter().map(|&i| i.clone()).collect(),
        output: outputs.to_vec(),
        name: format!("{}/{op}", outputs[0]),
        op_type: op.to_owned(),
        attribute,
    }
}

/// Turns `[inputs, outputs]` f32 into i8 with one scale an output: the largest weight of a column becomes `most`.
fn quantise_weight(tensor: &mut TensorProto, most: f32) -> Result<Vec<f32>, String> {
    let &[rows, columns] = tensor.dims.as_slice() else { return Err(format!("`{}` is no matrix", tensor.name)) };
    let (rows, columns) = (rows as usize, columns as usize);
    if tensor.data_type != data_type::FLOAT || Some(tensor.raw_data.len()) != rows.checked_mul(columns * 4) {
        return Err(format!("`{}` is not f32 of its shape", tensor.name));
    }
    let values: Vec<f32> =
        tensor.raw_data.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
    let mut scales = vec![0.0f32; columns];
    for row in values.chunks_exact(columns) {
        scales.iter_mut().zip(row).for_each(|(s, v)| *s = s.max(v.abs()));
    }
    // A column of zeros keeps any scale.
    for s in &mut scales {
        *s = if *s > 0.0 { *s / most } else { 1.0 };
    }
    tensor.raw_data = values
        .chunks_exact(columns)
        .flat_map(|row| row.iter().zip(&scales).map(|(v, s)| (v / s).round_ties_even().clamp(-most, most) as i8 as u8))
        .collect();
    tensor.data_type = data_type::INT8;
    Ok(scales)
}
