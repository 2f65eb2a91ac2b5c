//! The five distortions of levels 2 and 3 and their table.

use hivis_types::Picture;

use super::{blocks, blur, colour};

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

impl Distortion {
    /// All five, in order; level 2 uses the first three.
    pub const ALL: [Self; 5] = [Self::Saturation, Self::Contrast, Self::Blocks, Self::Noise, Self::Blur];

    /// The reference's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Saturation => "CS",
            Self::Contrast => "CC",
            Self::Blocks => "JPEG",
            Self::Noise => "GNC",
            Self::Blur => "GB",
        }
    }

    /// The parameter at a 1-based table entry, 1 to 5 from weak to strong; entries beyond count as the nearest.
    pub fn parameter(self, entry: u8) -> f64 {
        let table = match self {
            Self::Saturation => [0.4, 0.3, 0.2, 0.1, 0.0],
            Self::Contrast => [0.85, 0.725, 0.6, 0.475, 0.35],
            Self::Blocks => [2.0, 3.0, 4.0, 5.0, 6.0],
            Self::Noise => [0.001, 0.002, 0.005, 0.01, 0.05],
            Self::Blur => [7.0, 9.0, 13.0, 17.0, 21.0],
        };
        table[usize::from(entry.clamp(1, 5)) - 1]
    }
}

/// Distorts with any parameter, on the table or off it.
///
/// The parameter is a factor (CS, CC), a shrink (JPEG), a variance (GNC) or an odd kernel size (GB). `noise` gives
/// normal deviates, three (Y, Cb, Cr) a pixel in row order; only GNC asks for them.
pub fn distort(picture: &Picture, kind: Distortion, parameter: f64, noise: &mut dyn FnMut() -> f64) -> Picture {
    match kind {
        Distortion::Saturation => colour::saturation(picture, parameter as f32),
        Distortion::Contrast => colour::contrast(picture, parameter as f32),
        Distortion::Blocks => blocks::blocks(picture, parameter as u32),
        Distortion::Noise => colour::noise(picture, parameter, noise),
        Distortion::Blur => blur::blur(picture, parameter as usize),
    }
}
