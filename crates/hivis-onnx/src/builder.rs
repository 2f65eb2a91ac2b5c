//! Puts nodes and constants into a graph and names what they give.

use crate::Graph;
use crate::proto::{AttributeProto, GraphProto, NodeProto, TensorProto, ValueInfoProto, data_type};

/// A graph in the making. Values are names.
#[derive(Default)]
pub(crate) struct Builder {
    nodes: Vec<NodeProto>,
    constants: Vec<TensorProto>,
    part: String,
    scope: String,
}

impl Builder {
    /// Scopes that follow lie in `part`, where a graph has several of a kind; empty for the graph itself.
    pub(crate) fn part(&mut self, part: &str) {
        self.part = if part.is_empty() { String::new() } else { format!("{part}/") };
    }

    /// Names that follow begin with `scope` and a slash.
    pub(crate) fn scope(&mut self, scope: impl std::fmt::Display) {
        self.scope = format!("{}{scope}", self.part);
    }

    /// A constant of f32.
    pub(crate) fn f32s(&mut self, name: &str, dims: &[usize], values: &[f32]) -> String {
        debug_assert_eq!(dims.iter().product::<usize>(), values.len());
        let mut bytes = Vec::with_capacity(values.len() * 4);
        bytes.extend(values.iter().flat_map(|v| v.to_le_bytes()));
        self.constant(name, dims, data_type::FLOAT, bytes)
    }

    /// A list of i64: shapes, axes, positions.
    pub(crate) fn i64s(&mut self, name: &str, values: &[i64]) -> String {
        let bytes = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.constant(name, &[values.len()], data_type::INT64, bytes)
    }

    fn constant(&mut self, name: &str, dims: &[usize], data_type: i32, raw_data: Vec<u8>) -> String {
        let name = format!("{}/{name}", self.scope);
        let dims = dims.iter().map(|&d| d as i64).collect();
        self.constants.push(TensorProto { dims, data_type, name: name.clone(), raw_data, ..TensorProto::default() });
        name
    }

    /// A node with one output.
    pub(crate) fn node(&mut self, op: &str, inputs: &[&str], attributes: Vec<AttributeProto>) -> String {
        let [output] = self.nodes(op, inputs, attributes);
        output
    }

    /// A node with `N` outputs.
    pub(crate) fn nodes<const N: usize>(
        &mut self,
        op: &str,
        inputs: &[&str],
        attribute: Vec<AttributeProto>,
    ) -> [String; N] {
        let name = format!("{}/{op}.{}", self.scope, self.nodes.len());
        let outputs = std::array::from_fn(|i| if i == 0 { name.clone() } else { format!("{name}.{i}") });
        self.nodes.push(NodeProto {
            input: inputs.iter().map(|&i| i.to_owned()).collect(),
            output: outputs.to_vec(),
            name,
            op_type: op.to_owned(),
            attribute,
        });
        outputs
    }

    /// Gives a value the name that the graph's contract wants.
    pub(crate) fn rename(&mut self, value: &str, name: &str) {
        for node in &mut self.nodes {
            for end in node.input.iter_mut().chain(&mut node.output) {
                if end == value {
                    name.clone_into(end);
                }
            }
        }
    }

    /// `x W^T + b` for tokens or features; `weight` is `[outputs, inputs]` as Hugging Face keeps it.
    pub(crate) fn linear(&mut self, x: &str, linear: &Linear) -> String {
        let transposed = transpose(&linear.weight, linear.outputs, linear.inputs);
        let weight = self.f32s(&format!("{}.weight", linear.name), &[linear.inputs, linear.outputs], &transposed);
        let y = self.node("MatMul", &[x, &weight], vec![]);
        match &linear.bias {
            Some(bias) => {
                let bias = self.f32s(&format!("{}.bias", linear.name), &[linear.outputs], bias);
                self.node("Add", &[&y, &bias], vec![])
            }
            None => y,
        }
    }

    /// The finished graph.
    pub(crate) fn finish(self, inputs: Vec<ValueInfoProto>, outputs: Vec<ValueInfoProto>) -> Graph {
        Graph::new(GraphProto {
            node: self.nodes,
            name: "hivis".to_owned(),
            initializer: self.constants,
            input: inputs,
            output: outputs,
        })
    }
}

/// A dense layer with its name in the graph.
pub(crate) struct Linear {
    pub name: &'static str,
    /// `[outputs, inputs]`, row-major.
    pub weight: Vec<f32>,
    pub bias: Option<Vec<f32>>,
    pub inputs: usize,
    pub outputs: usize,
}

impl Linear {
    /// The first `outputs` outputs as a layer called `name`, and the rest. Numbers may be absent.
    pub(crate) fn split(mut self, name: &'static str, outputs: usize) -> (Self, Self) {
        let cells = outputs * self.inputs;
        let weight = self.weight.split_off(cells.min(self.weight.len()));
        let bias = self.bias.as_mut().map(|bias| bias.split_off(outputs.min(bias.len())));
        let rest = Self { name: self.name, weight, bias, inputs: self.inputs, outputs: self.outputs - outputs };
        (Self { name, outputs, ..self }, rest)
    }

    /// Multiplies output `i`, its bias too, with `scale[i]`.
    pub(crate) fn scale_outputs(&mut self, scale: &[f32]) {
        for (row, s) in self.weight.chunks_exact_mut(self.inputs).zip(scale) {
            for w in row {
                *w *= s;
            }
        }
        for (b, s) in self.bias.iter_mut().flatten().zip(scale) {
            *b *= s;
        }
    }
}

/// `[rows, columns]` to `[columns, rows]`.
pub(crate) fn transpose(values: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let mut out = vec![0.0; values.len()];
    for r in 0..rows {
        for c in 0..columns {
            out[c * rows + r] = values[r * columns + c];
        }
    }
    out
}
