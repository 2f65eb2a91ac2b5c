//! Pillow's antialiased bilinear resize of 8-bit pictures.

use hivis_types::Picture;
use pulp::{Simd, WithSimd};

use crate::taps::{PILLOW_BITS, Taps};

/// Resizes to `width` x `height` as Pillow does with `BILINEAR`: equal bit for bit. Sides of zero become one.
///
/// The horizontal pass comes first and rounds to 8 bits; a pass that changes nothing is skipped.
pub fn resize_bilinear(picture: &Picture, width: u32, height: u32) -> Picture {
    let (width, height) = (width.max(1), height.max(1));
    if (width, height) == (picture.width(), picture.height()) {
        return picture.clone();
    }
    let mut rgb = None;
    if width != picture.width() {
        let pass = Across { rgb: picture.rgb(), from: picture.width() as usize, to: width as usize };
        rgb = Some(pulp::Arch::new().dispatch(pass));
    }
    if height != picture.height() {
        let pass =
            Down { rows: rgb.as_deref().unwrap_or(picture.rgb()), stride: 3 * width as usize, to: height as usize };
        rgb = Some(pulp::Arch::new().dispatch(pass));
    }
    Picture::new(width, height, rgb.unwrap_or_default()).expect("one pass was made: this is a bug")
}

const HALF: i32 = 1 << (PILLOW_BITS - 1);
/// Rows that the horizontal pass takes at once, and the lanes for their values; one is left over.
const ROWS: usize = 5;
const LANES: usize = 16;

#[inline(always)]
fn to_byte(sum: i32) -> u8 {
    (sum >> PILLOW_BITS).clamp(0, 255) as u8
}

/// The horizontal pass, from one width to another.
struct Across<'a> {
    rgb: &'a [u8],
    from: usize,
    to: usize,
}

impl WithSimd for Across<'_> {
    type Output = Vec<u8>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Vec<u8> {
        let taps = Taps::pillow(self.from, self.to);
        let (stride, narrow) = (3 * self.from, 3 * self.to);
        let mut out = vec![0; self.rgb.len() / self.from * self.to];
        // Values of a few rows lie side by side, so that each step fills the widest registers.
        let mut pixels = vec![[0_u8; LANES]; self.from];
        for (rows, out) in self.rgb.chunks(ROWS * stride).zip(out.chunks_mut(ROWS * narrow)) {
            for (at, row) in rows.chunks_exact(stride).enumerate() {
                for (pixel, rgb) in pixels.iter_mut().zip(row.chunks_exact(3)) {
                    pixel[3 * at..3 * at + 3].copy_from_slice(rgb);
                }
            }
            for (x, (start, weights)) in taps.iter().enumerate() {
                let mut sum = [HALF; LANES];
                for (pixel, &weight) in pixels[start..start + weights.len()].iter().zip(weights) {
                    for (sum, &value) in sum.iter_mut().zip(pixel) {
                        *sum += weight * i32::from(value);
                    }
                }
                for (out, sum) in out.chunks_exact_mut(narrow).zip(sum.chunks_exact(3)) {
                    out[3 * x..3 * x + 3].copy_from_slice(&[to_byte(sum[0]), to_byte(sum[1]), to_byte(sum[2])]);
                }
            }
        }
        out
    }
}

/// The vertical pass, to another height; rows are of any kind.
struct Down<'a> {
    rows: &'a [u8],
    stride: usize,
    to: usize,
}

impl WithSimd for Down<'_> {
    type Output = Vec<u8>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Vec<u8> {
        let stride = self.stride;
        let taps = Taps::pillow(self.rows.len() / stride, self.to);
        let mut sums = vec![HALF; stride];
        let mut out = vec![0; stride * self.to];
        for ((start, weights), out) in taps.iter().zip(out.chunks_exact_mut(stride)) {
            sums.fill(HALF);
            for (row, &weight) in self.rows[stride * start..].chunks_exact(stride).zip(weights) {
                for (sum, &value) in sums.iter_mut().zip(row) {
                    *sum += weight * i32::from(value);
                }
            }
            for (out, &sum) in out.iter_mut().zip(&sums) {
                *out = to_byte(sum);
            }
        }
        out
    }
}

/// Squeezes a grey picture (`[height, width]`) to a square, with the same weights: down first and then across, which is a
/// third of the work and rounds a little differently.
pub(crate) fn squeeze_grey(grey: &[u8], width: u32, side: u32) -> Vec<u8> {
    let (width, side) = (width as usize, side as usize);
    let low = pulp::Arch::new().dispatch(Down { rows: grey, stride: width, to: side });
    let taps = Taps::pillow(width, side);
    let mut out = Vec::with_capacity(side * side);
    for row in low.chunks_exact(width) {
        out.extend(taps.iter().map(|(start, weights)| {
            let sum: i32 = row[start..].iter().zip(weights).map(|(&value, weight)| weight * i32::from(value)).sum();
            to_byte(HALF + sum)
        }));
    }
    out
}
