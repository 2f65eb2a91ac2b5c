//! What can go wrong in this room.

use std::path::PathBuf;

/// A failure of training, of its files, or of the engine that computes features.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// A file could not be read or written.
    #[error("cannot use {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file was read but does not hold what it should.
    #[error("{what} is not what was expected: {why}")]
    Content {
        /// The file or the part of it.
        what: String,
        /// What is wrong.
        why: String,
    },
    /// Weights do not fit the configuration.
    #[error("tensor `{name}`: {why}")]
    Weights {
        /// The tensor's name in the safetensors file.
        name: String,
        /// What is wrong.
        why: String,
    },
    /// The loss is no longer a number.
    #[error("the loss is {loss} at step {step}")]
    Diverged {
        /// Step at which it was seen.
        step: u64,
        /// The loss.
        loss: f32,
    },
    /// There is nothing to train on, or only one class.
    #[error("cannot train: {0}")]
    Data(String),
    /// It was told to stop. What was computed is kept: the same training goes on from there.
    #[error("the training was stopped {at}; what it computed is kept")]
    Halted {
        /// Where it was.
        at: String,
    },
    /// The graph could not be written.
    #[error("cannot write the graph")]
    Graph(#[source] hivis_onnx::OnnxError),
    /// The engine failed.
    #[error("the engine failed")]
    Engine(#[source] hivis_engine::EngineError),
}

impl TrainError {
    /// For `map_err` on file operations.
    pub(crate) fn file(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }
}
