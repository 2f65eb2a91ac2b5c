//! `ViTForImageClassification` as transformers saves it: the reference miner's form.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::{Embeddings, Family, Positions};
use crate::config::{Geometry, Side, activation, json};
use crate::layers::{Block, Norm, Reader};
use crate::tables::Kernel;
use crate::{ModelKind, OnnxError};

#[derive(Debug)]
pub(super) struct Vit {
    geometry: Geometry,
    /// Height and width in pixels that the position table is for.
    image: (usize, usize),
    qkv_bias: bool,
    labels: Vec<String>,
}

#[derive(Deserialize)]
#[serde(default)]
struct Raw {
    hidden_size: usize,
    num_attention_heads: usize,
    num_hidden_layers: usize,
    intermediate_size: usize,
    patch_size: Side,
    image_size: Side,
    num_channels: usize,
    layer_norm_eps: f64,
    hidden_act: String,
    qkv_bias: bool,
    id2label: BTreeMap<usize, String>,
}

impl Default for Raw {
    /// transformers' `ViTConfig`.
    fn default() -> Self {
        Self {
            hidden_size: 768,
            num_attention_heads: 12,
            num_hidden_layers: 12,
            intermediate_size: 3072,
            patch_size: Side::Square(16),
            image_size: Side::Square(224),
            num_channels: 3,
            layer_norm_eps: 1e-12,
            hidden_act: "gelu".to_owned(),
            qkv_bias: true,
            // What transformers writes nothing for: two classes without names.
            id2label: BTreeMap::from([(0, "LABEL_0".to_owned()), (1, "LABEL_1".to_owned())]),
        }
    }
}

pub(super) fn parse(text: &[u8], path: &Path) -> Result<Vit, OnnxError> {
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
    let image = raw.image_size.pair();
    geometry.check_image(image, path)?;
    let in_order = raw.id2label.keys().copied().eq(0..raw.id2label.len());
    if !in_order || raw.id2label.len() < 2 {
        return Err(OnnxError::config(path, "id2label must name at least two classes, counted from 0"));
    }
    Ok(Vit { geometry, image, qkv_bias: raw.qkv_bias, labels: raw.id2label.into_values().collect() })
}

impl Family for Vit {
    fn kind(&self) -> ModelKind {
        ModelKind::VitClassifier
    }

    fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    fn prefix_tokens(&self) -> usize {
        1
    }

    fn fixed_size(&self) -> Option<(usize, usize)> {
        Some(self.image)
    }

    fn labels(&self) -> &[String] {
        &self.labels
    }

    fn embeddings(&self, reader: Reader<'_>) -> Result<Embeddings, OnnxError> {
        let Geometry { hidden, patch, .. } = self.geometry;
        let grid = self.geometry.grid(self.image);
        let cls = reader.get("vit.embeddings.cls_token", &[1, 1, hidden])?;
        let positions = reader.get("vit.embeddings.position_embeddings", &[1, 1 + grid.0 * grid.1, hidden])?;
        let (prefix, table) = super::with_cls_position(cls, positions);
        Ok(Embeddings {
            patch: reader.get("vit.embeddings.patch_embeddings.projection.weight", &[hidden, 3, patch.0, patch.1])?,
            patch_bias: reader.vector("vit.embeddings.patch_embeddings.projection.bias", hidden)?,
            prefix,
            positions: Some(Positions { table, grid, kernel: Kernel::Bicubic }),
        })
    }

    fn block(&self, reader: Reader<'_>, layer: usize) -> Result<Block, OnnxError> {
        let Geometry { hidden, intermediate, .. } = self.geometry;
        let name = |rest: &str| format!("vit.encoder.layer.{layer}.{rest}");
        let square = [hidden, hidden];
        Ok(Block {
            norm1: reader.norm(&name("layernorm_before"), hidden)?,
            query: reader.linear("query", &name("attention.attention.query"), square, self.qkv_bias)?,
            key: reader.linear("key", &name("attention.attention.key"), square, self.qkv_bias)?,
            value: reader.linear("value", &name("attention.attention.value"), square, self.qkv_bias)?,
            proj: reader.linear("proj", &name("attention.output.dense"), square, true)?,
            norm2: reader.norm(&name("layernorm_after"), hidden)?,
            gate: None,
            up: reader.linear("up", &name("intermediate.dense"), [intermediate, hidden], true)?,
            down: reader.linear("down", &name("output.dense"), [hidden, intermediate], true)?,
        })
    }

    fn last_norm(&self, reader: Reader<'_>) -> Result<Norm, OnnxError> {
        reader.norm("vit.layernorm", self.geometry.hidden)
    }
}
