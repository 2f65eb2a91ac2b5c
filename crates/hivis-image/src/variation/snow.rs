//! Snow: flakes of several sizes, haze, and pale ground.

use hivis_types::Picture;
use rand::Rng;

use super::falling::{Layer, mask};
use super::field::Field;
use super::tone::{chroma, each, luma, mix, ramp, unit};
use super::veil::{Veil, draw_horizon};

/// A plan for snow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Snow {
    /// How hard it snows, 0 to 1.
    pub strength: f32,
    /// Pixels to the right for each pixel down.
    pub wind: f32,
    /// Where the horizon lies, as a share of the height.
    pub horizon: f32,
    /// Seed of flakes and patches.
    pub seed: u64,
}

impl Snow {
    pub(super) fn draw<R: Rng>(strength: f32, rng: &mut R) -> Self {
        Self { strength, wind: rng.random_range(-0.8..0.8), horizon: draw_horizon(rng), seed: rng.random() }
    }

    pub(super) fn apply(&self, picture: &Picture) -> Picture {
        let s = self.strength;
        let layers = [
            Layer { count: 1100.0 * s, length: 0.004, radius: 0.0014, soft: 0.5, opacity: 0.8 },
            Layer { count: 280.0 * s, length: 0.01, radius: 0.0028, soft: 0.6, opacity: 0.85 },
            Layer { count: 50.0 * s, length: 0.022, radius: 0.0055, soft: 0.9, opacity: 0.75 },
            Layer { count: 8.0 * s, length: 0.03, radius: 0.013, soft: 1.0, opacity: 0.45 },
        ];
        let flakes = mask(picture, &layers, (self.wind, 0.2), self.seed);
        let veil = Veil::new(picture, 0.6 * s, self.horizon, None);
        // White in the light that there is: by night snow is no lamp.
        let white = veil.airlight().map(|value| (value * 1.1 + 0.06).min(0.97));
        let patches = Field(self.seed);
        let (width, pitch) = (picture.width() as usize, 9.0 / unit(picture));
        let rows = 1.0 / picture.height() as f32;
        each(picture, |x, y, rgb| {
            // It lies on grey and green ground; what is colourful (cones, barriers, coats, signs) stands up and stays free.
            let ground = ramp(self.horizon, self.horizon + 0.25, y as f32 * rows);
            let mut lies = 0.0;
            if ground > 0.0 {
                let grey = 1.0 - ramp(0.2, 0.5, chroma(rgb));
                let lit = ramp(0.08, 0.4, luma(rgb));
                let patch = 0.55 + 0.45 * patches.patches(x as f32 * pitch, 3.0 * y as f32 * pitch);
                lies = 0.65 * s * ground * grey * lit * patch;
            }
            let pale = mix(mix(rgb, [luma(rgb); 3], 0.25 * s), white, lies);
            mix(veil.over(x, y, pale), white, flakes[y * width + x])
        })
    }
}
