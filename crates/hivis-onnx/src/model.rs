//! A checked configuration with its weights.

use std::path::{Path, PathBuf};

use crate::backbone;
use crate::config::Geometry;
use crate::family::{self, Family};
use crate::normalise::Normalise;
use crate::weights::{Need, Weights, read_small};
use crate::{Calibration, Dense, Head, OnnxError, Pooling};

/// ImageNet-21k's label names make the largest `config.json`, about 1 MB.
const MAX_CONFIG_BYTES: u64 = 8 << 20;

/// Which family of models.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelKind {
    /// DINOv3 ViT: a backbone without a head.
    DinoV3,
    /// DINOv2, with registers or without: a backbone without a head.
    DinoV2,
    /// The vision tower of SigLIP or SigLIP 2 of one size: a backbone without a head.
    Siglip,
    /// transformers' `ViTForImageClassification`: brings its own head.
    VitClassifier,
}

/// A model as transformers saves it: configuration and the shape of every tensor checked, numbers not yet read.
pub struct Model {
    pub(crate) family: Box<dyn Family>,
    pub(crate) normalise: Normalise,
    pub(crate) weights: Weights,
}

impl Model {
    /// Reads `config.json`, `preprocessor_config.json` when there is one, and the header of `model.safetensors` (or of
    /// the shards that `model.safetensors.index.json` lists). Weights are read when a graph is written.
    pub fn read(folder: &Path) -> Result<Self, OnnxError> {
        let path = folder.join("config.json");
        let family = family::parse(&read_small(&path, MAX_CONFIG_BYTES)?, &path)?;
        let path = folder.join("preprocessor_config.json");
        let mut normalise = family.normalise();
        if path.exists() {
            normalise = Normalise::parse(&read_small(&path, MAX_CONFIG_BYTES)?, &path, normalise)?;
        }
        Self::checked(family, normalise, Weights::read(folder)?)
    }

    /// The same from memory: JSON texts and the bytes of a safetensors file (f32, f16 or bf16).
    pub fn from_parts(config_json: &str, preprocessor_json: Option<&str>, weights: Vec<u8>) -> Result<Self, OnnxError> {
        let family = family::parse(config_json.as_bytes(), &PathBuf::from("config.json"))?;
        let mut normalise = family.normalise();
        if let Some(text) = preprocessor_json {
            normalise = Normalise::parse(text.as_bytes(), &PathBuf::from("preprocessor_config.json"), normalise)?;
        }
        Self::checked(family, normalise, Weights::from_bytes(weights, "model.safetensors")?)
    }

    fn checked(family: Box<dyn Family>, normalise: Normalise, weights: Weights) -> Result<Self, OnnxError> {
        let model = Self { family, normalise, weights };
        backbone::check(&model)?;
        if let classes @ 1.. = model.labels().len() {
            model.weights.get("classifier.weight", &[classes, model.hidden_size()], Need::Shape)?;
            model.weights.get("classifier.bias", &[classes], Need::Shape)?;
        }
        Ok(model)
    }

    pub(crate) fn geometry(&self) -> &Geometry {
        self.family.geometry()
    }

    /// Which family.
    pub fn kind(&self) -> ModelKind {
        self.family.kind()
    }

    /// Length of a token.
    pub fn hidden_size(&self) -> usize {
        self.geometry().hidden
    }

    /// Height of a patch in pixels; every published model has square patches.
    pub fn patch_size(&self) -> usize {
        self.geometry().patch.0
    }

    /// Tokens before the patches: CLS and the registers; none in a SigLIP.
    pub fn prefix_tokens(&self) -> usize {
        self.family.prefix_tokens()
    }

    /// The classes of a classifier, by index; empty for a backbone.
    pub fn labels(&self) -> &[String] {
        self.family.labels()
    }

    /// Length of the features under `pooling`.
    pub fn features(&self, pooling: Pooling) -> usize {
        pooling.tokens() * self.hidden_size()
    }

    /// The head that a classifier brings; `roadwork` names the class in any case ("Roadwork").
    ///
    /// Its probability is the class's entry of the softmax over all logits, which is the sigmoid of that class's
    /// log-odds against the others; of two classes the log-odds are the difference of the two logits.
    pub fn own_head(&self, roadwork: &str) -> Result<Head, OnnxError> {
        let labels = self.labels();
        if labels.is_empty() {
            return Err(OnnxError::Head("this model is a backbone and brings no head".to_owned()));
        }
        let Some(class) = labels.iter().position(|l| l.trim().eq_ignore_ascii_case(roadwork.trim())) else {
            let known: Vec<String> =
                labels.iter().take(8).map(|l| l.escape_debug().take(24).collect::<String>()).collect();
            return Err(OnnxError::Head(format!(
                "the model has no class `{roadwork}`; among its {} classes are: {}",
                labels.len(),
                known.join(", ")
            )));
        };
        let (classes, inputs) = (labels.len(), self.hidden_size());
        let weight = self.weights.get("classifier.weight", &[classes, inputs], Need::Data)?;
        let bias = self.weights.get("classifier.bias", &[classes], Need::Data)?;
        // Roadwork first, as `Head` wants it; the order of the others does not matter.
        let order: Vec<usize> = std::iter::once(class).chain((0..classes).filter(|&c| c != class)).collect();
        let layer = Dense {
            weight: order.iter().flat_map(|&c| weight[c * inputs..(c + 1) * inputs].iter().copied()).collect(),
            bias: order.iter().map(|&c| bias[c]).collect(),
            inputs,
            outputs: classes,
        };
        Ok(Head { pooling: Pooling::Cls, layers: vec![layer], calibration: Calibration::default() })
    }
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Model({:?}, {:?})", self.kind(), self.geometry())
    }
}
