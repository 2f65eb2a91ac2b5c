//! The validator's augmentation levels, exactly as the reference makes them.
//!
//! [`draw`] makes every random choice of one augmentation and [`apply`] carries it out, so that a choice can be kept,
//! shown and repeated. The recipes and their quirks are in `fixtures/challenge/FACTS.md`: "rotation" takes the nearest
//! pixel, "contrast" only darkens, "JPEG" is no JPEG, and flips never happen.

use hivis_types::{Level, Picture};
use rand::Rng;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution as _, StandardNormal};

mod blocks;
mod blur;
mod colour;
mod crop;
mod distortion;
mod view;

pub use crop::CropBox;
pub use distortion::{Distortion, distort};
pub use view::{resized_crop, rotate};

/// Side of every challenge picture, in pixels.
pub const SIDE: u32 = 224;

/// Every random choice of one augmentation.
#[derive(Clone, Debug, PartialEq)]
pub struct Draw {
    /// The level.
    pub level: Level,
    /// Rotation in degrees, counter-clockwise; 0 at level 0.
    pub angle: f64,
    /// The part that is shown; at level 0 the centre square.
    pub crop: CropBox,
    /// The distortions that are on, in the order of application, each with its 1-based table entry.
    pub distortions: Vec<(Distortion, u8)>,
    /// Seed of the Gaussian noise.
    pub noise_seed: u64,
}

/// Draws a level, each with chance one in four.
pub fn draw_level<R: Rng>(rng: &mut R) -> Level {
    Level::ALL[rng.random_range(0..Level::ALL.len())]
}

/// Draws the choices of a level for a picture of this size, with the validator's distribution.
pub fn draw<R: Rng>(level: Level, width: u32, height: u32, rng: &mut R) -> Draw {
    let (kinds, strongest): (&[Distortion], u8) = match level {
        Level::Zero => {
            let crop = CropBox::centre(width, height);
            return Draw { level, angle: 0.0, crop, distortions: Vec::new(), noise_seed: 0 };
        }
        Level::One => (&[], 0),
        Level::Two => (&Distortion::ALL[..3], 1),
        Level::Three => (&Distortion::ALL, 2),
    };
    Draw {
        level,
        angle: rng.random_range(-20.0..=20.0),
        crop: CropBox::draw(width, height, rng),
        distortions: kinds
            .iter()
            .map(|&kind| (kind, rng.random_range(0..=strongest)))
            .filter(|&(_, entry)| entry > 0)
            .collect(),
        noise_seed: rng.random(),
    }
}

/// Makes the 224 x 224 picture that the validator's JPEG encoder receives.
pub fn apply(picture: &Picture, draw: &Draw) -> Picture {
    let mut rng = ChaCha8Rng::seed_from_u64(draw.noise_seed);
    apply_with_noise(picture, draw, &mut || StandardNormal.sample(&mut rng))
}

/// [`apply`] with the normal deviates from outside, three (Y, Cb, Cr) a pixel in row order.
pub fn apply_with_noise(picture: &Picture, draw: &Draw, noise: &mut dyn FnMut() -> f64) -> Picture {
    if draw.level == Level::Zero {
        let square = CropBox::centre(picture.width(), picture.height()).cut(picture);
        return crate::resize_bilinear(&square, SIDE, SIDE);
    }
    let floats = view::rotated_crop(picture, draw.angle, draw.crop, SIDE);
    // The first distortion, or else the encoder, cuts to 8 bits; after that every value is a multiple of 1/255.
    let rgb = floats.iter().flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).map(|value| (255.0 * value) as u8);
    let mut picture = Picture::new(SIDE, SIDE, rgb.collect()).expect("a square: this is a bug");
    for &(kind, entry) in &draw.distortions {
        picture = distort(&picture, kind, kind.parameter(entry), noise);
    }
    picture
}
