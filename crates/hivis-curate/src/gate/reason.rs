//! Why a picture is refused.

use std::fmt;

use serde::Serialize;

/// Kinds of reasons; a table of refusals counts by them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReasonKind {
    /// Its bytes are no picture that can be read.
    Unreadable,
    /// Too little detail.
    Blurred,
    /// More detail than real pictures have: noise.
    Noisy,
    /// Too dark or too bright.
    Light,
    /// Nearly all of it is one colour.
    OneColour,
    /// A grid, as upsampling leaves it.
    Grid,
    /// A pattern laid over it in tiles.
    Watermark,
    /// The picture is there already.
    Duplicate,
    /// It looks like a picture that only judges.
    Leak,
    /// The releases are sure that it shows the other thing.
    Label,
    /// It came in a batch that is far from the real set.
    Batch,
}

impl ReasonKind {
    /// The name in reasons and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Blurred => "blurred",
            Self::Noisy => "noisy",
            Self::Light => "light",
            Self::OneColour => "one-colour",
            Self::Grid => "grid",
            Self::Watermark => "watermark",
            Self::Duplicate => "duplicate",
            Self::Leak => "leak",
            Self::Label => "label",
            Self::Batch => "batch",
        }
    }
}

/// One reason: `kind: words`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// Which kind.
    pub kind: ReasonKind,
    /// What was found, against which limit.
    pub words: String,
}

impl Reason {
    /// A reason in words.
    pub fn new(kind: ReasonKind, words: impl Into<String>) -> Self {
        Self { kind, words: words.into() }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.as_str(), self.words)
    }
}
