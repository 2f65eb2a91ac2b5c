//! The head: pooled features to one probability.

use std::collections::HashMap;
use std::path::Path;

use safetensors::Dtype;
use safetensors::tensor::TensorView;

use crate::weights::{Need, Weights};
use crate::{OnnxError, Pooling};

/// Heads are small: more layers than this is a broken file.
const MAX_LAYERS: usize = 16;

/// One dense layer, `y = W x + b`.
#[derive(Clone, Debug, PartialEq)]
pub struct Dense {
    /// `[outputs, inputs]`, row-major.
    pub weight: Vec<f32>,
    /// `[outputs]`.
    pub bias: Vec<f32>,
    /// Length of `x`.
    pub inputs: usize,
    /// Length of `y`.
    pub outputs: usize,
}

/// The last node: probability = sigmoid(a * logit + b).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Calibration {
    /// Slope.
    pub a: f32,
    /// Shift, in logits.
    pub b: f32,
}

impl Calibration {
    pub(crate) fn check(self) -> Result<(), OnnxError> {
        let Self { a, b } = self;
        if !(a.is_finite() && b.is_finite()) {
            return Err(OnnxError::Head(format!("its calibration is a = {a}, b = {b}")));
        }
        Ok(())
    }
}

impl Default for Calibration {
    fn default() -> Self {
        Self { a: 1.0, b: 0.0 }
    }
}

/// A small network on pooled features.
///
/// ReLU stands between the layers. The last layer has one output, the logit of roadwork; or several, one a class with
/// roadwork first, and then the logit is the log-odds of roadwork against all the others.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    /// What it looks at.
    pub pooling: Pooling,
    /// At least one layer.
    pub layers: Vec<Dense>,
    /// What turns the logit into a probability.
    pub calibration: Calibration,
}

impl Head {
    /// Reads a head that [`Head::write`] wrote.
    pub fn read(path: &Path) -> Result<Self, OnnxError> {
        Self::from_bytes_named(fs_err::read(path)?, &path.display().to_string())
    }

    /// Writes the head as safetensors: `layers.N.weight`, `layers.N.bias`, pooling and calibration in the metadata.
    pub fn write(&self, path: &Path) -> Result<(), OnnxError> {
        Ok(fs_err::write(path, self.to_bytes()?)?)
    }

    /// The bytes of [`Head::write`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, OnnxError> {
        self.check()?;
        let tensors: Vec<(String, Vec<usize>, &[f32])> = self
            .layers
            .iter()
            .enumerate()
            .flat_map(|(n, layer)| {
                [
                    (format!("layers.{n}.weight"), vec![layer.outputs, layer.inputs], layer.weight.as_slice()),
                    (format!("layers.{n}.bias"), vec![layer.outputs], layer.bias.as_slice()),
                ]
            })
            .collect();
        serialize(&tensors, metadata(self.pooling, self.calibration))
    }

    /// The head in the bytes of [`Head::to_bytes`].
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, OnnxError> {
        Self::from_bytes_named(bytes, "head.safetensors")
    }

    fn from_bytes_named(bytes: Vec<u8>, name: &str) -> Result<Self, OnnxError> {
        Self::from_weights(&Weights::from_bytes(bytes, name)?)
    }

    pub(crate) fn from_weights(weights: &Weights) -> Result<Self, OnnxError> {
        let (pooling, calibration) = read_metadata(weights)?;
        if let Some(form) = weights.metadata("form") {
            let form: String = form.escape_debug().take(40).collect();
            return Err(OnnxError::Head(format!("it is of the form `{form}`, a network is wanted here")));
        }
        let mut layers = Vec::new();
        while layers.len() < MAX_LAYERS && weights.has(&format!("layers.{}.weight", layers.len())) {
            let [weight, bias] = ["weight", "bias"].map(|part| format!("layers.{}.{part}", layers.len()));
            let &[outputs, inputs] = weights.shape(&weight)? else {
                return Err(OnnxError::tensor(weights.path(), &weight, "is no matrix"));
            };
            layers.push(Dense {
                weight: weights.get(&weight, &[outputs, inputs], Need::Data)?,
                bias: weights.get(&bias, &[outputs], Need::Data)?,
                inputs,
                outputs,
            });
        }
        let head = Self { pooling, layers, calibration };
        head.check()?;
        Ok(head)
    }

    /// Length of the features that the head takes.
    pub fn inputs(&self) -> usize {
        self.layers.first().map_or(0, |l| l.inputs)
    }

    /// Whether the layers fit one another and every number is finite.
    pub(crate) fn check(&self) -> Result<(), OnnxError> {
        let wrong = |reason: String| Err(OnnxError::Head(reason));
        if self.layers.is_empty() || self.layers.len() > MAX_LAYERS {
            return wrong(format!("it has {} layers; 1 to {MAX_LAYERS} are read", self.layers.len()));
        }
        let mut width = self.inputs();
        for (n, layer) in self.layers.iter().enumerate() {
            let cells = layer.inputs.checked_mul(layer.outputs);
            if layer.inputs != width || layer.outputs == 0 || layer.inputs == 0 {
                return wrong(format!("layer {n} takes {} numbers, {width} come in", layer.inputs));
            }
            if cells != Some(layer.weight.len()) || layer.bias.len() != layer.outputs {
                return wrong(format!("layer {n} has not the numbers of {} x {}", layer.outputs, layer.inputs));
            }
            if !layer.weight.iter().chain(&layer.bias).all(|v| v.is_finite()) {
                return wrong(format!("layer {n} holds a number that is not finite"));
            }
            width = layer.outputs;
        }
        self.calibration.check()
    }
}

/// The metadata that both forms of head have. Rust prints the shortest decimal that reads back as the same f32.
pub(crate) fn metadata(pooling: Pooling, calibration: Calibration) -> HashMap<String, String> {
    HashMap::from([
        ("pooling".to_owned(), pooling.to_string()),
        ("calibration.a".to_owned(), calibration.a.to_string()),
        ("calibration.b".to_owned(), calibration.b.to_string()),
    ])
}

/// What [`metadata`] made.
pub(crate) fn read_metadata(weights: &Weights) -> Result<(Pooling, Calibration), OnnxError> {
    let missing = |key: &str| OnnxError::weights(weights.path(), format!("no head: `{key}` is missing or odd"));
    let number = |key: &str| weights.metadata(key).and_then(|t| t.parse::<f32>().ok()).ok_or_else(|| missing(key));
    let pooling = weights.metadata("pooling").and_then(|name| name.parse().ok()).ok_or_else(|| missing("pooling"))?;
    Ok((pooling, Calibration { a: number("calibration.a")?, b: number("calibration.b")? }))
}

/// The bytes of a safetensors file of f32.
pub(crate) fn serialize(
    tensors: &[(String, Vec<usize>, &[f32])],
    metadata: HashMap<String, String>,
) -> Result<Vec<u8>, OnnxError> {
    let bytes: Vec<Vec<u8>> =
        tensors.iter().map(|(_, _, values)| values.iter().flat_map(|v| v.to_le_bytes()).collect()).collect();
    let views = tensors
        .iter()
        .zip(&bytes)
        .map(|((name, shape, _), bytes)| Ok((name, TensorView::new(Dtype::F32, shape.clone(), bytes)?)))
        .collect::<Result<Vec<_>, safetensors::SafeTensorError>>()
        .map_err(|error| OnnxError::Head(error.to_string()))?;
    safetensors::serialize(views, Some(metadata)).map_err(|error| OnnxError::Head(error.to_string()))
}
