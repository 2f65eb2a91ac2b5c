//! A finished graph.

use std::path::Path;

use crate::OnnxError;

/// An ONNX graph in memory, ready to be saved.
#[derive(Clone)]
pub struct Graph {}

impl Graph {
    /// Writes the graph; weights over 2 GB go to `<file name>.data` beside it.
    pub fn save(&self, _path: &Path) -> Result<(), OnnxError> {
        todo!()
    }

    /// The whole graph as one ONNX file, weights inside.
    pub fn bytes(&self) -> Result<Vec<u8>, OnnxError> {
        todo!()
    }
}
