//! Fog: a veil that grows towards the horizon.

use hivis_types::Picture;
use rand::Rng;

use super::field::Field;
use super::tone::{each, luma, mix};
use super::veil::{Veil, draw_horizon};

/// A plan for fog.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fog {
    /// Optical depth at the horizon, 0 to 1.4: exp(-1.4) of what is there comes through.
    pub density: f32,
    /// Where the horizon lies, as a share of the height.
    pub horizon: f32,
    /// Seed of the banks.
    pub seed: u64,
}

impl Fog {
    pub(super) fn draw<R: Rng>(strength: f32, rng: &mut R) -> Self {
        Self { density: strength * rng.random_range(1.15..1.4), horizon: draw_horizon(rng), seed: rng.random() }
    }

    pub(super) fn apply(&self, picture: &Picture) -> Picture {
        let banks = Field(self.seed);
        let veil = Veil::new(picture, self.density, self.horizon, Some(&banks));
        // Light that was scattered on the way has lost some colour, near things too.
        let pale = 0.2 * self.density;
        each(picture, |x, y, rgb| veil.over(x, y, mix(rgb, [luma(rgb); 3], pale)))
    }
}
