//! Motion blur: light gathered along a short straight line.

use std::sync::LazyLock;

use hivis_types::Picture;
use rand::Rng;

use super::tone::{heading, unit};

/// A plan for motion blur.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MotionBlur {
    /// Length of the way, in units of the picture.
    pub length: f32,
    /// Its direction in columns and rows, of length 1.
    pub direction: (f32, f32),
}

/// Squares of bytes: light, with a gamma of two.
static LIGHT: LazyLock<[u16; 256]> = LazyLock::new(|| std::array::from_fn(|k| (k * k) as u16));

impl MotionBlur {
    pub(super) fn draw<R: Rng>(strength: f32, rng: &mut R) -> Self {
        let length = strength * rng.random_range(0.022..0.034);
        // A car shakes more across than up and down, but any direction comes.
        Self { length, direction: heading(rng.random_range(-0.6..0.6)) }
    }

    /// Weights that sum to 1; what lies outside is the nearest edge.
    pub(super) fn apply(&self, picture: &Picture) -> Picture {
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        // Never longer than the shorter side: there is nothing more to gather, and the padding stays small.
        let length = (unit(picture) * self.length).min(width.min(height) as f32);
        let taps = Taps::new(length, self.direction);
        let (reach, rise) = (taps.reach, taps.rise);
        let stride = 3 * (width + 2 * reach);
        let mut light = Vec::with_capacity(stride * height);
        for row in picture.rgb().chunks_exact(3 * width) {
            let lit = |pixel: &[u8]| [0, 1, 2].map(|c| LIGHT[usize::from(pixel[c])]);
            light.extend(std::iter::repeat_n(lit(&row[..3]), reach).flatten());
            light.extend(row.iter().map(|&value| LIGHT[usize::from(value)]));
            light.extend(std::iter::repeat_n(lit(&row[3 * width - 3..]), reach).flatten());
        }
        let mut rgb = vec![0; 3 * width * height];
        let mut sums = vec![0.0_f32; 3 * width];
        for (y, row) in rgb.chunks_exact_mut(3 * width).enumerate() {
            sums.fill(0.0);
            for &(dx, dy, weight) in &taps.weights {
                let from = (y + dy).saturating_sub(rise).min(height - 1);
                for (sum, &value) in sums.iter_mut().zip(&light[stride * from + 3 * dx..]) {
                    *sum += weight * f32::from(value);
                }
            }
            for (value, &sum) in row.iter_mut().zip(&sums) {
                *value = (sum.sqrt() + 0.5) as u8;
            }
        }
        Picture::new(picture.width(), picture.height(), rgb).expect("the same size: this is a bug")
    }
}

/// A line as weights of pixels.
struct Taps {
    /// Columns and rows on each side of the middle.
    reach: usize,
    rise: usize,
    /// (column + reach, row + rise, weight) without zeros.
    weights: Vec<(usize, usize, f32)>,
}

impl Taps {
    /// Four points a pixel, each shared among the four pixels around it.
    fn new(length: f32, (across, down): (f32, f32)) -> Self {
        let half = 0.5 * length.max(0.0);
        let (reach, rise) = ((half * across.abs()) as usize + 1, (half * down.abs()) as usize + 1);
        let columns = 2 * reach + 2;
        let mut weights = vec![0.0_f32; columns * (2 * rise + 2)];
        let points = (4.0 * length) as usize + 1;
        let per = 1.0 / points as f32;
        for n in 0..points {
            let at = if points == 1 { 0.0 } else { half * (2.0 * n as f32 / (points - 1) as f32 - 1.0) };
            let (x, y) = (at * across + reach as f32, at * down + rise as f32);
            let (left, top) = (x.floor(), y.floor());
            for (dx, share_x) in [(0, 1.0 - (x - left)), (1, x - left)] {
                for (dy, share_y) in [(0, 1.0 - (y - top)), (1, y - top)] {
                    weights[(top as usize + dy) * columns + left as usize + dx] += per * share_x * share_y;
                }
            }
        }
        let weights = weights.iter().enumerate().filter(|&(_, &weight)| weight > 0.0);
        Self { reach, rise, weights: weights.map(|(i, &weight)| (i % columns, i / columns, weight)).collect() }
    }
}
