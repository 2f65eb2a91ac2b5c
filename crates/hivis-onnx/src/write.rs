//! The two graphs that are written: a classifier for serving, a bare backbone for tests.

use crate::{Graph, Head, Model, OnnxError};

/// What a classifier's graph takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriteOptions {
    /// Width and height in pixels of the pictures that the graph takes.
    pub input: (u32, u32),
}

impl Default for WriteOptions {
    fn default() -> Self {
        Self { input: (224, 224) }
    }
}

/// `pixels` u8 `[n, h, w, 3]` to `probability` f32 `[n]` and `features` f32 `[n, d]`.
pub fn write_classifier(_model: &Model, _head: &Head, _options: &WriteOptions) -> Result<Graph, OnnxError> {
    todo!()
}

/// `pixels` f32 `[n, 3, height, width]`, already normalised, to `last_hidden_state` f32 `[n, tokens, hidden_size]`.
pub fn write_backbone(_model: &Model, _width: u32, _height: u32) -> Result<Graph, OnnxError> {
    todo!()
}
