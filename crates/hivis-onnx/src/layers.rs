//! The parts of a transformer block, read from weights and put into a graph.

use crate::OnnxError;
use crate::builder::{Builder, Linear};
use crate::config::{Activation, Geometry};
use crate::proto::AttributeProto;
use crate::weights::{Need, Weights};

/// Scale and shift of a layer normalisation.
pub(crate) struct Norm {
    pub weight: Vec<f32>,
    pub bias: Vec<f32>,
}

/// One block: attention and MLP, each behind a norm and added to what came in.
pub(crate) struct Block {
    pub norm1: Norm,
    pub query: Linear,
    pub key: Linear,
    pub value: Linear,
    pub proj: Linear,
    pub norm2: Norm,
    /// The gate of a gated MLP.
    pub gate: Option<Linear>,
    pub up: Linear,
    pub down: Linear,
}

/// Reads tensors of one model, all of the same [`Need`].
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub weights: &'a Weights,
    pub need: Need,
}

impl Reader<'_> {
    pub(crate) fn get(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, OnnxError> {
        self.weights.get(name, shape, self.need)
    }

    /// An error when there is such a tensor: the weights are of another architecture, which would pass for this one.
    pub(crate) fn refuse(&self, name: &str, reason: &str) -> Result<(), OnnxError> {
        if self.weights.has(name) { Err(OnnxError::tensor(self.weights.path(), name, reason)) } else { Ok(()) }
    }

    pub(crate) fn vector(&self, name: &str, length: usize) -> Result<Vec<f32>, OnnxError> {
        self.get(name, &[length])
    }

    pub(crate) fn norm(&self, name: &str, width: usize) -> Result<Norm, OnnxError> {
        let [weight, bias] = ["weight", "bias"].map(|part| self.vector(&format!("{name}.{part}"), width));
        Ok(Norm { weight: weight?, bias: bias? })
    }

    /// `shape` is `[outputs, inputs]`; `label` names the layer in the graph.
    pub(crate) fn linear(
        &self,
        label: &'static str,
        name: &str,
        [outputs, inputs]: [usize; 2],
        bias: bool,
    ) -> Result<Linear, OnnxError> {
        let weight = self.get(&format!("{name}.weight"), &[outputs, inputs])?;
        let bias = if bias { Some(self.vector(&format!("{name}.bias"), outputs)?) } else { None };
        Ok(Linear { name: label, weight, bias, inputs, outputs })
    }
}

/// What [`emit_block`] knows beside the block's own weights.
pub(crate) struct Attention<'a> {
    pub geometry: &'a Geometry,
    /// Names of the tables of cosines and signed sines, where positions rotate.
    pub rope: Option<(String, String)>,
}

/// Layer normalisation over the last axis.
pub(crate) fn emit_norm(b: &mut Builder, label: &str, x: &str, norm: &Norm, epsilon: f32) -> String {
    let width = [norm.weight.len()];
    let weight = b.f32s(&format!("{label}.weight"), &width, &norm.weight);
    let bias = b.f32s(&format!("{label}.bias"), &width, &norm.bias);
    let settings = vec![AttributeProto::int("axis", -1), AttributeProto::float("epsilon", epsilon)];
    b.node("LayerNormalization", &[x, &weight, &bias], settings)
}

/// The block on tokens `x` `[n, t, d]`. With `cls_only` only the CLS token comes out, `[n, 1, d]`: all that a last block
/// needs when nothing looks at the patches.
pub(crate) fn emit_block(b: &mut Builder, x: &str, block: Block, at: &Attention<'_>, cls_only: bool) -> String {
    let epsilon = at.geometry.epsilon;
    let normed = emit_norm(b, "norm1", x, &block.norm1, epsilon);
    let qkv = join_qkv(block.query, block.key, block.value, at.geometry);
    let attended = emit_attention(b, &normed, &qkv, at, cls_only);
    let attended = b.linear(&attended, &block.proj);
    let kept = if cls_only { first_token(b, x, 1) } else { x.to_owned() };
    let x = b.node("Add", &[&kept, &attended], vec![]);

    let normed = emit_norm(b, "norm2", &x, &block.norm2, epsilon);
    let up = b.linear(&normed, &block.up);
    let inner = match &block.gate {
        Some(gate) => {
            let gate = b.linear(&normed, gate);
            let gate = emit_activation(b, &gate, at.geometry.activation);
            b.node("Mul", &[&gate, &up], vec![])
        }
        None => emit_activation(b, &up, at.geometry.activation),
    };
    let down = b.linear(&inner, &block.down);
    b.node("Add", &[&x, &down], vec![])
}

