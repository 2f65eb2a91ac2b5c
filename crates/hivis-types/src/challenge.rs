//! What the validator draws before it asks.

use serde::{Deserialize, Serialize};

/// The validator's augmentation levels; each is drawn with chance one in four.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub enum Level {
    /// Centre crop and resize.
    Zero,
    /// Rotation, random crop.
    One,
    /// As one, then colour, contrast and block distortions of strength 0 or 1.
    Two,
    /// As one, then all five distortions of strength 0, 1 or 2.
    Three,
}

impl Level {
    /// All four, in order.
    pub const ALL: [Self; 4] = [Self::Zero, Self::One, Self::Two, Self::Three];
}

impl From<Level> for u8 {
    fn from(level: Level) -> Self {
        level as u8
    }
}

impl TryFrom<u8> for Level {
    type Error = String;

    fn try_from(value: u8) -> Result<Self, String> {
        Self::ALL.get(usize::from(value)).copied().ok_or_else(|| format!("{value} is no augmentation level (0 to 3)"))
    }
}

impl std::fmt::Display for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", *self as u8)
    }
}

/// Where a challenge's picture came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// A photograph of the data set (in the procedural world: the camera style).
    Real,
    /// Made by a generator (in the procedural world: the second renderer style).
    Synthetic,
}

impl Origin {
    /// The name in files and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::Synthetic => "synthetic",
        }
    }
}
