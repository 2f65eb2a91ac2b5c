//! The backbones: where each family keeps its tensors, and the graph from pixels to tokens.

use crate::builder::Builder;
use crate::config::{Config, DinoV3, Geometry, Normalise, Vit};
use crate::layers::{Attention, Block, Norm, Reader, emit_block, emit_norm};
use crate::proto::AttributeProto;
use crate::tables;
use crate::weights::Need;
use crate::{Model, OnnxError};

/// Everything before the first block.
struct Embeddings {
    /// `[hidden, 3, patch height, patch width]`.
    patch: Vec<f32>,
    patch_bias: Vec<f32>,
    /// CLS and registers, `[prefix, hidden]`, with their positions where there is a table.
    prefix: Vec<f32>,
    /// `[patches, hidden]`, where there is a table.
    positions: Option<Vec<f32>>,
}

/// What of a backbone is wanted, and of what size.
pub(crate) struct Want {
    /// Patches down and across.
    pub grid: (usize, usize),
    /// Folded into the patch embedding, when pixels come in as they are.
    pub normalise: Option<Normalise>,
    /// Only the CLS token comes out.
    pub cls_only: bool,
}

/// Checks that every tensor is there in its shape, without reading numbers.
pub(crate) fn check(model: &Model) -> Result<(), OnnxError> {
    let reader = Reader { weights: &model.weights, need: Need::Shape };
    embeddings(model, reader)?;
    for layer in 0..model.config.geometry().layers {
        block(model, reader, layer)?;
    }
    last_norm(model, reader).map(|_| ())
}

/// From pixels f32 `[n, 3, h, w]` to the last hidden state `[n, t, d]` (`[n, 1, d]` with `cls_only`), after the norm.
pub(crate) fn emit(b: &mut Builder, model: &Model, pixels: &str, want: &Want) -> Result<String, OnnxError> {
    let reader = Reader { weights: &model.weights, need: Need::Data };
    let geometry = model.config.geometry();
    b.scope("embeddings");
    let mut tokens = emit_embeddings(b, model, pixels, want)?;
    let rope = match &model.config {
        Config::DinoV3(c) => {
            let head_dim = geometry.hidden / geometry.heads;
            let table = tables::rope(1 + c.registers, want.grid, head_dim, c.theta);
            let dims = [table.cos.len() / head_dim, head_dim];
            Some((b.f32s("rope.cos", &dims, &table.cos), b.f32s("rope.sin", &dims, &table.sin)))
        }
        Config::Vit(_) => None,
    };
    let attention = Attention { geometry, rope };
    for layer in 0..geometry.layers {
        b.scope(format!("layer.{layer}"));
        let cls_only = want.cls_only && layer + 1 == geometry.layers;
        tokens = emit_block(b, &tokens, block(model, reader, layer)?, &attention, cls_only);
    }
    b.scope("norm");
    Ok(emit_norm(b, "norm", &tokens, &last_norm(model, reader)?, geometry.epsilon))
}

fn emit_embeddings(b: &mut Builder, model: &Model, pixels: &str, want: &Want) -> Result<String, OnnxError> {
    let mut parts = embeddings(model, Reader { weights: &model.weights, need: Need::Data })?;
    let Geometry { hidden, patch, .. } = *model.config.geometry();
    if let Some(normalise) = &want.normalise {
        fold(&mut parts, normalise, patch.0 * patch.1);
    }
    let weight = b.f32s("patch.weight", &[hidden, 3, patch.0, patch.1], &parts.patch);
    let bias = b.f32s("patch.bias", &[hidden], &parts.patch_bias);
    let sides = [patch.0 as i64, patch.1 as i64];
    let settings = vec![AttributeProto::ints("kernel_shape", &sides), AttributeProto::ints("strides", &sides)];
    let patches = b.node("Conv", &[pixels, &weight, &bias], settings);
    let shape = b.i64s("flat", &[0, hidden as i64, (want.grid.0 * want.grid.1) as i64]);
    let patches = b.node("Reshape", &[&patches, &shape], vec![]);
    let mut patches = b.node("Transpose", &[&patches], vec![AttributeProto::ints("perm", &[0, 2, 1])]);
    if let Some(positions) = &parts.positions {
        let table = b.f32s("positions", &[positions.len() / hidden, hidden], positions);
        patches = b.node("Add", &[&patches, &table], vec![]);
    }
    // CLS and registers are the same for every picture: one copy for each of the n.
    let prefix_tokens = parts.prefix.len() / hidden;
    let prefix = b.f32s("prefix", &[1, prefix_tokens, hidden], &parts.prefix);
    let n = b.node("Shape", &[pixels], vec![AttributeProto::int("start", 0), AttributeProto::int("end", 1)]);
    let rest = b.i64s("prefix.shape", &[prefix_tokens as i64, hidden as i64]);
    let shape = b.node("Concat", &[&n, &rest], vec![AttributeProto::int("axis", 0)]);
    let prefix = b.node("Expand", &[&prefix, &shape], vec![]);
    Ok(b.node("Concat", &[&prefix, &patches], vec![AttributeProto::int("axis", 1)]))
}

/// Puts `(rescale * x - mean) / std` into the patch embedding, which has no padding, so this is exact but for rounding.
fn fold(parts: &mut Embeddings, normalise: &Normalise, area: usize) {
    for (kernel, bias) in parts.patch.chunks_exact_mut(3 * area).zip(&mut parts.patch_bias) {
        let mut shift = 0.0f64;
        for (channel, plane) in kernel.chunks_exact_mut(area).enumerate() {
            let (mean, std) = (normalise.mean[channel], normalise.std[channel]);
            shift += plane.iter().map(|&w| f64::from(w)).sum::<f64>() * mean / std;
            for w in plane {
                *w = (f64::from(*w) * normalise.rescale / std) as f32;
            }
        }
        *bias = (f64::from(*bias) - shift) as f32;
    }
}

