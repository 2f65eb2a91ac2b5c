//! Measures of a picture: detail, light, one colour, and what repeats in it.

mod colour;
mod spectrum;

use hivis_types::Picture;

pub use colour::one_colour_share;
pub use spectrum::{Grid, LEAST_SIDE, Repeat, Spectrum, spectrum};

/// The side that [`Quality::laplacian`] is measured at, in pixels: the validator's own.
pub const SHARPNESS_SIDE: u32 = 224;
/// Luma below this is dark.
pub const DARK: u8 = 20;
/// Luma above this is bright.
pub const BRIGHT: u8 = 235;

/// What [`quality()`] measures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quality {
    /// [`laplacian_variance`] of the picture squeezed to 224 x 224 by [`resize_bilinear`](crate::resize_bilinear).
    pub laplacian: f64,
    /// Share of the pixels with luma below 20 or above 235.
    pub outside: f64,
    /// Share of the pixels that have about one colour: [`one_colour_share`].
    pub one_colour: f64,
    /// What repeats; `None` below 64 pixels a side.
    pub spectrum: Option<Spectrum>,
}

/// All measures of a picture, each at the size that it is meant for.
pub fn quality(picture: &Picture) -> Quality {
    let grey = grey(picture);
    let outside = grey.iter().filter(|&&luma| !(DARK..=BRIGHT).contains(&luma)).count();
    Quality {
        laplacian: laplacian_variance(&crate::resize_bilinear(picture, SHARPNESS_SIDE, SHARPNESS_SIDE)),
        outside: outside as f64 / grey.len() as f64,
        one_colour: one_colour_share(picture),
        spectrum: spectrum(&grey, picture.width(), picture.height()),
    }
}

/// 8-bit luma, `.299 R + .587 G + .114 B` rounded (OpenCV's 15-bit fixed point), rows from the top.
pub fn grey(picture: &Picture) -> Vec<u8> {
    let luma = |p: &[u8]| (9798 * u32::from(p[0]) + 19235 * u32::from(p[1]) + 3735 * u32::from(p[2]) + (1 << 14)) >> 15;
    picture.rgb().chunks_exact(3).map(|pixel| luma(pixel) as u8).collect()
}

/// Variance of the Laplacian of the grey picture: how much fine detail there is, in squared 8-bit steps.
///
/// Kernel `0 1 0 / 1 -4 1 / 0 1 0`, the border reflected without repeating the edge.
pub fn laplacian_variance(picture: &Picture) -> f64 {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let grey = grey(picture);
    let before = |i: usize, size: usize| if i > 0 { i - 1 } else { 1.min(size - 1) };
    let after = |i: usize, size: usize| if i + 1 < size { i + 1 } else { size.saturating_sub(2) };
    let (mut sum, mut squares) = (0_i64, 0_i64);
    for y in 0..height {
        let row = |y: usize| &grey[y * width..(y + 1) * width];
        let (above, here, below) = (row(before(y, height)), row(y), row(after(y, height)));
        for x in 0..width {
            let around = [above[x], below[x], here[before(x, width)], here[after(x, width)]];
            let edge = around.map(i64::from).iter().sum::<i64>() - 4 * i64::from(here[x]);
            sum += edge;
            squares += edge * edge;
        }
    }
    let n = (width * height) as f64;
    squares as f64 / n - (sum as f64 / n).powi(2)
}
