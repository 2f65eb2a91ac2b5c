//! The head: pooled features to one probability.

use std::path::Path;

use crate::OnnxError;

/// Which tokens become the features.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pooling {
    /// The CLS token: `hidden_size` features.
    Cls,
    /// The CLS token, then the mean of the patch tokens (never the registers): `2 * hidden_size` features.
    ClsMean,
}

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
    pub fn read(_path: &Path) -> Result<Self, OnnxError> {
        todo!()
    }

    /// Writes the head as safetensors: `layers.N.weight`, `layers.N.bias`, pooling and calibration in the metadata.
    pub fn write(&self, _path: &Path) -> Result<(), OnnxError> {
        todo!()
    }

    /// The bytes of [`Head::write`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, OnnxError> {
        todo!()
    }

    /// The head in the bytes of [`Head::to_bytes`].
    pub fn from_bytes(_bytes: Vec<u8>) -> Result<Self, OnnxError> {
        todo!()
    }
}
