//! Which parts of the exam one candidate does worse than another: the guard of a promotion.
//!
//! A part is a label, a half, a level or a slice. Under equality a scene's answers may be either candidate's, so the sign
//! of a scene's difference is a coin; the chance of a sum as low as the one seen comes from many such coins. There are many
//! parts, so the chances are adjusted together (S. Holm, 1979).

use std::collections::BTreeMap;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::table;
use crate::{Question, Sitting};

/// A part is worse, or better, when its adjusted chance is below this.
const GUARD: f64 = 0.05;
/// Coins for a chance: the least one can be 1 in so many, which Holm's factor for a hundred parts still leaves below
/// [`GUARD`].
const FLIPS: u32 = 20_000;

/// B minus A on one part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartDifference {
    /// Such as `level 2`, `origin synthetic`, `weather rain`.
    pub part: String,
    /// Scenes that it was asked on.
    pub scenes: usize,
    /// Difference of accuracy; an answer without a class counts as wrong.
    pub difference: f64,
    /// Chance of a difference so low if both were equals, adjusted for the number of parts.
    pub p_worse_holm: f64,
    /// Chance of one so high, adjusted.
    pub p_better_holm: f64,
}

impl PartDifference {
    /// Whether B is worse here beyond chance.
    pub fn is_worse(&self) -> bool {
        self.p_worse_holm < GUARD
    }

    /// Whether B is better here beyond chance.
    pub fn is_better(&self) -> bool {
        self.p_better_holm < GUARD
    }
}

/// Compares two sittings part by part. `questions` are those of the set at `places`.
pub(super) fn differences(
    questions: &[&Question],
    places: &[usize],
    [a, b]: [&Sitting; 2],
    seed: u64,
) -> Vec<PartDifference> {
    // Per part: the sum of (B right - A right) over each scene, and how many challenges there were.
    let mut parts: BTreeMap<String, (BTreeMap<&str, i32>, usize)> = BTreeMap::new();
    for (question, &place) in questions.iter().zip(places) {
        let right = |sitting: &Sitting| i32::from(sitting.answers[place].right(question.label) == Some(true));
        let difference = right(b) - right(a);
        for (_, kind, value) in table::keys(question) {
            let (scenes, asked) = parts.entry(format!("{kind} {value}")).or_default();
            *scenes.entry(&question.scene).or_default() += difference;
            *asked += 1;
        }
    }
    let parts: Vec<_> = parts.into_iter().collect();
    let found: Vec<(String, usize, f64, [f64; 2])> = parts
        .into_par_iter()
        .enumerate()
        .map(|(at, (part, (scenes, asked)))| {
            let sums: Vec<i32> = scenes.values().copied().collect();
            let chances = chances(&sums, seed, at as u64);
            (part, scenes.len(), f64::from(sums.iter().sum::<i32>()) / asked as f64, chances)
        })
        .collect();
    let adjusted = [0, 1].map(|side| holm(&found.iter().map(|f| f.3[side]).collect::<Vec<_>>()));
    let differences = found.into_iter().enumerate().map(|(at, (part, scenes, difference, _))| PartDifference {
        part,
        scenes,
        difference,
        p_worse_holm: adjusted[0][at],
        p_better_holm: adjusted[1][at],
    });
    differences.collect()
}

/// Chances of a sum at most, and at least, the one seen, when every sign is a coin. The sum seen counts as one draw.
fn chances(sums: &[i32], seed: u64, part: u64) -> [f64; 2] {
    let moved: Vec<i32> = sums.iter().map(|sum| sum.abs()).filter(|sum| *sum > 0).collect();
    let seen: i32 = sums.iter().sum();
    if moved.is_empty() {
        return [1.0, 1.0];
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(part + 1);
    let (mut low, mut high) = (1_u32, 1_u32);
    for _ in 0..FLIPS {
        let mut coins = 0_u64;
        let mut sum = 0;
        for (at, size) in moved.iter().enumerate() {
            if at % 64 == 0 {
                coins = rng.random();
            }
            sum += if coins & 1 == 1 { *size } else { -*size };
            coins >>= 1;
        }
        low += u32::from(sum <= seen);
        high += u32::from(sum >= seen);
    }
    [low, high].map(|count| f64::from(count) / f64::from(FLIPS + 1))
}

/// Holm's adjusted chances, in the order given.
fn holm(chances: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..chances.len()).collect();
    order.sort_by(|&i, &j| chances[i].total_cmp(&chances[j]));
    let (mut adjusted, mut most) = (vec![1.0; chances.len()], 0.0_f64);
    for (rank, &at) in order.iter().enumerate() {
        most = most.max(((chances.len() - rank) as f64 * chances[at]).min(1.0));
        adjusted[at] = most;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holm_steps_down() {
        // Worked by hand: sorted 0.01, 0.02, 0.03 times 3, 2, 1, never falling.
        let found = holm(&[0.03, 0.01, 0.02]);
        let wanted = [0.04, 0.03, 0.04];
        assert!(found.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-12), "{found:?}");
        assert!(holm(&[]).is_empty());
        assert_eq!(holm(&[0.7, 0.9]), [1.0, 1.0]);
    }

    #[test]
    fn coins_give_the_binomial_chance() {
        // Ten scenes, all lost: 1 in 1024.
        let [low, high] = chances(&[-1; 10], 7, 0);
        assert!((low - 1.0 / 1024.0).abs() < 0.0008, "{low}");
        assert_eq!(high, 1.0);
        // Scenes on which both agree say nothing.
        assert_eq!(chances(&[0; 50], 7, 0), [1.0, 1.0]);
        let [low, high] = chances(&[1, -1, 0, 2, -2], 7, 1);
        assert!(low > 0.4 && high > 0.4, "{low} {high}");
    }
}