/// Grid of the position table of a ViT, and whether a picture of this grid fits.
pub(crate) fn own_grid(model: &Model) -> Option<(usize, usize)> {
    match &model.config {
        Config::DinoV3(_) => None,
        Config::Vit(c) => Some((c.image.0 / c.geometry.patch.0, c.image.1 / c.geometry.patch.1)),
    }
}

fn embeddings(model: &Model, reader: Reader<'_>) -> Result<Embeddings, OnnxError> {
    let Geometry { hidden, patch, .. } = *model.config.geometry();
    let kernel = [hidden, 3, patch.0, patch.1];
    let get = |name: &str, shape: &[usize]| reader.weights.get(name, shape, reader.need);
    match &model.config {
        Config::DinoV3(c) => {
            let mut prefix = get("embeddings.cls_token", &[1, 1, hidden])?;
            if c.registers > 0 {
                prefix.extend(get("embeddings.register_tokens", &[1, c.registers, hidden])?);
            }
            Ok(Embeddings {
                patch: get("embeddings.patch_embeddings.weight", &kernel)?,
                patch_bias: get("embeddings.patch_embeddings.bias", &[hidden])?,
                prefix,
                positions: None,
            })
        }
        Config::Vit(_) => {
            let (rows, columns) = own_grid(model).expect("a ViT has a position table: this is a bug");
            let mut prefix = get("vit.embeddings.cls_token", &[1, 1, hidden])?;
            let mut positions = get("vit.embeddings.position_embeddings", &[1, 1 + rows * columns, hidden])?;
            let patches = positions.split_off(hidden.min(positions.len()));
            prefix.iter_mut().zip(positions).for_each(|(token, position)| *token += position);
            Ok(Embeddings {
                patch: get("vit.embeddings.patch_embeddings.projection.weight", &kernel)?,
                patch_bias: get("vit.embeddings.patch_embeddings.projection.bias", &[hidden])?,
                prefix,
                positions: Some(patches),
            })
        }
    }
}

fn block(model: &Model, reader: Reader<'_>, layer: usize) -> Result<Block, OnnxError> {
    match &model.config {
        Config::DinoV3(c) => dinov3_block(c, reader, layer),
        Config::Vit(c) => vit_block(c, reader, layer),
    }
}

fn dinov3_block(config: &DinoV3, reader: Reader<'_>, layer: usize) -> Result<Block, OnnxError> {
    let Geometry { hidden, intermediate, .. } = config.geometry;
    let bias = config.bias;
    // transformers 5 calls the blocks `model.layer` in memory, but published files say `layer`.
    let long = format!("model.layer.{layer}");
    let at = if reader.weights.has(&format!("{long}.norm1.weight")) { long } else { format!("layer.{layer}") };
    let name = |rest: &str| format!("{at}.{rest}");
    let (square, wide, narrow) = ([hidden, hidden], [intermediate, hidden], [hidden, intermediate]);
    let mut proj = reader.linear("proj", &name("attention.o_proj"), square, bias.proj)?;
    let mut down = reader.linear("down", &name("mlp.down_proj"), narrow, bias.mlp)?;
    // Layer scale multiplies what these two give: it goes into their weights.
    proj.scale_outputs(&reader.vector(&name("layer_scale1.lambda1"), hidden)?);
    down.scale_outputs(&reader.vector(&name("layer_scale2.lambda1"), hidden)?);
    let gate = if config.gated { Some(reader.linear("gate", &name("mlp.gate_proj"), wide, bias.mlp)?) } else { None };
    Ok(Block {
        norm1: reader.norm(&name("norm1"), hidden)?,
        query: reader.linear("query", &name("attention.q_proj"), square, bias.query)?,
        key: reader.linear("key", &name("attention.k_proj"), square, bias.key)?,
        value: reader.linear("value", &name("attention.v_proj"), square, bias.value)?,
        proj,
        norm2: reader.norm(&name("norm2"), hidden)?,
        gate,
        up: reader.linear("up", &name("mlp.up_proj"), wide, bias.mlp)?,
        down,
    })
}

fn vit_block(config: &Vit, reader: Reader<'_>, layer: usize) -> Result<Block, OnnxError> {
    let Geometry { hidden, intermediate, .. } = config.geometry;
    let name = |rest: &str| format!("vit.encoder.layer.{layer}.{rest}");
    let square = [hidden, hidden];
    Ok(Block {
        norm1: reader.norm(&name("layernorm_before"), hidden)?,
        query: reader.linear("query", &name("attention.attention.query"), square, config.qkv_bias)?,
        key: reader.linear("key", &name("attention.attention.key"), square, config.qkv_bias)?,
        value: reader.linear("value", &name("attention.attention.value"), square, config.qkv_bias)?,
        proj: reader.linear("proj", &name("attention.output.dense"), square, true)?,
        norm2: reader.norm(&name("layernorm_after"), hidden)?,
        gate: None,
        up: reader.linear("up", &name("intermediate.dense"), [intermediate, hidden], true)?,
        down: reader.linear("down", &name("output.dense"), [hidden, intermediate], true)?,
    })
}

fn last_norm(model: &Model, reader: Reader<'_>) -> Result<Norm, OnnxError> {
    let name = match &model.config {
        Config::DinoV3(_) => "norm",
        Config::Vit(_) => "vit.layernorm",
    };
    reader.norm(name, model.config.geometry().hidden)
}
