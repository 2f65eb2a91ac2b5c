//! Releases, and what runs them.

use serde::{Deserialize, Serialize};

/// The name of an immutable release folder: lowercase letters, digits, `.`, `_` and `-`, at most 64 characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ReleaseId(String);

impl ReleaseId {
    /// Checks a name; it becomes a folder, so nothing that could climb out of one is let in.
    pub fn new(name: impl Into<String>) -> Result<Self, UnknownName> {
        let name = name.into();
        let fit = !name.is_empty()
            && name.len() <= 64
            && !name.starts_with('.')
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b));
        if fit { Ok(Self(name)) } else { Err(UnknownName { what: "release id", name }) }
    }

    /// The folder's name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ReleaseId {
    type Error = UnknownName;

    fn try_from(name: String) -> Result<Self, UnknownName> {
        Self::new(name)
    }
}

impl From<ReleaseId> for String {
    fn from(id: ReleaseId) -> Self {
        id.0
    }
}

impl std::fmt::Display for ReleaseId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that names nothing we know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is no {what}")]
pub struct UnknownName {
    /// What was expected.
    pub what: &'static str,
    /// What was given.
    pub name: String,
}

/// Which library runs a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineKind {
    /// rten: built in, CPU.
    Rten,
    /// ONNX Runtime, loaded at run time from the user's installation.
    Onnxruntime,
    /// No model at all: a fixed answer after a fixed time, for benches and tests.
    Fixed,
}

impl EngineKind {
    /// The name in configuration and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rten => "rten",
            Self::Onnxruntime => "onnxruntime",
            Self::Fixed => "fixed",
        }
    }
}

/// The arithmetic that a release is run in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 32-bit floats: `model.onnx`.
    Fp32,
    /// 16-bit floats with fp32's range, out of the same `model.onnx`: the library rounds as it loads.
    Bf16,
    /// 8-bit integers: `model.int8.onnx`.
    Int8,
}

impl Precision {
    /// The name in configuration and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fp32 => "fp32",
            Self::Bf16 => "bf16",
            Self::Int8 => "int8",
        }
    }

    /// The precision of the file that it is computed from.
    #[must_use]
    pub fn of_file(self) -> Self {
        match self {
            Self::Fp32 | Self::Bf16 => Self::Fp32,
            Self::Int8 => Self::Int8,
        }
    }
}

/// What an engine says of one picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores {
    /// Probability of roadwork, in [0, 1]; never NaN.
    pub probability: f32,
    /// The pooled features that the head saw.
    pub features: Vec<f32>,
}
