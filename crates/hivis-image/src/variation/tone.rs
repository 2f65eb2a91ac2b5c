//! Colours in 0..1 as displayed, and the plain arithmetic that all variations share.

use std::sync::LazyLock;

use hivis_types::Picture;

/// Red, green, blue in 0..1, as displayed.
pub(super) type Rgb = [f32; 3];

/// k / 255.
static UNIT: LazyLock<[f32; 256]> = LazyLock::new(|| std::array::from_fn(|k| k as f32 / 255.0));

/// A pixel's bytes as a colour.
pub(super) fn colour(bytes: &[u8]) -> Rgb {
    let unit = &*UNIT;
    [unit[usize::from(bytes[0])], unit[usize::from(bytes[1])], unit[usize::from(bytes[2])]]
}

/// A colour as bytes, rounded and cut.
pub(super) fn bytes(colour: Rgb) -> [u8; 3] {
    colour.map(|value| (value * 255.0 + 0.5) as u8)
}

/// Makes a picture of the same size, each pixel from its column, row and colour.
pub(super) fn each(picture: &Picture, mut change: impl FnMut(usize, usize, Rgb) -> Rgb) -> Picture {
    let mut made = picture.clone();
    let stride = 3 * picture.width() as usize;
    for (y, row) in made.rgb_mut().chunks_exact_mut(stride).enumerate() {
        for (x, pixel) in row.chunks_exact_mut(3).enumerate() {
            let changed = bytes(change(x, y, colour(pixel)));
            pixel.copy_from_slice(&changed);
        }
    }
    made
}

/// The unit of lengths: the square root of the area, in pixels.
pub(super) fn unit(picture: &Picture) -> f32 {
    (picture.width() as f32 * picture.height() as f32).sqrt()
}

/// Brightness as displayed.
pub(super) fn luma([r, g, b]: Rgb) -> f32 {
    0.299 * r + 0.587 * g + 0.114 * b
}

/// How colourful, 0 for greys to 1.
pub(super) fn chroma([r, g, b]: Rgb) -> f32 {
    r.max(g).max(b) - r.min(g).min(b)
}

/// From `a` at share 0 to `b` at share 1.
pub(super) fn mix(a: Rgb, b: Rgb, share: f32) -> Rgb {
    std::array::from_fn(|c| a[c] + (b[c] - a[c]) * share)
}

/// 0 up to `from`, 1 beyond `to`, smooth between.
pub(super) fn ramp(from: f32, to: f32, x: f32) -> f32 {
    let t = ((x - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// exp(-x) for x of 0 and more, within 0.012: the series of exp(x) to the fourth power, turned over.
///
/// Plain arithmetic instead of a library's `exp`, which differs in the last bits from machine to machine.
pub(super) fn fading(x: f32) -> f32 {
    1.0 / (1.0 + x * (1.0 + x * (0.5 + x * (1.0 / 6.0 + x * (1.0 / 24.0)))))
}

/// (cos, sin) of the angle whose half has this tangent; exact to rounding, without trigonometry.
pub(super) fn heading(half_tangent: f32) -> (f32, f32) {
    let square = half_tangent * half_tangent;
    ((1.0 - square) / (1.0 + square), 2.0 * half_tangent / (1.0 + square))
}
