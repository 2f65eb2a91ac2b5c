//! OpenCV's 8-bit Gaussian blur, bit for bit.

use hivis_types::Picture;
use pulp::{Simd, WithSimd};

/// Blurs with a kernel of `size` (made odd), sigma = size / 6, the border reflected without repeating the edge.
pub(super) fn blur(picture: &Picture, size: usize) -> Picture {
    let rgb = pulp::Arch::new().dispatch(Convolve { picture, kernel: kernel(size | 1) });
    Picture::new(picture.width(), picture.height(), rgb).expect("the same size: this is a bug")
}

/// Integer weights of sum 256: from the ends to the middle, each carries its rounding error to the next.
fn kernel(size: usize) -> Vec<u32> {
    let (sigma, middle) = (size as f64 / 6.0, size / 2);
    let weight = |i: usize| (-(i as f64 - middle as f64).powi(2) / (2.0 * sigma * sigma)).exp();
    let sum: f64 = (0..size).map(weight).sum();
    let mut kernel = vec![0; size];
    let (mut error, mut left) = (0.0, 256);
    for i in 0..middle {
        let exact = 256.0 * weight(i) / sum + error;
        error = exact - exact.round_ties_even();
        kernel[i] = exact.round_ties_even() as u32;
        kernel[size - 1 - i] = kernel[i];
        left -= 2 * kernel[i];
    }
    kernel[middle] = left;
    kernel
}

/// `... c b | a b c d | c b a ...`, for any distance.
fn reflected(at: isize, size: usize) -> usize {
    if size == 1 {
        return 0;
    }
    let period = 2 * (size as isize - 1);
    let at = at.rem_euclid(period);
    at.min(period - at) as usize
}

/// Both passes.
struct Convolve<'a> {
    picture: &'a Picture,
    kernel: Vec<u32>,
}

impl WithSimd for Convolve<'_> {
    type Output = Vec<u8>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Vec<u8> {
        let (width, height) = (self.picture.width() as usize, self.picture.height() as usize);
        let (stride, reach) = (3 * width, self.kernel.len() / 2);
        // Sums of 8-bit values with weights of sum 256 fit 16 bits: nothing is rounded between the passes.
        let mut across = vec![0_u16; stride * height];
        let mut padded = vec![0_u16; stride + 6 * reach];
        for (row, across) in self.picture.rgb().chunks_exact(stride).zip(across.chunks_exact_mut(stride)) {
            for (i, pixel) in padded.chunks_exact_mut(3).enumerate() {
                let at = 3 * reflected(i as isize - reach as isize, width);
                pixel[0] = u16::from(row[at]);
                pixel[1] = u16::from(row[at + 1]);
                pixel[2] = u16::from(row[at + 2]);
            }
            for (i, &weight) in self.kernel.iter().enumerate() {
                let weight = weight as u16;
                for (sum, &value) in across.iter_mut().zip(&padded[3 * i..]) {
                    *sum += weight * value;
                }
            }
        }
        let mut sums = vec![0_u32; stride];
        let mut out = vec![0; stride * height];
        for (y, out) in out.chunks_exact_mut(stride).enumerate() {
            sums.fill(1 << 15);
            for (i, &weight) in self.kernel.iter().enumerate() {
                let at = stride * reflected((y + i) as isize - reach as isize, height);
                for (sum, &value) in sums.iter_mut().zip(&across[at..at + stride]) {
                    *sum += weight * u32::from(value);
                }
            }
            for (out, &sum) in out.iter_mut().zip(&sums) {
                *out = (sum >> 16) as u8;
            }
        }
        out
    }
}