/// One matrix for query, key and value, the attention's scale 1 / sqrt(head_dim) in the query's part.
fn join_qkv(mut query: Linear, key: Linear, value: Linear, geometry: &Geometry) -> Linear {
    let (hidden, head_dim) = (geometry.hidden, geometry.head_dim());
    let scale = (1.0 / (head_dim as f64).sqrt()) as f32;
    query.scale_outputs(&vec![scale; hidden]);
    let parts = [query, key, value];
    let any_bias = parts.iter().any(|p| p.bias.is_some());
    let bias = any_bias
        .then(|| parts.iter().flat_map(|p| p.bias.clone().unwrap_or_else(|| vec![0.0; hidden])).collect::<Vec<f32>>());
    let weight = parts.into_iter().flat_map(|p| p.weight).collect();
    Linear { name: "qkv", weight, bias, inputs: hidden, outputs: 3 * hidden }
}

/// Softmax attention of every head, `[n, t, d]` to `[n, t, d]`, or to `[n, 1, d]` with `cls_only`.
fn emit_attention(b: &mut Builder, x: &str, qkv: &Linear, at: &Attention<'_>, cls_only: bool) -> String {
    let heads = at.geometry.heads as i64;
    let head_dim = at.geometry.head_dim() as i64;
    let joined = b.linear(x, qkv);
    // 0 keeps the input's own dimension; -1 is the number of tokens.
    let shape = b.i64s("heads", &[0, -1, 3 * heads, head_dim]);
    let joined = b.node("Reshape", &[&joined, &shape], vec![]);
    let joined = b.node("Transpose", &[&joined], vec![AttributeProto::ints("perm", &[0, 2, 1, 3])]);
    let by_head = vec![AttributeProto::int("axis", 1)];
    let [query, key, value] = if let Some((cos, sin)) = &at.rope {
        let parts = b.i64s("qk_v", &[2 * heads, heads]);
        let [both, value] = b.nodes("Split", &[&joined, &parts], by_head.clone());
        let halves = b.i64s("halves", &[head_dim / 2, head_dim / 2]);
        let [first, second] = b.nodes("Split", &[&both, &halves], vec![AttributeProto::int("axis", 3)]);
        let swapped = b.node("Concat", &[&second, &first], vec![AttributeProto::int("axis", 3)]);
        let straight = b.node("Mul", &[&both, cos], vec![]);
        let turned = b.node("Mul", &[&swapped, sin], vec![]);
        let both = b.node("Add", &[&straight, &turned], vec![]);
        let parts = b.i64s("q_k", &[heads, heads]);
        let [query, key] = b.nodes("Split", &[&both, &parts], by_head);
        [query, key, value]
    } else {
        let parts = b.i64s("q_k_v", &[heads, heads, heads]);
        b.nodes("Split", &[&joined, &parts], by_head)
    };
    let query = if cls_only { first_token(b, &query, 2) } else { query };
    let key = b.node("Transpose", &[&key], vec![AttributeProto::ints("perm", &[0, 1, 3, 2])]);
    let scores = b.node("MatMul", &[&query, &key], vec![]);
    let shares = b.node("Softmax", &[&scores], vec![AttributeProto::int("axis", -1)]);
    let mixed = b.node("MatMul", &[&shares, &value], vec![]);
    let mixed = b.node("Transpose", &[&mixed], vec![AttributeProto::ints("perm", &[0, 2, 1, 3])]);
    let shape = b.i64s("tokens", &[0, -1, heads * head_dim]);
    b.node("Reshape", &[&mixed, &shape], vec![])
}

/// The first entry along `axis`, the axis kept.
pub(crate) fn first_token(b: &mut Builder, x: &str, axis: i64) -> String {
    let [from, to, axis] =
        [("first", 0), ("second", 1), ("axis", axis)].map(|(name, v)| b.i64s(&format!("{name}.{axis}"), &[v]));
    b.node("Slice", &[x, &from, &to, &axis], vec![])
}

pub(crate) fn emit_activation(b: &mut Builder, x: &str, activation: Activation) -> String {
    match activation {
        Activation::Gelu => b.node("Gelu", &[x], vec![]),
        Activation::GeluTanh => b.node("Gelu", &[x], vec![AttributeProto::text("approximate", "tanh")]),
        Activation::Silu => {
            let gate = b.node("Sigmoid", &[x], vec![]);
            b.node("Mul", &[x, &gate], vec![])
        }
        Activation::Relu => b.node("Relu", &[x], vec![]),
    }
}
