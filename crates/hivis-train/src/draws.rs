//! Our own counter-based randomness.
//!
//! Every draw is a function of (seed, purpose, epoch, step): a run that is resumed, or one that renders on another
//! thread, draws the same numbers. burn's process-wide generator is never used.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What a stream of numbers is for; two purposes never share numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Initial weights.
    Weights = 1,
    /// Which scenes are seen, and how.
    Views = 2,
    /// The order of an epoch.
    Order = 3,
    /// Dropout masks.
    Dropout = 4,
    /// Augmentation draws of pictures whose features are cached.
    Augmentation = 5,
    /// Scenes of an evaluation.
    Evaluation = 6,
    /// Settings of a sweep.
    Sweep = 7,
    /// Resampling of a calibration.
    Calibration = 8,
}

/// The stream of one (seed, purpose, epoch, step).
pub fn stream(seed: u64, purpose: Purpose, epoch: u64, step: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&(purpose as u64).to_le_bytes());
    key[16..24].copy_from_slice(&epoch.to_le_bytes());
    key[24..].copy_from_slice(&step.to_le_bytes());
    ChaCha8Rng::from_seed(key)
}

/// One number from the normal distribution of mean 0 and deviation 1 (Box and Muller), cut at two deviations.
pub fn truncated_normal<R: Rng>(rng: &mut R) -> f32 {
    loop {
        let radius = (-2.0 * (1.0 - rng.random::<f32>()).ln()).sqrt();
        let value = radius * (std::f32::consts::TAU * rng.random::<f32>()).cos();
        if value.abs() <= 2.0 {
            return value;
        }
    }
}

/// The order of `count` things (Fisher and Yates).
pub fn order<R: Rng>(count: usize, rng: &mut R) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    for last in (1..count).rev() {
        order.swap(last, rng.random_range(0..=last));
    }
    order
}
