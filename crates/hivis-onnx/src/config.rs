//! What every `config.json` has alike, and its bounds. What a family has of its own is in [`crate::family`].

use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::OnnxError;

/// Pixels a side that a position table may be for.
const MAX_IMAGE: usize = 16384;
/// Registers: published models have at most 4.
const MAX_REGISTERS: usize = 1000;

/// One number for a square, or height and width.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Side {
    Square(usize),
    HeightWidth([usize; 2]),
}

impl Side {
    pub(crate) fn pair(self) -> (usize, usize) {
        match self {
            Self::Square(side) => (side, side),
            Self::HeightWidth([height, width]) => (height, width),
        }
    }
}

/// The non-linearity of a model's MLP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Activation {
    /// x * Phi(x).
    Gelu,
    /// The tanh approximation of GELU.
    GeluTanh,
    /// x * sigmoid(x).
    Silu,
    /// max(x, 0).
    Relu,
}

/// What is common to every transformer that is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Geometry {
    pub hidden: usize,
    pub heads: usize,
    pub layers: usize,
    pub intermediate: usize,
    /// Height and width in pixels.
    pub patch: (usize, usize),
    pub epsilon: f32,
    pub activation: Activation,
}

impl Geometry {
    /// Bounds far above every published model, so that no product of two can overflow.
    pub(crate) fn check(&self, channels: usize, path: &Path) -> Result<(), OnnxError> {
        let bounds = [
            ("hidden_size", self.hidden, 1 << 16),
            ("num_attention_heads", self.heads, 1 << 12),
            ("num_hidden_layers", self.layers, 1 << 10),
            ("intermediate_size", self.intermediate, 1 << 18),
            ("patch_size", self.patch.0, 1 << 10),
            ("patch_size", self.patch.1, 1 << 10),
        ];
        if let Some((key, value, most)) = bounds.into_iter().find(|(_, value, most)| !(1..=*most).contains(value)) {
            return Err(OnnxError::config(path, format!("{key} is {value}; 1 to {most} are read")));
        }
        if !self.hidden.is_multiple_of(self.heads) {
            return Err(OnnxError::config(path, "hidden_size must be a multiple of num_attention_heads"));
        }
        if channels != 3 {
            return Err(OnnxError::config(path, format!("num_channels is {channels}; only RGB is read")));
        }
        if !(self.epsilon.is_finite() && self.epsilon >= 0.0) {
            return Err(OnnxError::config(path, "layer_norm_eps must be a number of at least 0"));
        }
        Ok(())
    }

    /// Length of one head's vectors.
    pub(crate) fn head_dim(&self) -> usize {
        self.hidden / self.heads
    }

    /// Patches down and across in a picture of `height` x `width`; what is left over is not seen.
    pub(crate) fn grid(&self, (height, width): (usize, usize)) -> (usize, usize) {
        (height / self.patch.0, width / self.patch.1)
    }

    /// Checks the `image_size` that a position table is for.
    pub(crate) fn check_image(&self, image: (usize, usize), path: &Path) -> Result<(), OnnxError> {
        let (rows, columns) = self.grid(image);
        if rows == 0 || columns == 0 || image.0.max(image.1) > MAX_IMAGE {
            let reason = format!("image_size must hold at least one patch and at most {MAX_IMAGE} pixels");
            return Err(OnnxError::config(path, reason));
        }
        Ok(())
    }
}

/// The activation of that name.
pub(crate) fn activation(name: &str, path: &Path) -> Result<Activation, OnnxError> {
    match name {
        "gelu" => Ok(Activation::Gelu),
        "gelu_new" | "gelu_pytorch_tanh" | "gelu_fast" => Ok(Activation::GeluTanh),
        "silu" | "swish" => Ok(Activation::Silu),
        "relu" => Ok(Activation::Relu),
        other => {
            let other: String = other.escape_debug().take(40).collect();
            Err(OnnxError::config(path, format!("hidden_act `{other}` is not known; gelu, silu and relu are")))
        }
    }
}

/// Checks the number of register tokens.
pub(crate) fn registers(count: usize, path: &Path) -> Result<usize, OnnxError> {
    if count > MAX_REGISTERS {
        return Err(OnnxError::config(path, format!("num_register_tokens is over {MAX_REGISTERS}")));
    }
    Ok(count)
}

/// Parses a stranger's JSON; the error is one line.
pub(crate) fn json<T: DeserializeOwned>(text: &[u8], path: &Path) -> Result<T, OnnxError> {
    serde_json::from_slice(text).map_err(|error| {
        let reason: String =
            error.to_string().chars().take(160).map(|c| if c.is_control() { ' ' } else { c }).collect();
        OnnxError::config(path, reason)
    })
}
