//! Whether what comes in is still what was learned from.
//!
//! Records are cut into windows of equal number, and each window gets one value a question ([`Kind`]): how far its
//! features lie from those of the training data ([`Reference`]), how differently its scores are spread from those of a
//! reference window ([`ks`], [`wasserstein`], [`psi`]), and how surely it is wrong more often than the exam said
//! ([`Cusum`]). What value is too large is not set by hand but learned from the windows before ([`limit`]).
//!
//! Pure: windows come in, numbers come out. Features of two spaces must never meet here; who calls sees to it.

mod cusum;
mod limit;
mod rows;
mod scores;

pub use cusum::{Cusum, binomial_tail};
pub use limit::{Limit, calm, limit};
pub use rows::{Reference, energy};
pub use scores::{ks, psi, wasserstein};

use serde::{Deserialize, Serialize};

/// One question about a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Mean cosine distance to the nearest picture of the training data.
    InputNearest,
    /// Energy distance of the features to those of the training data.
    InputEnergy,
    /// Largest difference of the two distribution functions of the scores.
    ScoreKs,
    /// Population stability index of the scores over ten bins.
    ScorePsi,
    /// How far scores must be moved to make one distribution the other.
    ScoreWasserstein,
    /// How surely errors are more frequent than in the exam.
    Accuracy,
}

impl Kind {
    /// All, in the order in which they are shown.
    pub const ALL: [Self; 6] =
        [Self::InputNearest, Self::InputEnergy, Self::ScoreKs, Self::ScorePsi, Self::ScoreWasserstein, Self::Accuracy];

    /// The name in the ledger, in metrics and in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InputNearest => "input-nearest",
            Self::InputEnergy => "input-energy",
            Self::ScoreKs => "score-ks",
            Self::ScorePsi => "score-psi",
            Self::ScoreWasserstein => "score-wasserstein",
            Self::Accuracy => "accuracy",
        }
    }

    /// The kind of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}
