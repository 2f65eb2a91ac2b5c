//! `facebook/dinov3-*` as transformers saves it.

use std::path::Path;

use serde::Deserialize;

use super::{Embeddings, Family};
use crate::config::{Geometry, Side, activation, json, registers};
use crate::layers::{Block, Norm, Reader};
use crate::tables::{self, Rope};
use crate::{ModelKind, OnnxError};

#[derive(Debug)]
pub(super) struct DinoV3 {
    geometry: Geometry,
    registers: usize,
    theta: f64,
    gated: bool,
    bias: Biases,
}

/// Which projections have a bias.
#[expect(clippy::struct_excessive_bools, reason = "they are the model's own five switches")]
#[derive(Clone, Copy, Debug)]
struct Biases {
    query: bool,
    key: bool,
    value: bool,
    proj: bool,
    mlp: bool,
}

#[expect(clippy::struct_excessive_bools, reason = "they are the file's own switches")]
#[derive(Deserialize)]
#[serde(default)]
struct Raw {
    hidden_size: usize,
    num_attention_heads: usize,
    num_hidden_layers: usize,
    intermediate_size: usize,
    patch_size: Side,
    num_channels: usize,
    layer_norm_eps: f64,
    hidden_act: String,
    rope_theta: f64,
    rope_parameters: Option<RopeParameters>,
    num_register_tokens: usize,
    use_gated_mlp: bool,
    query_bias: bool,
    key_bias: bool,
    value_bias: bool,
    proj_bias: bool,
    mlp_bias: bool,
}

/// Where other versions of transformers keep theta.
#[derive(Deserialize)]
struct RopeParameters {
    rope_theta: Option<f64>,
}

impl Default for Raw {
    /// transformers' `DINOv3ViTConfig`.
    fn default() -> Self {
        Self {
            hidden_size: 384,
            num_attention_heads: 6,
            num_hidden_layers: 12,
            intermediate_size: 1536,
            patch_size: Side::Square(16),
            num_channels: 3,
            layer_norm_eps: 1e-5,
            hidden_act: "gelu".to_owned(),
            rope_theta: 100.0,
            rope_parameters: None,
            num_register_tokens: 0,
            use_gated_mlp: false,
            query_bias: true,
            key_bias: false,
            value_bias: true,
            proj_bias: true,
            mlp_bias: true,
        }
    }
}

pub(super) fn parse(text: &[u8], path: &Path) -> Result<DinoV3, OnnxError> {
    let raw: Raw = json(text, path)?;
    let geometry = Geometry {
        hidden: raw.hidden_size,
        heads: raw.num_attention_heads,
        layers: raw.num_hidden_layers,
        intermediate: raw.intermediate_size,
        patch: raw.patch_size.pair(),
        epsilon: raw.layer_norm_eps as f32,
        activation: activation(&raw.hidden_act, path)?,
    };
    geometry.check(raw.num_channels, path)?;
    if !geometry.head_dim().is_multiple_of(4) {
        return Err(OnnxError::config(path, "hidden_size / num_attention_heads must be a multiple of 4 for RoPE"));
    }
    let theta = raw.rope_parameters.and_then(|p| p.rope_theta).unwrap_or(raw.rope_theta);
    if !(theta.is_finite() && theta > 0.0) {
        return Err(OnnxError::config(path, "rope_theta must be a number above 0"));
    }
    Ok(DinoV3 {
        geometry,
        registers: registers(raw.num_register_tokens, path)?,
        theta,
        gated: raw.use_gated_mlp,
        bias: Biases {
            query: raw.query_bias,
            key: raw.key_bias,
            value: raw.value_bias,
            proj: raw.proj_bias,
            mlp: raw.mlp_bias,
        },
    })
}

impl Family for DinoV3 {
    fn kind(&self) -> ModelKind {
        ModelKind::DinoV3
    }

    fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    fn prefix_tokens(&self) -> usize {
        1 + self.registers
    }

    fn rope(&self, grid: (usize, usize)) -> Option<Rope> {
        Some(tables::rope(self.prefix_tokens(), grid, self.geometry.head_dim(), self.theta))
    }

    fn embeddings(&self, reader: Reader<'_>) -> Result<Embeddings, OnnxError> {
        let Geometry { hidden, patch, .. } = self.geometry;
        let mut prefix = reader.get("embeddings.cls_token", &[1, 1, hidden])?;
        if self.registers > 0 {
            prefix.extend(reader.get("embeddings.register_tokens", &[1, self.registers, hidden])?);
        }
        Ok(Embeddings {
            patch: reader.get("embeddings.patch_embeddings.weight", &[hidden, 3, patch.0, patch.1])?,
            patch_bias: reader.vector("embeddings.patch_embeddings.bias", hidden)?,
            prefix,
            positions: None,
        })
    }

    fn block(&self, reader: Reader<'_>, layer: usize) -> Result<Block, OnnxError> {
        let Geometry { hidden, intermediate, .. } = self.geometry;
        let bias = self.bias;
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
        let gate = if self.gated { Some(reader.linear("gate", &name("mlp.gate_proj"), wide, bias.mlp)?) } else { None };
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

    fn last_norm(&self, reader: Reader<'_>) -> Result<Norm, OnnxError> {
        reader.norm("norm", self.geometry.hidden)
    }
}
