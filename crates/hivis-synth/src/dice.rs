//! Seeded draws with the few shapes that scenes need.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A seeded source of draws.
pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    /// Dice for one purpose: `stream` keeps the draws of different purposes apart.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Self(rng)
    }

    /// Uniform in `low..high`.
    pub(crate) fn range(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.0.random::<f32>()
    }

    /// Uniform in `low..=high`.
    pub(crate) fn count(&mut self, low: usize, high: usize) -> usize {
        self.0.random_range(low as u32..=high as u32) as usize
    }

    /// True with this probability.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.0.random::<f64>() < probability
    }

    /// -1 or 1.
    pub(crate) fn sign(&mut self) -> f32 {
        if self.chance(0.5) { 1.0 } else { -1.0 }
    }

    /// One of them.
    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.0.random_range(0..from.len() as u32) as usize]
    }

    /// The position of one weight, drawn in proportion.
    pub(crate) fn weighted<T: Copy>(&mut self, from: &[(T, f32)]) -> T {
        let total: f32 = from.iter().map(|(_, weight)| weight).sum();
        let mut left = self.range(0.0, total);
        for &(item, weight) in from {
            if left < weight {
                return item;
            }
            left -= weight;
        }
        from[from.len() - 1].0
    }

    /// Any 64 bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0.random()
    }
}
