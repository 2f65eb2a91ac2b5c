//! Measures of a picture: detail, light, one colour, and what repeats in it.

mod colour;
mod spectrum;

use hivis_types::Picture;

use crate::resize::squeeze_grey;

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
    /// Variance of the Laplacian of the grey picture squeezed to 224 x 224, with the weights of
    /// [`resize_bilinear`](crate::resize_bilinear): down first, then across.
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
    // A byte counts up to 255: so many pixels fit a register at once.
    let beyond = |luma: &u8| u8::from(*luma < DARK) | u8::from(*luma > BRIGHT);
    let outside: usize = grey.chunks(255).map(|some| usize::from(some.iter().map(beyond).sum::<u8>())).sum();
    Quality {
        laplacian: laplacian(&squeeze_grey(&grey, picture.width(), SHARPNESS_SIDE), SHARPNESS_SIDE as usize),
        outside: outside as f64 / grey.len() as f64,
        one_colour: one_colour_share(picture),
        spectrum: spectrum(&grey, picture.width(), picture.height()),
    }
}

/// 8-bit luma, `.299 R + .587 G + .114 B` rounded (OpenCV's 15-bit fixed point), rows from the top.
pub fn grey(picture: &Picture) -> Vec<u8> {
    pulp::Arch::new().dispatch(Luma(picture.rgb()))
}

/// RGB to luma, where an instruction set is chosen that can part channels.
struct Luma<'a>(&'a [u8]);

impl pulp::WithSimd for Luma<'_> {
    type Output = Vec<u8>;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> Vec<u8> {
        let mut grey = vec![0; self.0.len() / 3];
        for (grey, p) in grey.iter_mut().zip(self.0.as_chunks::<3>().0) {
            let sum = 9798 * u32::from(p[0]) + 19235 * u32::from(p[1]) + 3735 * u32::from(p[2]);
            *grey = ((sum + (1 << 14)) >> 15) as u8;
        }
        grey
    }
}

/// Variance of the Laplacian of the grey picture: how much fine detail there is, in squared 8-bit steps.
///
/// Kernel `0 1 0 / 1 -4 1 / 0 1 0`, the border reflected without repeating the edge.
pub fn laplacian_variance(picture: &Picture) -> f64 {
    laplacian(&grey(picture), picture.width() as usize)
}

fn laplacian(grey: &[u8], width: usize) -> f64 {
    let height = grey.len() / width;
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
