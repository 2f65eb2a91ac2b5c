//! Pillow's antialiased bilinear resize of 8-bit pictures.

use hivis_types::Picture;

use crate::taps::{PILLOW_BITS, Taps};

/// Resizes to `width` x `height` as Pillow does with `BILINEAR`: equal bit for bit. Sides of zero become one.
///
/// The horizontal pass comes first and rounds to 8 bits; a pass that changes nothing is skipped.
pub fn resize_bilinear(picture: &Picture, width: u32, height: u32) -> Picture {
    let (width, height) = (width.max(1), height.max(1));
    if (width, height) == (picture.width(), picture.height()) {
        return picture.clone();
    }
    let rgb = pulp::Arch::new().dispatch(|| {
        let mut rgb = None;
        if width != picture.width() {
            rgb = Some(across(picture.rgb(), picture.width() as usize, width as usize));
        }
        if height != picture.height() {
            rgb = Some(down(rgb.as_deref().unwrap_or(picture.rgb()), width as usize, height as usize));
        }
        rgb
    });
    Picture::new(width, height, rgb.unwrap_or_default()).expect("one pass was made: this is a bug")
}

const HALF: i32 = 1 << (PILLOW_BITS - 1);

#[inline(always)]
fn to_byte(sum: i32) -> u8 {
    (sum >> PILLOW_BITS).clamp(0, 255) as u8
}

#[inline(always)]
fn across(rgb: &[u8], from: usize, to: usize) -> Vec<u8> {
    let taps = Taps::pillow(from, to);
    let mut out = vec![0; rgb.len() / from * to];
    for (row, out) in rgb.chunks_exact(3 * from).zip(out.chunks_exact_mut(3 * to)) {
        for ((start, weights), out) in taps.iter().zip(out.chunks_exact_mut(3)) {
            let mut sum = [HALF; 3];
            let pixels = row[3 * start..3 * (start + weights.len())].chunks_exact(3);
            for (pixel, &weight) in pixels.zip(weights) {
                sum[0] += weight * i32::from(pixel[0]);
                sum[1] += weight * i32::from(pixel[1]);
                sum[2] += weight * i32::from(pixel[2]);
            }
            out.copy_from_slice(&sum.map(to_byte));
        }
    }
    out
}

#[inline(always)]
fn down(rgb: &[u8], width: usize, to: usize) -> Vec<u8> {
    let stride = 3 * width;
    let taps = Taps::pillow(rgb.len() / stride, to);
    let mut sums = vec![HALF; stride];
    let mut out = vec![0; stride * to];
    for ((start, weights), out) in taps.iter().zip(out.chunks_exact_mut(stride)) {
        sums.fill(HALF);
        for (row, &weight) in rgb[stride * start..].chunks_exact(stride).zip(weights) {
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
