//! Night: dark and blue with head lamps on the road, sensor noise, and glow around what shines.

use hivis_types::Picture;
use rand::Rng;

use super::coarse::Coarse;
use super::field::Field;
use super::tone::{Rgb, each, luma, mix, ramp, unit};
use super::veil::draw_horizon;

/// Mean light at strength 1, before head lamps: cameras expose a dim day longer.
const LEFT: f32 = 0.032;

/// A plan for night.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Night {
    /// How dark, 0 to 1.
    pub strength: f32,
    /// Where the horizon lies, as a share of the height.
    pub horizon: f32,
    /// Seed of the noise.
    pub seed: u64,
}

impl Night {
    pub(super) fn draw<R: Rng>(strength: f32, rng: &mut R) -> Self {
        Self { strength, horizon: draw_horizon(rng), seed: rng.random() }
    }

    pub(super) fn apply(&self, picture: &Picture) -> Picture {
        let (s, unit) = (self.strength, unit(picture));
        let (per_column, per_row) = (1.0 / picture.width() as f32, 1.0 / picture.height() as f32);
        let around = Coarse::new(picture, |_, _, rgb| light(rgb)).blurred(0.05 * unit);
        let glow = Coarse::new(picture, |x, y, rgb| {
            let light = light(rgb);
            let share = shining(light, luma(around.at(x as f32 + 0.5, y as f32 + 0.5)));
            light.map(|value| value * share)
        });
        let glow = glow.blurred(0.022 * unit);
        let grain = Field(self.seed);
        let left = (LEFT / around.mean_luma().max(1e-3)).clamp(0.08, 0.4);
        let left = left + (1.0 - left) * (1.0 - s) * (1.0 - s);
        let width = picture.width() as usize;
        each(picture, |x, y, rgb| {
            let (column, row) = ((x as f32 + 0.5) * per_column, (y as f32 + 0.5) * per_row);
            let (px, py) = (x as f32 + 0.5, y as f32 + 0.5);
            let day = light(rgb);
            let shines = shining(day, luma(around.at(px, py)));
            // The pool of the head lamps: widest just before the bonnet, gone above the horizon.
            let (aside, ahead) = ((column - 0.5) / 0.42, (row - 0.68) / 0.33);
            let pool = 1.0 / (1.0 + aside * aside + ahead * ahead);
            let lamps = 0.34 * s * pool * pool * ramp(self.horizon - 0.32, self.horizon + 0.18, row);
            // A bright sky was the lamp of the day; what is warm (signs, barriers) is none.
            let sky = (1.0 - ramp(self.horizon - 0.06, self.horizon + 0.04, row))
                * ramp(0.35, 0.65, luma(rgb))
                * (1.0 - ramp(0.1, 0.3, rgb[0] - rgb[2]));
            let dark = left * (1.0 - 0.6 * s * sky * (1.0 - shines));
            // Eyes and sensors see less colour in the dark, and what is left is bluish.
            let dim = mix(day, [luma(day); 3], 0.45 * s);
            let shade = mix([1.0; 3], [0.72, 0.92, 1.3], s);
            let spot = 0.55 * s * shines;
            let halo = glow.at(px, py);
            let noise = grain.grains((y * width + x) as u64);
            std::array::from_fn(|c| {
                let warm = [1.12, 1.0, 0.8][c];
                let lit = dim[c] * dark * shade[c] + day[c] * (lamps * warm + spot) + 0.6 * s * halo[c];
                let clean = lit.max(0.0).sqrt();
                // Noise of amplified sensors, strongest in the shadows.
                clean + s * (0.034 - 0.018 * clean.min(1.0)) * noise[c]
            })
        })
    }
}

/// Displayed to light, with a gamma of two: its way back is a square root, which is exact everywhere.
fn light(rgb: Rgb) -> Rgb {
    rgb.map(|value| value * value)
}

/// How much a pixel is a lamp or reflects like one: bright where the surroundings are dark.
fn shining(light: Rgb, around: f32) -> f32 {
    ramp(0.2, 0.55, luma(light) - around) * (1.0 - ramp(0.1, 0.34, around))
}
