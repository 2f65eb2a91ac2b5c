//! The families of models: what each has of its own. A family is one file, and one line in [`parse`].

use std::path::Path;

use serde::Deserialize;

use crate::attention_pool::AttentionPool;
use crate::config::{Geometry, json};
use crate::layers::{Block, Norm, Reader};
use crate::normalise::Normalise;
use crate::tables::{Kernel, Rope};
use crate::{ModelKind, OnnxError};

mod dinov2;
mod dinov3;
mod siglip;
mod vit;

/// Everything before the first block.
pub(crate) struct Embeddings {
    /// `[hidden, 3, patch height, patch width]`.
    pub patch: Vec<f32>,
    pub patch_bias: Vec<f32>,
    /// CLS and registers, `[prefix, hidden]`, with their positions where there is a table; empty where there are none.
    pub prefix: Vec<f32>,
    pub positions: Option<Positions>,
}

/// A learned table of positions.
pub(crate) struct Positions {
    /// `[rows * columns, hidden]`.
    pub table: Vec<f32>,
    /// Patches down and across that it is for.
    pub grid: (usize, usize),
    /// How it becomes a table for another grid.
    pub kernel: Kernel,
}

/// A checked `config.json`: the shape of the model, and where its tensors are.
///
/// Methods that take a [`Reader`] read numbers or only check shapes, as the reader says; vectors are empty then.
pub(crate) trait Family: std::fmt::Debug + Send + Sync {
    fn kind(&self) -> ModelKind;

    fn geometry(&self) -> &Geometry;

    /// Tokens before the patches: CLS and registers.
    fn prefix_tokens(&self) -> usize;

    /// What a `preprocessor_config.json` leaves out.
    fn normalise(&self) -> Normalise {
        Normalise::IMAGENET
    }

    /// Height and width of the only pictures that the model takes; `None` where it takes any grid of patches.
    fn fixed_size(&self) -> Option<(usize, usize)> {
        None
    }

    /// The classes of a classifier, by index.
    fn labels(&self) -> &[String] {
        &[]
    }

    /// The tables of rotary positions for a grid.
    fn rope(&self, _grid: (usize, usize)) -> Option<Rope> {
        None
    }

    fn embeddings(&self, reader: Reader<'_>) -> Result<Embeddings, OnnxError>;

    fn block(&self, reader: Reader<'_>, layer: usize) -> Result<Block, OnnxError>;

    /// The norm after the last block.
    fn last_norm(&self, reader: Reader<'_>) -> Result<Norm, OnnxError>;

    /// What makes one token of all, in a model without CLS.
    fn attention_pool(&self, _reader: Reader<'_>) -> Result<Option<AttentionPool>, OnnxError> {
        Ok(None)
    }
}

#[derive(Deserialize)]
struct ModelType {
    model_type: Option<String>,
}

/// Parses and checks the text of a `config.json`; `path` is for errors.
pub(crate) fn parse(text: &[u8], path: &Path) -> Result<Box<dyn Family>, OnnxError> {
    let of: ModelType = json(text, path)?;
    Ok(match of.model_type.as_deref() {
        Some("dinov3_vit") => Box::new(dinov3::parse(text, path)?),
        Some("dinov2" | "dinov2_with_registers") => Box::new(dinov2::parse(text, path)?),
        Some("siglip" | "siglip_vision_model") => Box::new(siglip::parse(text, path)?),
        Some("vit") => Box::new(vit::parse(text, path)?),
        Some("siglip2" | "siglip2_vision_model") => {
            let reason = "this is a NaFlex SigLIP 2, which takes pictures of any shape and is not written; the \
                          checkpoints of one size are, such as google/siglip2-base-patch16-224";
            return Err(OnnxError::config(path, reason));
        }
        Some(other) => {
            let other: String = other.escape_debug().take(40).collect();
            let known = "dinov3_vit, dinov2_with_registers, dinov2, siglip and vit";
            return Err(OnnxError::config(path, format!("model_type is `{other}`; {known} are known")));
        }
        None => return Err(OnnxError::config(path, "has no model_type")),
    })
}

/// CLS with its position, and the positions of the patches, out of a table that begins with CLS's.
fn with_cls_position(mut cls: Vec<f32>, mut positions: Vec<f32>) -> (Vec<f32>, Vec<f32>) {
    let patches = positions.split_off(cls.len().min(positions.len()));
    cls.iter_mut().zip(positions).for_each(|(token, position)| *token += position);
    (cls, patches)
}
