//! The vision tower of `google/siglip-*` and of the `google/siglip2-*` of one size, as transformers saves them.

use std::path::Path;

use serde::Deserialize;

use super::{Embeddings, Family, Positions};
use crate::attention_pool::AttentionPool;
use crate::builder::Linear;
use crate::config::{Geometry, activation, json};
use crate::layers::{Block, Norm, Reader};
use crate::normalise::Normalise;
use crate::tables::Kernel;
use crate::{ModelKind, OnnxError};

#[derive(Debug)]
pub(super) struct Siglip {
    geometry: Geometry,
    /// A side in pixels; 27 patches of 14 lie in 384, and the last 6 pixels are not seen.
    image: usize,
}

/// `model_type` `siglip` keeps the tower's settings in `vision_config`, `siglip_vision_model` at the top.
#[derive(Deserialize)]
struct Raw {
    model_type: String,
    #[serde(default)]
    vision_config: RawVision,
}

#[derive(Deserialize)]
#[serde(default)]
struct RawVision {
    hidden_size: usize,
    num_attention_heads: usize,
    num_hidden_layers: usize,
    intermediate_size: usize,
    patch_size: usize,
    image_size: usize,
    num_channels: usize,
    layer_norm_eps: f64,
    hidden_act: String,
    vision_use_head: bool,
}

impl Default for RawVision {
    /// transformers' `SiglipVisionConfig`.
    fn default() -> Self {
        Self {
            hidden_size: 768,
            num_attention_heads: 12,
            num_hidden_layers: 12,
            intermediate_size: 3072,
            patch_size: 16,
            image_size: 224,
            num_channels: 3,
            layer_norm_eps: 1e-6,
            hidden_act: "gelu_pytorch_tanh".to_owned(),
            vision_use_head: true,
        }
    }
}

pub(super) fn parse(text: &[u8], path: &Path) -> Result<Siglip, OnnxError> {
    let both: Raw = json(text, path)?;
    let raw = if both.model_type == "siglip" { both.vision_config } else { json(text, path)? };
    let geometry = Geometry {
        hidden: raw.hidden_size,
        heads: raw.num_attention_heads,
        layers: raw.num_hidden_layers,
        intermediate: raw.intermediate_size,
        patch: (raw.patch_size, raw.patch_size),
        epsilon: raw.layer_norm_eps as f32,
        activation: activation(&raw.hidden_act, path)?,
    };
    geometry.check(raw.num_channels, path)?;
    geometry.check_image((raw.image_size, raw.image_size), path)?;
    if !raw.vision_use_head {
        return Err(OnnxError::config(path, "vision_use_head is false: nothing makes one vector of the patches"));
    }
    Ok(Siglip { geometry, image: raw.image_size })
}

/// The name of a tensor: the tower's alone, or as a part of the whole model.
fn name(reader: Reader<'_>, rest: &str) -> String {
    let alone = reader.weights.has("embeddings.patch_embedding.weight");
    if alone { rest.to_owned() } else { format!("vision_model.{rest}") }
}

impl Family for Siglip {
    fn kind(&self) -> ModelKind {
        ModelKind::Siglip
    }

    fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    fn prefix_tokens(&self) -> usize {
        0
    }

    fn normalise(&self) -> Normalise {
        Normalise::SYMMETRIC
    }

    fn fixed_size(&self) -> Option<(usize, usize)> {
        Some((self.image, self.image))
    }

    fn embeddings(&self, reader: Reader<'_>) -> Result<Embeddings, OnnxError> {
        let Geometry { hidden, patch, .. } = self.geometry;
        let grid = self.geometry.grid((self.image, self.image));
        let name = |rest: &str| name(reader, &format!("embeddings.{rest}"));
        Ok(Embeddings {
            patch: reader.get(&name("patch_embedding.weight"), &[hidden, 3, patch.0, patch.1])?,
            patch_bias: reader.vector(&name("patch_embedding.bias"), hidden)?,
            prefix: Vec::new(),
            positions: Some(Positions {
                table: reader.get(&name("position_embedding.weight"), &[grid.0 * grid.1, hidden])?,
                grid,
                kernel: Kernel::Bicubic,
            }),
        })
    }

    fn block(&self, reader: Reader<'_>, layer: usize) -> Result<Block, OnnxError> {
        let Geometry { hidden, intermediate, .. } = self.geometry;
        let name = |rest: &str| name(reader, &format!("encoder.layers.{layer}.{rest}"));
        let square = [hidden, hidden];
        Ok(Block {
            norm1: reader.norm(&name("layer_norm1"), hidden)?,
            query: reader.linear("query", &name("self_attn.q_proj"), square, true)?,
            key: reader.linear("key", &name("self_attn.k_proj"), square, true)?,
            value: reader.linear("value", &name("self_attn.v_proj"), square, true)?,
            proj: reader.linear("proj", &name("self_attn.out_proj"), square, true)?,
            norm2: reader.norm(&name("layer_norm2"), hidden)?,
            gate: None,
            up: reader.linear("up", &name("mlp.fc1"), [intermediate, hidden], true)?,
            down: reader.linear("down", &name("mlp.fc2"), [hidden, intermediate], true)?,
        })
    }

    fn last_norm(&self, reader: Reader<'_>) -> Result<Norm, OnnxError> {
        reader.norm(&name(reader, "post_layernorm"), self.geometry.hidden)
    }

    fn attention_pool(&self, reader: Reader<'_>) -> Result<Option<AttentionPool>, OnnxError> {
        let Geometry { hidden, intermediate, .. } = self.geometry;
        let name = |rest: &str| name(reader, &format!("head.{rest}"));
        // torch keeps query, key and value as one tensor, in this order.
        let joined = Linear {
            name: "key_value",
            weight: reader.get(&name("attention.in_proj_weight"), &[3 * hidden, hidden])?,
            bias: Some(reader.vector(&name("attention.in_proj_bias"), 3 * hidden)?),
            inputs: hidden,
            outputs: 3 * hidden,
        };
        let (query, key_value) = joined.split("query", hidden);
        Ok(Some(AttentionPool {
            probe: reader.get(&name("probe"), &[1, 1, hidden])?,
            query,
            key_value,
            proj: reader.linear("proj", &name("attention.out_proj"), [hidden, hidden], true)?,
            norm: reader.norm(&name("layernorm"), hidden)?,
            up: reader.linear("up", &name("mlp.fc1"), [intermediate, hidden], true)?,
            down: reader.linear("down", &name("mlp.fc2"), [hidden, intermediate], true)?,
        }))
    }
}
