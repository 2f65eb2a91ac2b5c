//! What a picture shows, and who says so.

use serde::{Deserialize, Serialize};

/// The subnet's two classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Label {
    /// No roadwork: 0 on the wire.
    Clear,
    /// Roadwork: 1 on the wire.
    Roadwork,
}

impl Label {
    /// The class that the validator makes of a probability: `round(p)`, ties to even, so 0.5 is clear.
    pub fn from_probability(p: f32) -> Self {
        if p > 0.5 { Self::Roadwork } else { Self::Clear }
    }

    /// 0 or 1, as the validator writes it.
    pub fn as_u8(self) -> u8 {
        self as u8
    }

    /// From the wire's integer; anything but 0 and 1 is no label (mainnet sends -1).
    pub fn from_wire(value: i64) -> Option<Self> {
        match value {
            0 => Some(Self::Clear),
            1 => Some(Self::Roadwork),
            _ => None,
        }
    }
}

/// Who gave a label, most trusted first: a lower source never overwrites a higher one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LabelSource {
    /// A person looked at it.
    Person,
    /// The data set that the picture came with; for procedural scenes, the scene itself.
    Dataset,
    /// The validators' own log.
    ValidatorLog,
    /// `testnet_label` of a challenge on netuid 323.
    Testnet,
    /// The source picture was found again in a data set.
    SourceFound,
    /// The label that a generator was asked for; nothing checked the result.
    Wanted,
    /// Members of an ensemble agree.
    Consensus,
}

impl LabelSource {
    /// The name in files and on the page, `kebab-case`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Dataset => "dataset",
            Self::ValidatorLog => "validator-log",
            Self::Testnet => "testnet",
            Self::SourceFound => "source-found",
            Self::Wanted => "wanted",
            Self::Consensus => "consensus",
        }
    }
}
