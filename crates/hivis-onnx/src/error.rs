//! Why a graph could not be written.

use std::path::{Path, PathBuf};

/// Why a model could not be read or a graph could not be written. Each is one line and names its file.
#[derive(Debug, thiserror::Error)]
pub enum OnnxError {
    /// A file could not be read or written; the source names it.
    #[error("cannot read or write a model's file")]
    Io(#[from] std::io::Error),
    /// A JSON file does not say what is needed.
    #[error("{}: {reason}", path.display())]
    Config {
        /// `config.json`, `preprocessor_config.json` or an index.
        path: PathBuf,
        /// What is wrong, and with which key.
        reason: String,
    },
    /// A file of weights is no safetensors file.
    #[error("{}: not a safetensors file: {reason}", path.display())]
    Weights {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// One tensor is missing, misshapen or not finite.
    #[error("{}: tensor `{tensor}`: {reason}", path.display())]
    Tensor {
        /// The file.
        path: PathBuf,
        /// The tensor's name.
        tensor: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The head does not fit the model, or is no head.
    #[error("the head does not fit: {0}")]
    Head(String),
    /// Members that cannot be averaged.
    #[error("not an ensemble: {0}")]
    Ensemble(String),
    /// The model cannot be written at the size asked for.
    #[error("{0}")]
    Size(String),
    /// A file that should be a graph of ours is none.
    #[error("{}: not a graph that can be quantised: {reason}", path.display())]
    Graph {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

impl OnnxError {
    /// What the user can do about it, where we know.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Config { .. } => Some("give a folder as transformers saves it: config.json beside model.safetensors"),
            Self::Weights { .. } => Some("the download may be incomplete or a Git LFS pointer: fetch the file again"),
            Self::Tensor { .. } => Some("config.json and the weights must come from the same model"),
            Self::Graph { .. } => Some("only `model.onnx` of a release can be quantised, and only once"),
            Self::Ensemble(_) => Some("an ensemble has 1 to 16 members, each of a weight above 0, together 1"),
            Self::Io(_) | Self::Head(_) | Self::Size(_) => None,
        }
    }

    /// A [`Self::Tensor`].
    pub(crate) fn tensor(path: &Path, tensor: &str, reason: impl Into<String>) -> Self {
        Self::Tensor { path: path.to_owned(), tensor: shorten(tensor), reason: reason.into() }
    }

    /// A [`Self::Config`].
    pub(crate) fn config(path: &Path, reason: impl Into<String>) -> Self {
        Self::Config { path: path.to_owned(), reason: reason.into() }
    }

    /// A [`Self::Weights`].
    pub(crate) fn weights(path: &Path, reason: impl std::fmt::Display) -> Self {
        Self::Weights { path: path.to_owned(), reason: shorten(&reason.to_string()) }
    }
}

/// Names come from strangers' files: at most 120 characters, none of them a control character, so an error stays one line.
fn shorten(text: &str) -> String {
    let mut short: String = text.chars().take(120).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(120).is_some() {
        short.push('…');
    }
    short
}
