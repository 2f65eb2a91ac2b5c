//! A checked configuration with its weights.

use std::path::Path;

use crate::{Head, OnnxError};

/// Which family of models.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelKind {
    /// DINOv3 ViT: a backbone without a head.
    DinoV3,
    /// transformers' `ViTForImageClassification`: brings its own head.
    VitClassifier,
}

/// A model as transformers saves it, its configuration checked, its weights not yet read.
pub struct Model {}

impl Model {
    /// Reads `config.json`, `preprocessor_config.json` when there is one, and the header of `model.safetensors` (or of
    /// the shards that `model.safetensors.index.json` lists). Weights are read when a graph is written.
    pub fn read(_folder: &Path) -> Result<Self, OnnxError> {
        todo!()
    }

    /// The same from memory: JSON texts and the bytes of a safetensors file (f32, f16 or bf16).
    pub fn from_parts(
        _config_json: &str,
        _preprocessor_json: Option<&str>,
        _weights: Vec<u8>,
    ) -> Result<Self, OnnxError> {
        todo!()
    }

    /// Which family.
    pub fn kind(&self) -> ModelKind {
        todo!()
    }

    /// Length of a token.
    pub fn hidden_size(&self) -> usize {
        todo!()
    }

    /// Height and width of a patch in pixels (equal in every model that is known).
    pub fn patch_size(&self) -> usize {
        todo!()
    }

    /// Tokens before the patches: CLS and the registers.
    pub fn prefix_tokens(&self) -> usize {
        todo!()
    }

    /// The classes of a classifier, by index; empty for a backbone.
    pub fn labels(&self) -> &[String] {
        todo!()
    }

    /// The head that a classifier brings; `roadwork` names the class in any case ("Roadwork").
    pub fn own_head(&self, _roadwork: &str) -> Result<Head, OnnxError> {
        todo!()
    }

    /// Length of the features under `pooling`.
    pub fn features(&self, _pooling: crate::Pooling) -> usize {
        todo!()
    }
}
