//! Rotation, crop and f32 resize: what levels 1 to 3 show of a picture.
//!
//! One pass: each row of the crop is gathered from the unrotated picture and shrunk at once, so that neither the
//! rotated canvas nor the full-size crop ever exists.

use std::sync::LazyLock;

use hivis_types::Picture;

use pulp::{Simd, WithSimd};

use super::CropBox;
use crate::taps::Taps;

/// A pixel in 0..1; the fourth value is padding, so that one pixel is one vector register.
pub(super) type Pixel = [f32; 4];

/// k / 255 in f32.
static UNIT: LazyLock<[f32; 256]> = LazyLock::new(|| std::array::from_fn(|k| k as f32 / 255.0));

/// Rotates by `angle` degrees counter-clockwise on the same canvas: the nearest pixel, outside black.
pub fn rotate(picture: &Picture, angle: f64) -> Picture {
    let turn = Turn::new(picture, angle);
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let mut rgb = vec![0; 3 * width * height];
    for (y, row) in rgb.chunks_exact_mut(3 * width).enumerate() {
        for (x, pixel) in row.chunks_exact_mut(3).enumerate() {
            if let Some(at) = turn.source(x as i64, y as i64) {
                pixel.copy_from_slice(&picture.rgb()[at..at + 3]);
            }
        }
    }
    Picture::new(picture.width(), picture.height(), rgb).expect("the same size: this is a bug")
}

/// Shows `crop` at `size` x `size` in f32, 0..1, `[size, size, 3]`: antialiased bilinear as PyTorch does it.
pub fn resized_crop(picture: &Picture, crop: CropBox, size: u32) -> Vec<f32> {
    rotated_crop(picture, 0.0, crop, size).iter().flat_map(|&[r, g, b, _]| [r, g, b]).collect()
}

/// [`rotate`], then [`resized_crop`].
pub(super) fn rotated_crop(picture: &Picture, angle: f64, crop: CropBox, size: u32) -> Vec<Pixel> {
    let shrink = Shrink { picture, turn: Turn::new(picture, angle), crop, size: size as usize };
    pulp::Arch::new().dispatch(shrink)
}

/// The gathering and both passes, compiled once for each instruction set: without a fused multiply-add in hardware
/// the result is the same and takes some ten times as long.
struct Shrink<'a> {
    picture: &'a Picture,
    turn: Turn,
    crop: CropBox,
    size: usize,
}

impl WithSimd for Shrink<'_> {
    type Output = Vec<Pixel>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Vec<Pixel> {
        let (side, size) = (self.crop.side.max(1) as usize, self.size);
        let taps = Taps::torch(side, size);
        let mut gathered = vec![[0.0; 4]; side];
        let mut narrow = vec![[0.0; 4]; side * size];
        for (row, narrow) in narrow.chunks_exact_mut(size).enumerate() {
            self.gather(i64::from(self.crop.top) + row as i64, &mut gathered);
            for ((start, weights), out) in taps.iter().zip(narrow) {
                let mut sum = [0.0; 4];
                for (pixel, &weight) in gathered[start..start + weights.len()].iter().zip(weights) {
                    add(&mut sum, pixel, weight);
                }
                *out = sum;
            }
        }
        let mut out = vec![[0.0; 4]; size * size];
        for ((start, weights), out) in taps.iter().zip(out.chunks_exact_mut(size)) {
            for (row, &weight) in narrow[start * size..].chunks_exact(size).zip(weights) {
                for (sum, pixel) in out.iter_mut().zip(row) {
                    add(sum, pixel, weight);
                }
            }
        }
        out
    }
}

impl Shrink<'_> {
    /// Fills `row` with row `y` of the rotated canvas, from the crop's left edge on.
    #[inline(always)]
    fn gather(&self, y: i64, row: &mut [Pixel]) {
        let (rgb, unit) = (self.picture.rgb(), &*UNIT);
        for (x, pixel) in (i64::from(self.crop.left)..).zip(row) {
            *pixel = match self.turn.source(x, y) {
                Some(at) => {
                    let rgb = &rgb[at..at + 3];
                    [unit[usize::from(rgb[0])], unit[usize::from(rgb[1])], unit[usize::from(rgb[2])], 0.0]
                }
                None => [0.0; 4],
            };
        }
    }
}

/// A fused multiply-add a channel: flat areas sit exactly on k/255, where the last bit decides.
#[inline(always)]
fn add(sum: &mut Pixel, pixel: &Pixel, weight: f32) {
    for (sum, &value) in sum.iter_mut().zip(pixel) {
        *sum = value.mul_add(weight, *sum);
    }
}

/// Where pixels of the rotated canvas come from, in the f32 steps of PyTorch's sampling grid.
struct Turn {
    /// Canvas size, integer and f32.
    size: (i64, i64),
    sides: (f32, f32),
    /// Rows of the rotation, each divided by half the side it leads to: the grid runs from -1 to 1.
    across: (f32, f32),
    down: (f32, f32),
    level: bool,
}

impl Turn {
    fn new(picture: &Picture, angle: f64) -> Self {
        let (sin, cos) = angle.to_radians().sin_cos();
        let (sin, cos) = (sin as f32, cos as f32);
        let (width, height) = (picture.width() as f32, picture.height() as f32);
        Self {
            size: (i64::from(picture.width()), i64::from(picture.height())),
            sides: (width, height),
            across: (cos / (0.5 * width), -sin / (0.5 * width)),
            down: (sin / (0.5 * height), cos / (0.5 * height)),
            level: angle == 0.0,
        }
    }

    /// Byte offset of the source pixel of canvas position (x, y), or `None` where it is black.
    #[inline(always)]
    fn source(&self, x: i64, y: i64) -> Option<usize> {
        let (width, height) = self.size;
        if !(0..width).contains(&x) || !(0..height).contains(&y) {
            return None;
        }
        let (column, row) = if self.level { (x, y) } else { self.turned(x, y) };
        let inside = (0..width).contains(&column) && (0..height).contains(&row);
        inside.then(|| 3 * (row * width + column) as usize)
    }

    #[inline(always)]
    fn turned(&self, x: i64, y: i64) -> (i64, i64) {
        let (width, height) = self.sides;
        let (x, y) = (x as f32 - width * 0.5 + 0.5, y as f32 - height * 0.5 + 0.5);
        let column = x * self.across.0 + y * self.across.1;
        let row = x * self.down.0 + y * self.down.1;
        (nearest(column, width), nearest(row, height))
    }
}

/// A grid position in -1..1 to the nearest pixel of a side, ties to even.
#[inline(always)]
fn nearest(at: f32, side: f32) -> i64 {
    (((at + 1.0) * side - 1.0) / 2.0).round_ties_even() as i64
}
