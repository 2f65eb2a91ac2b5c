//! The light of the air: what is far fades into it.

use hivis_types::Picture;
use rand::Rng;

use super::field::Field;
use super::tone::{Rgb, colour, fading, luma, mix, unit};

/// Where the horizon of road pictures lies, as a share of the height.
pub(super) fn draw_horizon<R: Rng>(rng: &mut R) -> f32 {
    rng.random_range(0.38..0.48)
}

/// How far the things of a row are, 1 on the horizon: a level road below it, ever nearer tree tops and gantries above.
///
/// On level ground distance is one over the angle below the horizon; the constant keeps it finite.
fn distance(row: f32, horizon: f32) -> f32 {
    if row > horizon {
        let below = (row - horizon) / (1.0 - horizon);
        0.16 / (0.16 + below)
    } else {
        1.0 - 0.3 * (horizon - row) / horizon
    }
}

/// Haze over a picture.
pub(super) struct Veil<'a> {
    airlight: Rgb,
    /// Transmission of each row before patches, as optical depth.
    depths: Vec<f32>,
    patches: Option<&'a Field>,
    pitch: f32,
}

impl<'a> Veil<'a> {
    /// Haze of optical depth `density` at the horizon, even or in patches.
    pub(super) fn new(picture: &Picture, density: f32, horizon: f32, patches: Option<&'a Field>) -> Self {
        let height = picture.height();
        let depths = (0..height).map(|y| density * distance((y as f32 + 0.5) / height as f32, horizon)).collect();
        Self { airlight: airlight(picture), depths, patches, pitch: 3.0 / unit(picture) }
    }

    /// The colour of the air.
    pub(super) fn airlight(&self) -> Rgb {
        self.airlight
    }

    /// The law of Koschmieder: what comes through, and the air's own light for what does not.
    pub(super) fn over(&self, x: usize, y: usize, rgb: Rgb) -> Rgb {
        let patch = self.patches.map_or(1.0, |field| {
            // Banks of fog lie flat.
            0.8 + 0.4 * field.patches(x as f32 * self.pitch, 2.5 * y as f32 * self.pitch)
        });
        mix(self.airlight, rgb, fading(self.depths[y] * patch))
    }
}

/// The picture's own bright sky without most of its colour: grey by day, dark by night.
fn airlight(picture: &Picture) -> Rgb {
    let upper = picture.width() as usize * (picture.height() as usize).div_ceil(2);
    let mut counts = [0_usize; 256];
    for pixel in picture.rgb().chunks_exact(3).take(upper) {
        counts[(luma(colour(pixel)) * 255.0) as usize & 255] += 1;
    }
    // The brightness that four in five do not reach, so that lamps do not count.
    let mut left = upper / 5;
    let bright = counts.iter().rposition(|&count| {
        let found = count > left;
        left = left.saturating_sub(count);
        found
    });
    let bright = (0.1 + 0.9 * bright.unwrap_or(0) as f32 / 255.0).clamp(0.2, 0.86);
    [0.98, 1.0, 1.02].map(|tint| tint * bright)
}
