//! From a file to an engine.

use std::path::PathBuf;
use std::sync::Arc;

use hivis_types::{EngineKind, Precision};

use crate::backend::{Backend, GraphEngine, Input};
use crate::{Engine, EngineError};

/// Which graph to load, and how to run it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadSettings {
    /// Which library.
    pub kind: EngineKind,
    /// `model.onnx` or `model.int8.onnx` of a release.
    pub graph: PathBuf,
    /// The arithmetic, which fits the file: int8 runs one picture at a time, bf16 is a way to run `model.onnx`.
    pub precision: Precision,
    /// Threads of one run; 0 lets the library choose.
    pub threads: usize,
    /// ONNX Runtime's shared library; `None` looks in `ORT_DYLIB_PATH`, then asks `python3`. A process has one: the
    /// first that is loaded stays.
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
pub fn load(settings: &LoadSettings) -> Result<Arc<dyn Engine>, EngineError> {
    let engine = GraphEngine::new(backend(settings)?, settings.kind, settings.precision, &settings.graph)?;
    Ok(Arc::new(engine))
}

/// Runs a bare backbone (`hivis_onnx::write_backbone`) once on normalised pixels `[n, 3, h, w]`; gives the shape of the
/// last hidden state and its values. For comparing with other implementations; nothing is checked but the types.
pub fn run_backbone(
    settings: &LoadSettings,
    shape: [usize; 4],
    pixels: Vec<f32>,
) -> Result<(Vec<usize>, Vec<f32>), EngineError> {
    let outputs = backend(settings)?.run(Input::Floats(shape.to_vec(), pixels), &["last_hidden_state"])?;
    let output = outputs.into_iter().next().expect("one output was asked for: this is a bug");
    Ok((output.shape, output.values))
}

fn backend(settings: &LoadSettings) -> Result<Box<dyn Backend>, EngineError> {
    match settings.kind {
        #[cfg(feature = "rten")]
        EngineKind::Rten => Ok(Box::new(crate::rten::Rten::load(settings)?)),
        #[cfg(feature = "onnxruntime")]
        EngineKind::Onnxruntime => Ok(Box::new(crate::onnxruntime::OnnxRuntime::load(settings)?)),
        other => Err(EngineError::NotBuilt(other.as_str())),
    }
}
