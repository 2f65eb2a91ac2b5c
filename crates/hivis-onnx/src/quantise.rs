//! The int8 form of a graph.

use std::path::Path;

use crate::OnnxError;

/// How to quantise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuantiseOptions {
    /// Bits of a weight: 7 (safe on every CPU) or 8 (only where every target CPU has VNNI).
    pub weight_bits: u8,
}

impl Default for QuantiseOptions {
    fn default() -> Self {
        Self { weight_bits: 7 }
    }
}

/// Writes the int8 form of the graph `model` to `out`.
pub fn quantise(_model: &Path, _out: &Path, _options: &QuantiseOptions) -> Result<(), OnnxError> {
    todo!()
}
