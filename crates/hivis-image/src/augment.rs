//! The validator's augmentation levels.

use hivis_types::{Level, Picture};
use rand::Rng;

/// A square box of a picture, in pixels; it may reach outside, where pictures are black.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CropBox {
    /// Row of the upper edge.
    pub top: i32,
    /// Column of the left edge.
    pub left: i32,
    /// Length of each side, at least 1.
    pub side: u32,
}

/// The distortions of levels 2 and 3, in the order in which they are applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Distortion {
    /// "CS": colour saturation in `YCbCr`.
    Saturation,
    /// "CC": contrast, a plain darkening.
    Contrast,
    /// "JPEG": no JPEG, a bilinear shrink and growth.
    Blocks,
    /// "GNC": Gaussian noise in `YCbCr`.
    Noise,
    /// "GB": Gaussian blur.
    Blur,
}

/// Every random choice of one augmentation.
#[derive(Clone, Debug, PartialEq)]
pub struct Draw {
    /// The level.
    pub level: Level,
    /// Rotation in degrees, counter-clockwise; 0 at level 0.
    pub angle: f64,
    /// The part that is shown; at level 0 the centre square.
    pub crop: CropBox,
    /// The distortions that are on, each with its 1-based table entry.
    pub distortions: Vec<(Distortion, u8)>,
    /// Seed of the Gaussian noise.
    pub noise_seed: u64,
}

/// Draws a level, each with chance one in four.
pub fn draw_level<R: Rng>(rng: &mut R) -> Level {
    Level::ALL[rng.random_range(0..4)]
}

/// Draws the choices of a level for a picture of this size as the validator does.
pub fn draw<R: Rng>(level: Level, width: u32, height: u32, rng: &mut R) -> Draw {
    let _ = (level, width, height, rng);
    todo!()
}

/// Makes the 224 x 224 picture that the validator's JPEG encoder receives.
pub fn apply(picture: &Picture, draw: &Draw) -> Picture {
    let _ = (picture, draw);
    todo!()
}
