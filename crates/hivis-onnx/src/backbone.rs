//! The graph from pixels to tokens, of any family.

use crate::attention_pool::emit_attention_pool;
use crate::builder::Builder;
use crate::config::Geometry;
use crate::family::Embeddings;
use crate::layers::{Attention, Reader, emit_block, emit_norm, first_token};
use crate::normalise::Normalise;
use crate::proto::AttributeProto;
use crate::weights::Need;
use crate::{Model, OnnxError, tables};

/// What of a backbone is wanted, and of what size.
pub(crate) struct Want {
    /// Patches down and across.
    pub grid: (usize, usize),
    /// Folded into the patch embedding, when pixels come in as they are.
    pub normalise: Option<Normalise>,
    /// Whether the patches come out too.
    pub patches: bool,
    /// Of how many last blocks what stands for the picture comes out.
    pub pictures: usize,
}

/// What a backbone gives, all of it after the final norm.
pub(crate) struct Tokens {
    /// `[n, t, d]`, or CLS alone, `[n, 1, d]`, where no patches are wanted.
    pub last: String,
    /// What stands for the picture, `[n, d]`, newest last: CLS, or what attention pooling makes.
    pub pictures: Vec<String>,
}

/// Checks that every tensor is there in its shape, without reading numbers.
pub(crate) fn check(model: &Model) -> Result<(), OnnxError> {
    let reader = Reader { weights: &model.weights, need: Need::Shape };
    model.family.embeddings(reader)?;
    for layer in 0..model.geometry().layers {
        model.family.block(reader, layer)?;
    }
    model.family.last_norm(reader)?;
    model.family.attention_pool(reader).map(|_| ())
}

/// Patches down and across that a model sees in a picture of `height` x `width`: all of it, or what it is made for.
pub(crate) fn grid(model: &Model, size: (usize, usize)) -> (usize, usize) {
    model.geometry().grid(model.family.fixed_size().unwrap_or(size))
}

/// From pixels f32 `[n, 3, h, w]` to tokens.
pub(crate) fn emit(b: &mut Builder, model: &Model, pixels: &str, want: &Want) -> Result<Tokens, OnnxError> {
    let reader = Reader { weights: &model.weights, need: Need::Data };
    let geometry = model.geometry();
    b.scope("embeddings");
    let mut tokens = emit_embeddings(b, model, pixels, want)?;
    let rope = model.family.rope(want.grid).map(|table| {
        let dims = [table.cos.len() / geometry.head_dim(), geometry.head_dim()];
        (b.f32s("rope.cos", &dims, &table.cos), b.f32s("rope.sin", &dims, &table.sin))
    });
    let attention = Attention { geometry, rope };
    let norm = model.family.last_norm(reader)?;
    let pool = model.family.attention_pool(reader)?;
    let mut pictures = Vec::with_capacity(want.pictures);
    for layer in 0..geometry.layers {
        b.scope(format!("layer.{layer}"));
        let last = layer + 1 == geometry.layers;
        let cls_only = last && !want.patches && pool.is_none();
        tokens = emit_block(b, &tokens, model.family.block(reader, layer)?, &attention, cls_only);
        if !last && layer + want.pictures >= geometry.layers {
            b.scope(format!("norm.{layer}"));
            let cls = first_token(b, &tokens, 1);
            let cls = emit_norm(b, "norm", &cls, &norm, geometry.epsilon);
            pictures.push(squeeze(b, &cls));
        }
    }
    b.scope("norm");
    let last = emit_norm(b, "norm", &tokens, &norm, geometry.epsilon);
    if want.pictures > 0 {
        b.scope("picture");
        let picture = match &pool {
            Some(pool) => emit_attention_pool(b, &last, pool, geometry),
            None => first_token(b, &last, 1),
        };
        pictures.push(squeeze(b, &picture));
    }
    Ok(Tokens { last, pictures })
}

/// `[n, 1, d]` to `[n, d]`.
fn squeeze(b: &mut Builder, token: &str) -> String {
    let axis = b.i64s("token.axis", &[1]);
    b.node("Squeeze", &[token, &axis], vec![])
}

fn emit_embeddings(b: &mut Builder, model: &Model, pixels: &str, want: &Want) -> Result<String, OnnxError> {
    let mut parts = model.family.embeddings(Reader { weights: &model.weights, need: Need::Data })?;
    let Geometry { hidden, patch, .. } = *model.geometry();
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
    if let Some(positions) = parts.positions {
        let table = tables::resize_positions(positions.table, positions.grid, want.grid, positions.kernel);
        let table = b.f32s("positions", &[table.len() / hidden, hidden], &table);
        patches = b.node("Add", &[&patches, &table], vec![]);
    }
    let prefix_tokens = parts.prefix.len() / hidden;
    if prefix_tokens == 0 {
        return Ok(patches);
    }
    // CLS and registers are the same for every picture: one copy for each of the n.
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
