//! From a file to an engine.

use std::path::PathBuf;
use std::sync::Arc;

use hivis_types::{EngineKind, Precision};

use crate::{Engine, EngineError};

/// Which graph to load, and how to run it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadSettings {
    /// Which library.
    pub kind: EngineKind,
    /// `model.onnx` or `model.int8.onnx` of a release.
    pub graph: PathBuf,
    /// Which of the two it is: int8 runs one picture at a time.
    pub precision: Precision,
    /// Threads of one run; 0 lets the library choose.
    pub threads: usize,
    /// ONNX Runtime's shared library; `None` looks in `ORT_DYLIB_PATH`, then asks `python3`.
    pub runtime_library: Option<PathBuf>,
    /// ONNX Runtime's provider, `cpu` or `openvino`; `None` is `cpu`.
    pub provider: Option<String>,
}

impl LoadSettings {
    /// The built-in engine on an fp32 graph, threads as rten chooses.
    pub fn rten(graph: impl Into<PathBuf>) -> Self {
        Self {
            kind: EngineKind::Rten,
            graph: graph.into(),
            precision: Precision::Fp32,
            threads: 0,
            runtime_library: None,
            provider: None,
        }
    }
}

/// Loads a graph of hivis and runs it once on a black picture, so that what cannot run is refused here.
pub fn load(_settings: &LoadSettings) -> Result<Arc<dyn Engine>, EngineError> {
    todo!()
}
