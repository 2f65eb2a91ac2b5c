//! Which scenes are learned from, and which only judged.
//!
//! A scene's part is a hash of the split's seed and the scene's name ([`part`]): the same on any machine, whatever else is
//! there, and the same when pictures are added later. Pictures of one scene are never apart. Where no scene is given,
//! pictures that look alike are one ([`plan`]), and a [`Proof`] tells how far apart the parts are and what was left out.

mod clusters;
mod disagreement;
mod files;
mod plan;
mod proof;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use disagreement::{Disagreement, Example, Shared, Source};
pub use files::{Files, read_held, write};
pub use plan::{ALIKE, Held, Member, Out, Placed, Plan, plan};
pub use proof::{Apart, Nearest, Proof, Size, Stratum, prove};

/// A part of the scenes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// 80%: learned from.
    Train,
    /// 5%: early stopping and calibration.
    Tune,
    /// 5%: promotions are decided on these.
    Exam,
    /// 10%: opened for a final report only.
    Test,
}

impl Part {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Train, Self::Tune, Self::Exam, Self::Test];

    /// Its share of the scenes, in percent.
    pub fn percent(self) -> u64 {
        match self {
            Self::Train => 80,
            Self::Tune | Self::Exam => 5,
            Self::Test => 10,
        }
    }

    /// The name in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Tune => "tune",
            Self::Exam => "exam",
            Self::Test => "test",
        }
    }
}

/// The part of a scene.
pub fn part(seed: u64, scene: &str) -> Part {
    let digest = Sha256::new().chain_update(seed.to_le_bytes()).chain_update(scene.as_bytes()).finalize();
    let head: [u8; 8] = digest[..8].try_into().expect("a digest has 32 bytes: this is a bug");
    let mut place = u64::from_le_bytes(head) % 100;
    for part in Part::ALL {
        if place < part.percent() {
            return part;
        }
        place -= part.percent();
    }
    unreachable!("the shares sum to a hundred: this is a bug")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_hold_and_seeds_differ() {
        let scenes: Vec<String> = (0..20_000).map(|n| format!("scene {n}")).collect();
        for wanted in Part::ALL {
            let found = scenes.iter().filter(|scene| part(7, scene) == wanted).count();
            let share = 100.0 * found as f64 / scenes.len() as f64;
            // Four deviations.
            let expected = wanted.percent() as f64;
            let bound = 4.0 * (expected * (100.0 - expected) / scenes.len() as f64).sqrt();
            assert!((share - expected).abs() < bound, "{wanted:?}: {share}%");
        }
        assert!(scenes.iter().any(|scene| part(7, scene) != part(8, scene)));
    }

    #[test]
    fn a_part_is_the_same_on_any_machine() {
        // Computed with Python's hashlib.
        let parts = ["a", "b", "c", "d", "e", "f"].map(|scene| part(72, scene).as_str());
        assert_eq!(parts, ["train", "train", "train", "train", "exam", "train"]);
    }
}
