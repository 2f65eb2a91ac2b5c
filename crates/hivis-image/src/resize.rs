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
        let pass = Down { rgb: rgb.as_deref().unwrap_or(picture.rgb()), width: width as usize, to: height as usize };
        rgb = Some(pulp::Arch::new().dispatch(pass));
    }
    Picture::new(width, height, rgb.unwrap_or_default()).expect("one pass was made: this is a bug")
}

const HALF: i32 = 1 << (PILLOW_BITS - 1);

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
        let mut out = vec![0; self.rgb.len() / self.from * self.to];
        // Padded to four values, so that one pixel is one vector register.
        let mut pixels = vec![[0_i32; 4]; self.from];
        for (row, out) in self.rgb.chunks_exact(3 * self.from).zip(out.chunks_exact_mut(3 * self.to)) {
            for (pixel, rgb) in pixels.iter_mut().zip(row.chunks_exact(3)) {
                *pixel = [i32::from(rgb[0]), i32::from(rgb[1]), i32::from(rgb[2]), 0];
            }
            for ((start, weights), out) in taps.iter().zip(out.chunks_exact_mut(3)) {
                let mut sum = [HALF; 4];
                for (pixel, &weight) in pixels[start..start + weights.len()].iter().zip(weights) {
                    for (sum, &value) in sum.iter_mut().zip(pixel) {
                        *sum += weight * value;
                    }
                }
                out.copy_from_slice(&[to_byte(sum[0]), to_byte(sum[1]), to_byte(sum[2])]);
            }
        }
        out
    }
}

/// The vertical pass, to another height.
struct Down<'a> {
    rgb: &'a [u8],
    width: usize,
    to: usize,
}

impl WithSimd for Down<'_> {
    type Output = Vec<u8>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Vec<u8> {
        let stride = 3 * self.width;
        let taps = Taps::pillow(self.rgb.len() / stride, self.to);
        let mut sums = vec![HALF; stride];
        let mut out = vec![0; stride * self.to];
        for ((start, weights), out) in taps.iter().zip(out.chunks_exact_mut(stride)) {
            sums.fill(HALF);
            for (row, &weight) in self.rgb[stride * start..].chunks_exact(stride).zip(weights) {
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
