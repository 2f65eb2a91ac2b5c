//! What falls before the lens: layers of soft streaks, from far and fine to near and blurred.

use hivis_types::Picture;
use rand::{Rng, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::tone::unit;

/// Streaks of one distance; lengths in units of the picture.
pub(super) struct Layer {
    /// How many; of a last part of one, that much is seen.
    pub(super) count: f32,
    /// Mean length of the way during one exposure.
    pub(super) length: f32,
    /// Mean radius.
    pub(super) radius: f32,
    /// Share of the radius over which the edge is out of focus.
    pub(super) soft: f32,
    /// Highest share of what lies behind that is hidden.
    pub(super) opacity: f32,
}

/// How much of each pixel is hidden, 0..1, rows from the top.
///
/// All fall `slope` pixels to the right for each pixel down, give or take `gusts`; both at most about 1.
pub(super) fn mask(picture: &Picture, layers: &[Layer], (slope, gusts): (f32, f32), seed: u64) -> Vec<f32> {
    let unit = unit(picture);
    let size = (picture.width() as usize, picture.height() as usize);
    let mut mask = vec![0.0; size.0 * size.1];
    for (n, layer) in (0_u64..).zip(layers) {
        // Its own generator, so that more of one layer moves no other.
        let mut rng = ChaCha8Rng::seed_from_u64(seed.wrapping_add(n));
        let mut left = layer.count;
        while left > 0.0 {
            let length = unit * layer.length * rng.random_range(0.5..1.5);
            let radius = unit * layer.radius * rng.random_range(0.6..1.4);
            let slope = slope + gusts * rng.random_range(-1.0..1.0_f32);
            let opacity = layer.opacity * rng.random_range(0.4..1.0) * left.min(1.0);
            let down = length / (1.0 + slope * slope).sqrt();
            let streak = Streak {
                x: rng.random_range(0.0..1.0) * size.0 as f32 - 0.5 * slope * down,
                y: rng.random_range(0.0..1.0) * size.1 as f32 - 0.5 * down,
                slope,
                down,
                // Thinner than a pixel is fainter instead.
                radius: radius.max(0.5),
                edge: (2.0 * layer.soft * radius).max(1.0),
                opacity: opacity * (radius / 0.5).min(1.0),
            };
            streak.add_to(&mut mask, size);
            left -= 1.0;
        }
    }
    mask
}

/// One streak in pixels: a round brush led from (x, y) down by `down` and aside by `slope * down`.
struct Streak {
    x: f32,
    y: f32,
    slope: f32,
    down: f32,
    radius: f32,
    /// Over how many pixels the rim fades.
    edge: f32,
    opacity: f32,
}

impl Streak {
    fn add_to(&self, mask: &mut [f32], (width, height): (usize, usize)) {
        let reach = self.radius + 0.5 * self.edge;
        let aside = reach * (1.0 + self.slope * self.slope).sqrt() + 1.0;
        let clip = |at: f32, size: usize| at.clamp(0.0, size as f32) as usize;
        let per = 1.0 / (self.down * self.down * (1.0 + self.slope * self.slope)).max(1e-6);
        let long = self.down > 4.0 * self.radius;
        for row in clip(self.y - reach, height)..clip(self.y + self.down + reach + 1.0, height) {
            let dy = row as f32 + 0.5 - self.y;
            let middle = self.x + self.slope * dy;
            for column in clip(middle - aside, width)..clip(middle + aside + 1.0, width) {
                let dx = column as f32 + 0.5 - self.x;
                let along = ((dx * self.slope + dy) * self.down * per).clamp(0.0, 1.0);
                let (ox, oy) = (dx - along * self.slope * self.down, dy - along * self.down);
                let inside = ((reach - (ox * ox + oy * oy).sqrt()) / self.edge).clamp(0.0, 1.0);
                // A drop enters and leaves its streak during the exposure: the ends are fainter.
                let ends = if long { 0.25 + 3.0 * along * (1.0 - along) } else { 1.0 };
                let at = &mut mask[row * width + column];
                *at += self.opacity * inside * ends * (1.0 - *at);
            }
        }
    }
}
