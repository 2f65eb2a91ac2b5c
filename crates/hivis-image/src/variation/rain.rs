//! Rain: streaks along one wind, haze, less contrast and colour.

use hivis_types::Picture;
use rand::Rng;

use super::falling::{Layer, mask};
use super::tone::{each, luma, mix};
use super::veil::{Veil, draw_horizon};

/// A plan for rain.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rain {
    /// How hard it rains, 0 to 1.
    pub strength: f32,
    /// Pixels to the right for each pixel down.
    pub wind: f32,
    /// Where the horizon lies, as a share of the height.
    pub horizon: f32,
    /// Seed of the drops.
    pub seed: u64,
}

impl Rain {
    pub(super) fn draw<R: Rng>(strength: f32, rng: &mut R) -> Self {
        Self { strength, wind: rng.random_range(-0.4..0.4), horizon: draw_horizon(rng), seed: rng.random() }
    }

    pub(super) fn apply(&self, picture: &Picture) -> Picture {
        let s = self.strength;
        let layers = [
            Layer { count: 900.0 * s, length: 0.035, radius: 0.0008, soft: 0.0, opacity: 0.4 },
            Layer { count: 260.0 * s, length: 0.075, radius: 0.0012, soft: 0.5, opacity: 0.4 },
            Layer { count: 40.0 * s, length: 0.16, radius: 0.0026, soft: 1.0, opacity: 0.3 },
        ];
        let drops = mask(picture, &layers, (self.wind, 0.02), self.seed);
        let veil = Veil::new(picture, 0.45 * s, self.horizon, None);
        let air = veil.airlight();
        let bright = air.map(|value| value * 1.1);
        let width = picture.width() as usize;
        each(picture, |x, y, rgb| {
            // Clouds: darker, greyer and flatter, towards the middle grey of an overcast day.
            let dull = mix(rgb, [luma(rgb); 3], 0.25 * s).map(|value| value * (1.0 - 0.2 * s));
            let flat = mix(dull, air.map(|value| value * 0.5), 0.12 * s);
            mix(veil.over(x, y, flat), bright, drops[y * width + x])
        })
    }
}
