//! Why an engine could not be made or did not answer.

use std::path::PathBuf;

/// An error of another library, kept for the cause chain.
type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why an engine could not be made or did not answer.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A picture has another size than the graph takes.
    #[error("a picture is {width} x {height}, the graph takes {} x {}", input.0, input.1)]
    WrongSize {
        /// The picture's width.
        width: u32,
        /// The picture's height.
        height: u32,
        /// What the graph takes.
        input: (u32, u32),
    },
    /// A score came out as NaN or outside [0, 1].
    #[error("the graph gave {value}, which is no probability")]
    NotAProbability {
        /// What came out.
        value: f32,
    },
    /// A feature came out as NaN or infinite.
    #[error("the graph gave a feature that is not finite")]
    NotFinite,
    /// The file is no graph that this engine reads.
    #[error("{}: the engine cannot load this graph", path.display())]
    Load {
        /// The file.
        path: PathBuf,
        /// What the library says.
        #[source]
        source: Source,
    },
    /// The file is a graph, but not one of hivis.
    #[error("{}: not a graph of hivis: {reason}", path.display())]
    Contract {
        /// The file.
        path: PathBuf,
        /// Which input or output is wrong.
        reason: String,
    },
    /// The library failed on a batch.
    #[error("the engine failed on a batch")]
    Run(#[source] Source),
    /// ONNX Runtime's library is not to be had.
    #[error("ONNX Runtime is not there: {reason}")]
    NoRuntime {
        /// Where was looked, or why the library found does not do.
        reason: String,
    },
    /// ONNX Runtime cannot run on what was asked for.
    #[error("ONNX Runtime's provider `{provider}` does not work here")]
    Provider {
        /// What was asked for.
        provider: String,
        /// What the library says.
        #[source]
        source: Source,
    },
    /// The engine has no such arithmetic, or the processor has not.
    #[error("{engine} cannot compute in {precision} here: {reason}")]
    Precision {
        /// The engine, with its provider.
        engine: String,
        /// What was asked for.
        precision: &'static str,
        /// What is missing.
        reason: &'static str,
    },
    /// The canary got another answer in a batch than alone.
    #[error("the canary picture gets {alone} alone and {together} in a batch of {batch}")]
    Composition {
        /// Its probability alone.
        alone: f32,
        /// Its probability among others.
        together: f32,
        /// How many there were.
        batch: usize,
    },
    /// The canary got another answer than when the release was made.
    #[error("the canary picture gets {found}, it got {expected} when the release was made")]
    Canary {
        /// The probability now.
        found: f32,
        /// The probability then.
        expected: f32,
    },
    /// An engine that this build does not have, or that loads no graph.
    #[error("this build cannot load a graph with the engine `{0}`")]
    NotBuilt(&'static str),
}

impl EngineError {
    /// What the user can do about it, where we know.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoRuntime { .. } => Some(
                "`pip install onnxruntime`, or set ORT_DYLIB_PATH to libonnxruntime.so, or use the built-in engine rten",
            ),
            Self::Provider { .. } => Some(
                "providers are `cpu`, `openvino` (pip install onnxruntime-openvino), `cuda` and `tensorrt` (pip install \
                 onnxruntime-gpu, with NVIDIA's libraries)",
            ),
            Self::Precision { .. } => Some("fp32 runs everywhere; bf16 needs engine onnxruntime and provider openvino"),
            Self::Load { .. } | Self::Contract { .. } => Some("make the release again: `hivis import model FOLDER`"),
            Self::NotAProbability { .. } | Self::NotFinite => {
                Some("the model's weights overflow: check the file they came from")
            }
            Self::NotBuilt(_) => Some("build with the feature of that engine's name, or choose another engine"),
            Self::Canary { .. } | Self::Composition { .. } => {
                Some("this engine, precision or library version computes wrongly here: choose another")
            }
            Self::WrongSize { .. } | Self::Run(_) => None,
        }
    }
}
