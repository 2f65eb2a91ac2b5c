//! `facebook/dinov2-*` and `facebook/dinov2-with-registers-*` as transformers saves them.

use std::path::Path;

use serde::Deserialize;

use super::{Embeddings, Family, Positions};
use crate::config::{Activation, Geometry, Side, activation, json, registers};
use crate::layers::{Block, Norm, Reader};
use crate::tables::Kernel;
use crate::{ModelKind, OnnxError};

const REGISTERS: &str = "embeddings.register_tokens";

#[derive(Debug)]
pub(super) struct DinoV2 {
    geometry: Geometry,
    /// Height and width in pixels that the position table is for; other grids interpolate it.
    image: (usize, usize),
    /// `None` in a model of the first kind, which knows no registers and interpolates otherwise.
    registers: Option<usize>,
    qkv_bias: bool,
    gated: bool,
}

#[derive(Deserialize)]
#[serde(default)]
struct Raw {
    model_type: String,
    hidden_size: usize,
    num_attention_heads: usize,
    num_hidden_layers: usize,
    mlp_ratio: f64,
    patch_size: Option<Side>,
    image_size: Side,
    num_channels: usize,
    layer_norm_eps: f64,
    hidden_act: String,
    qkv_bias: bool,
    use_swiglu_ffn: bool,
    num_register_tokens: usize,
}

impl Default for Raw {
    /// transformers' `Dinov2Config` and `Dinov2WithRegistersConfig`, which differ in the patch.
    fn default() -> Self {
        Self {
            model_type: String::new(),
            hidden_size: 768,
            num_attention_heads: 12,
            num_hidden_layers: 12,
            mlp_ratio: 4.0,
            patch_size: None,
            image_size: Side::Square(224),
            num_channels: 3,
            layer_norm_eps: 1e-6,
            hidden_act: "gelu".to_owned(),
            qkv_bias: true,
            use_swiglu_ffn: false,
            num_register_tokens: 4,
        }
    }
}

pub(super) fn parse(text: &[u8], path: &Path) -> Result<DinoV2, OnnxError> {
    let raw: Raw = json(text, path)?;
    let registers = match raw.model_type.as_str() {
        "dinov2" => None,
        _ => Some(registers(raw.num_register_tokens, path)?),
    };
    let patch = raw.patch_size.unwrap_or(Side::Square(if registers.is_some() { 16 } else { 14 }));
    // A product out of bounds becomes a number that `check` refuses.
    let wide = (raw.hidden_size as f64 * raw.mlp_ratio) as usize;
    let gated = raw.use_swiglu_ffn;
    let geometry = Geometry {
        hidden: raw.hidden_size,
        heads: raw.num_attention_heads,
        layers: raw.num_hidden_layers,
        // SwiGLU has two thirds of the width, rounded up to a multiple of 8. Source: `Dinov2SwiGLUFFN`.
        intermediate: if gated { (wide.saturating_mul(2) / 3).next_multiple_of(8) } else { wide },
        patch: patch.pair(),
        epsilon: raw.layer_norm_eps as f32,
        activation: if gated { Activation::Silu } else { activation(&raw.hidden_act, path)? },
    };
    geometry.check(raw.num_channels, path)?;
    let image = raw.image_size.pair();
    geometry.check_image(image, path)?;
    let (rows, columns) = geometry.grid(image);
    if rows != columns {
        // transformers takes the square root of the number of positions for both sides.
        return Err(OnnxError::config(path, "image_size must be square"));
    }
    Ok(DinoV2 { geometry, image, registers, qkv_bias: raw.qkv_bias, gated })
}

impl Family for DinoV2 {
    fn kind(&self) -> ModelKind {
        ModelKind::DinoV2
    }

    fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    fn prefix_tokens(&self) -> usize {
        1 + self.registers.unwrap_or(0)
    }

    fn embeddings(&self, reader: Reader<'_>) -> Result<Embeddings, OnnxError> {
        let Geometry { hidden, patch, .. } = self.geometry;
        let grid = self.geometry.grid(self.image);
        let cls = reader.get("embeddings.cls_token", &[1, 1, hidden])?;
        let positions = reader.get("embeddings.position_embeddings", &[1, 1 + grid.0 * grid.1, hidden])?;
        let (mut prefix, table) = super::with_cls_position(cls, positions);
        match self.registers {
            // Registers have no position.
            Some(registers) if registers > 0 => prefix.extend(reader.get(REGISTERS, &[1, registers, hidden])?),
            Some(_) => {}
            // Everything else would fit, and the registers would be left out without a word.
            None => reader.refuse(REGISTERS, "belongs to model_type dinov2_with_registers, config.json says dinov2")?,
        }
        // Source: `interpolate_pos_encoding` of the two models in transformers 5.24.
        let kernel = if self.registers.is_some() { Kernel::BicubicAntialiased } else { Kernel::Bicubic };
        Ok(Embeddings {
            patch: reader.get("embeddings.patch_embeddings.projection.weight", &[hidden, 3, patch.0, patch.1])?,
            patch_bias: reader.vector("embeddings.patch_embeddings.projection.bias", hidden)?,
            prefix,
            positions: Some(Positions { table, grid, kernel }),
        })
    }

    fn block(&self, reader: Reader<'_>, layer: usize) -> Result<Block, OnnxError> {
        let Geometry { hidden, intermediate, .. } = self.geometry;
        let name = |rest: &str| format!("encoder.layer.{layer}.{rest}");
        let (square, narrow) = ([hidden, hidden], [hidden, intermediate]);
        let (gate, up, mut down) = if self.gated {
            // Gate and value are one tensor, in this order.
            let both = reader.linear("up", &name("mlp.weights_in"), [2 * intermediate, hidden], true)?;
            let (gate, up) = both.split("gate", intermediate);
            (Some(gate), up, reader.linear("down", &name("mlp.weights_out"), narrow, true)?)
        } else {
            let up = reader.linear("up", &name("mlp.fc1"), [intermediate, hidden], true)?;
            (None, up, reader.linear("down", &name("mlp.fc2"), narrow, true)?)
        };
        let mut proj = reader.linear("proj", &name("attention.output.dense"), square, true)?;
        // Layer scale multiplies what these two give: it goes into their weights.
        proj.scale_outputs(&reader.vector(&name("layer_scale1.lambda1"), hidden)?);
        down.scale_outputs(&reader.vector(&name("layer_scale2.lambda1"), hidden)?);
        Ok(Block {
            norm1: reader.norm(&name("norm1"), hidden)?,
            query: reader.linear("query", &name("attention.attention.query"), square, self.qkv_bias)?,
            key: reader.linear("key", &name("attention.attention.key"), square, self.qkv_bias)?,
            value: reader.linear("value", &name("attention.attention.value"), square, self.qkv_bias)?,
            proj,
            norm2: reader.norm(&name("norm2"), hidden)?,
            gate,
            up,
            down,
        })
    }

    fn last_norm(&self, reader: Reader<'_>) -> Result<Norm, OnnxError> {
        reader.norm("layernorm", self.geometry.hidden)
    }
}
