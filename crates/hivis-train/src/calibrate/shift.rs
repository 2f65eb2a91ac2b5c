//! The threshold that pays most: where between two logits the answer should turn, by the validator's reward.
//!
//! The reward of a long window is (0.5 x MCC + 0.5 x accuracy)^3, with both labels asked evenly whatever their share in the
//! rows. A threshold fitted on some hundred scenes is mostly luck, so it is only used when it earns more than 0.5 on
//! scenes that it was not fitted on: scenes are drawn with replacement, a threshold is chosen on those drawn and judged on
//! those left out.

use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::draws::{Purpose, stream};

/// Resamplings of the scenes.
const RESAMPLES: u64 = 500;
/// Share of them that must gain.
const LEVEL: f64 = 0.90;
/// No threshold lies further from 0 than this, in calibrated logits (0.5 becomes at most 0.88).
const FURTHEST: f64 = 2.0;

/// The best threshold, and whether it is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Shift {
    /// The threshold, in calibrated logits; 0 is the 0.5 of the probabilities.
    pub threshold: f64,
    /// What it gains in reward on the rows that it was chosen on.
    pub gain: f64,
    /// Share of the resamplings in which a threshold chosen on the scenes drawn gains on those left out.
    pub gains: f64,
    /// Whether that share is enough: then the last node is moved by `-threshold`.
    pub used: bool,
}

/// Rows in the order of their logits.
struct Sorted {
    logits: Vec<f64>,
    scenes: Vec<usize>,
    truths: Vec<bool>,
}

/// Looks for the threshold on rows of calibrated logit, truth (true: roadwork) and scene (a number below `scenes`).
pub fn shift(rows: &[(f32, bool, usize)], scenes: usize, seed: u64) -> Shift {
    let mut rows: Vec<(f64, bool, usize)> =
        rows.iter().map(|&(x, truth, scene)| (f64::from(x), truth, scene)).collect();
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let rows = Sorted {
        logits: rows.iter().map(|r| r.0).collect(),
        truths: rows.iter().map(|r| r.1).collect(),
        scenes: rows.iter().map(|r| r.2).collect(),
    };
    let all = vec![1.0; scenes];
    let (threshold, best) = rows.best(&all);
    let gain = best - rows.reward(&all, 0.0);
    let mut gained = 0;
    for resample in 0..RESAMPLES {
        let mut rng = stream(seed, Purpose::Calibration, resample, 0);
        let mut drawn = vec![0.0; scenes];
        for _ in 0..scenes {
            drawn[rng.random_range(0..scenes)] += 1.0;
        }
        let left: Vec<f64> = drawn.iter().map(|n| f64::from(*n == 0.0)).collect();
        let (chosen, _) = rows.best(&drawn);
        gained += u64::from(rows.reward(&left, chosen) > rows.reward(&left, 0.0));
    }
    let gains = gained as f64 / RESAMPLES as f64;
    Shift { threshold, gain, gains, used: gains >= LEVEL && gain > 0.0 }
}

impl Sorted {
    /// Sums of the weights of clear and of roadwork.
    fn totals(&self, weights: &[f64]) -> [f64; 2] {
        let mut totals = [0.0; 2];
        for (scene, truth) in self.scenes.iter().zip(&self.truths) {
            totals[usize::from(*truth)] += weights[*scene];
        }
        totals
    }

    /// The reward at a threshold: what lies above it is called roadwork.
    fn reward(&self, weights: &[f64], threshold: f64) -> f64 {
        let totals = self.totals(weights);
        let below = self.logits.partition_point(|x| *x <= threshold);
        let mut under = [0.0; 2];
        for at in 0..below {
            under[usize::from(self.truths[at])] += weights[self.scenes[at]];
        }
        reward(under, totals)
    }

    /// The threshold with the highest reward, nearest to 0 among equals, midway between two logits; and that reward.
    fn best(&self, weights: &[f64]) -> (f64, f64) {
        let totals = self.totals(weights);
        let mut best = (0.0_f64, self.reward(weights, 0.0));
        let mut under = [0.0; 2];
        for at in 0..self.logits.len().saturating_sub(1) {
            under[usize::from(self.truths[at])] += weights[self.scenes[at]];
            let threshold = f64::midpoint(self.logits[at], self.logits[at + 1]);
            if self.logits[at] == self.logits[at + 1] || threshold.abs() > FURTHEST {
                continue;
            }
            let found = reward(under, totals);
            let nearer = found == best.1 && threshold.abs() < best.0.abs();
            if found > best.1 + 1e-12 || nearer {
                best = (threshold, found);
            }
        }
        best
    }
}

/// The reward with both labels even, of the weights below the threshold and in all; 0 when a label is missing.
fn reward(under: [f64; 2], totals: [f64; 2]) -> f64 {
    if totals.contains(&0.0) {
        return 0.0;
    }
    let (clear_right, roadwork_missed) = (under[0] / totals[0], under[1] / totals[1]);
    let (found, false_alarm) = (1.0 - roadwork_missed, 1.0 - clear_right);
    let spread = ((found + false_alarm) * (clear_right + roadwork_missed)).sqrt();
    let mcc = if spread > 0.0 { (found + clear_right - 1.0) / spread } else { 0.0 };
    let accuracy = f64::midpoint(found, clear_right);
    (0.5 * mcc + 0.5 * accuracy).max(0.0).powi(3)
}
