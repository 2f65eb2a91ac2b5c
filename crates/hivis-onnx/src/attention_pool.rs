//! Attention pooling: one learned query, the probe, looks at every token. It is what SigLIP has in place of CLS.

use crate::builder::{Builder, Linear};
use crate::config::Geometry;
use crate::layers::{Norm, emit_activation, emit_norm};
use crate::proto::AttributeProto;

/// Source: transformers' `SiglipMultiheadAttentionPoolingHead`.
pub(crate) struct AttentionPool {
    /// `[hidden]`.
    pub probe: Vec<f32>,
    pub query: Linear,
    /// Keys before values.
    pub key_value: Linear,
    pub proj: Linear,
    pub norm: Norm,
    pub up: Linear,
    pub down: Linear,
}

/// Tokens `[n, t, d]`, after the final norm, to one `[n, 1, d]`.
pub(crate) fn emit_attention_pool(b: &mut Builder, tokens: &str, pool: &AttentionPool, geometry: &Geometry) -> String {
    let (heads, head_dim) = (geometry.heads, geometry.head_dim());
    // The probe is the same for every picture, and so is its query.
    let query = b.f32s("query", &[1, heads, 1, head_dim], &scaled_query(pool, head_dim));
    let joined = b.linear(tokens, &pool.key_value);
    let shape = b.i64s("heads", &[0, -1, 2 * heads as i64, head_dim as i64]);
    let joined = b.node("Reshape", &[&joined, &shape], vec![]);
    let parts = b.i64s("k_v", &[heads as i64, heads as i64]);
    let [key, value] = b.nodes("Split", &[&joined, &parts], vec![AttributeProto::int("axis", 2)]);
    let key = b.node("Transpose", &[&key], vec![AttributeProto::ints("perm", &[0, 2, 3, 1])]);
    let value = b.node("Transpose", &[&value], vec![AttributeProto::ints("perm", &[0, 2, 1, 3])]);
    let scores = b.node("MatMul", &[&query, &key], vec![]);
    let shares = b.node("Softmax", &[&scores], vec![AttributeProto::int("axis", -1)]);
    let mixed = b.node("MatMul", &[&shares, &value], vec![]);
    // One token: its heads lie one after the other already.
    let shape = b.i64s("token", &[0, 1, geometry.hidden as i64]);
    let mixed = b.node("Reshape", &[&mixed, &shape], vec![]);
    let x = b.linear(&mixed, &pool.proj);

    let normed = emit_norm(b, "norm", &x, &pool.norm, geometry.epsilon);
    let up = b.linear(&normed, &pool.up);
    let inner = emit_activation(b, &up, geometry.activation);
    let down = b.linear(&inner, &pool.down);
    b.node("Add", &[&x, &down], vec![])
}

/// The probe's query with the attention's scale 1 / sqrt(`head_dim`).
fn scaled_query(pool: &AttentionPool, head_dim: usize) -> Vec<f32> {
    let scale = 1.0 / (head_dim as f64).sqrt();
    let bias = pool.query.bias.iter().flatten().map(|&b| f64::from(b));
    let rows = pool.query.weight.chunks_exact(pool.query.inputs);
    rows.zip(bias)
        .map(|(row, bias)| {
            let product: f64 = row.iter().zip(&pool.probe).map(|(&w, &x)| f64::from(w) * f64::from(x)).sum();
            ((product + bias) * scale) as f32
        })
        .collect()
}
