//! Scores to the 16-bit weights that a validator writes to the chain, as `natix/base/utils/weight_utils.py` does it.

use serde::{Deserialize, Serialize};

/// Largest weight on the chain.
const FULL: f64 = 65_535.0;
/// The reference's guard against division by zero.
const EPSILON: f32 = 1e-7;

/// The chain's hyperparameters for weights.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct WeightLimits {
    /// With fewer miners above zero, or fewer UIDs in all, everything goes to UID 0.
    pub min_allowed: usize,
    /// No normalised weight may be larger; 1 means no limit.
    pub max_share: f64,
}

impl Default for WeightLimits {
    fn default() -> Self {
        Self { min_allowed: 1, max_share: 1.0 }
    }
}

/// One weight as it is emitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weight {
    /// The miner.
    pub uid: u16,
    /// Its weight, 65535 for the best; never 0.
    pub weight: u16,
}

/// The weights that are emitted for `scores` (index = UID). `single` says that the scores are `f32` values, which the
/// norm is then rounded to; see [`crate::MovingAverage::is_single`].
pub fn emit(scores: &[f64], single: bool, limits: &WeightLimits) -> Vec<Weight> {
    let norm: f64 = scores.iter().map(|s| s.abs()).sum();
    let norm = if norm == 0.0 || norm.is_nan() { 1.0 } else { norm };
    let raw = |s: f64| if single { s as f32 / norm as f32 } else { (s / norm) as f32 };
    let kept: Vec<(u16, f32)> =
        scores.iter().enumerate().map(|(uid, &s)| (uid as u16, raw(s))).filter(|(_, w)| *w > 0.0).collect();
    if kept.is_empty() || kept.len() < limits.min_allowed || scores.len() < limits.min_allowed {
        return vec![Weight { uid: 0, weight: u16::MAX }];
    }
    let weights = limited(&kept.iter().map(|(_, w)| *w).collect::<Vec<_>>(), limits.max_share as f32);
    let most = weights.iter().copied().fold(0.0_f32, f32::max);
    kept.iter()
        .zip(weights)
        .map(|((uid, _), w)| Weight {
            uid: *uid,
            weight: (f64::from(w) / f64::from(most) * FULL).round_ties_even() as u16,
        })
        .filter(|w| w.weight != 0)
        .collect()
}

/// Normalises to a sum of 1 with no value above `limit`; all equal when the limit leaves no other way.
fn limited(weights: &[f32], limit: f32) -> Vec<f32> {
    let sum = total(weights);
    if sum == 0.0 || weights.len() as f32 * limit <= 1.0 {
        return vec![1.0 / weights.len() as f32; weights.len()];
    }
    let mut sorted = weights.to_vec();
    sorted.sort_by(f32::total_cmp);
    let shares: Vec<f32> = sorted.iter().map(|w| w / sum).collect();
    if shares.iter().all(|&s| s <= limit) {
        return weights.iter().map(|w| w / sum).collect();
    }
    // How many of the smallest would stay below the limit if all above them were cut down to the same height.
    let mut running = Vec::with_capacity(shares.len());
    let mut below = 0usize;
    for (i, &share) in shares.iter().enumerate() {
        running.push(running.last().copied().unwrap_or(0.0) + share);
        let above = (shares.len() - i - 1) as f32 * share;
        below += usize::from(share / (above + running[i] + EPSILON) < limit);
    }
    // NumPy's index -1 when none is below.
    let last = if below == 0 { shares.len() - 1 } else { below - 1 };
    let scale = (limit * running[last] - EPSILON) / (1.0 - limit * (shares.len() - below) as f32);
    let cutoff = scale * sum;
    let cut: Vec<f32> = weights.iter().map(|&w| w.min(cutoff)).collect();
    let sum = total(&cut);
    cut.iter().map(|w| w / sum).collect()
}

/// Summed wide, rounded once: as near to NumPy's pairwise sum as another order can be.
fn total(values: &[f32]) -> f32 {
    values.iter().map(|&v| f64::from(v)).sum::<f64>() as f32
}
