//! Measures of a picture.

use hivis_types::Picture;

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
