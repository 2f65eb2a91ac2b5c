//! Saturation, contrast and noise: the distortions that look at one pixel at a time.

use hivis_types::Picture;

/// Pulls the chroma to its centre by `factor`, then cuts to 8 bits.
///
/// The centre is 0.5 on a scale where the reference's chroma centres on 128 / 255, hence white loses a step.
pub(super) fn saturation(picture: &Picture, factor: f32) -> Picture {
    map(picture, |rgb| {
        let [y, cb, cr] = to_ycbcr(rgb);
        to_rgb([y, 0.5 + (cb - 0.5) * factor, 0.5 + (cr - 0.5) * factor])
    })
}

/// Multiplies by `factor` and cuts to 8 bits: it darkens, there is no mean.
pub(super) fn contrast(picture: &Picture, factor: f32) -> Picture {
    let table: [u8; 256] = std::array::from_fn(|value| (value as f32 * factor) as u8);
    let mut picture = picture.clone();
    picture.rgb_mut().iter_mut().for_each(|value| *value = table[usize::from(*value)]);
    picture
}

/// Adds noise of variance `variance` to `YCbCr` on 0..1; the reference scales it by 255 twice on the way back.
pub(super) fn noise(picture: &Picture, variance: f64, normal: &mut dyn FnMut() -> f64) -> Picture {
    let sigma = variance.sqrt();
    map(picture, |rgb| {
        to_rgb(to_ycbcr(rgb).map(|value| ((f64::from(value / 255.0) + sigma * normal()) * 255.0) as f32))
    })
}

fn map(picture: &Picture, mut change: impl FnMut([f32; 3]) -> [f32; 3]) -> Picture {
    let mut picture = picture.clone();
    for pixel in picture.rgb_mut().chunks_exact_mut(3) {
        let changed = change([f32::from(pixel[0]), f32::from(pixel[1]), f32::from(pixel[2])]);
        // `as` cuts towards zero and stops at 0 and 255, as the reference's values never wrap.
        pixel.copy_from_slice(&changed.map(|value| value as u8));
    }
    picture
}

/// RGB on 0..255 to the reference's `YCbCr`, on about 0..220.
fn to_ycbcr([r, g, b]: [f32; 3]) -> [f32; 3] {
    let y = 0.299 * r + 0.587 * g + 0.114 * b;
    let (cr, cb) = (0.713 * (r - y) + 0.5, 0.564 * (b - y) + 0.5);
    [(y * 219.0 + 16.0) / 255.0, (cb * 224.0 + 16.0) / 255.0, (cr * 224.0 + 16.0) / 255.0]
}

/// The way back to RGB on 0..255.
fn to_rgb([y, cb, cr]: [f32; 3]) -> [f32; 3] {
    let y = (y * 255.0 - 16.0) / 219.0;
    let (cb, cr) = ((cb * 255.0 - 16.0) / 224.0 - 0.5, (cr * 255.0 - 16.0) / 224.0 - 0.5);
    [y + 1.403 * cr, y - 0.714 * cr - 0.344 * cb, y + 1.773 * cb]
}
