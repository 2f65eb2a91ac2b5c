//! The distortion called "JPEG": a bilinear shrink without antialias, then a growth to the old size.
//!
//! OpenCV's 8-bit fixed point, bit for bit.

use hivis_types::Picture;

/// Fraction bits of OpenCV's linear weights.
const ONE: f32 = 2048.0;

/// Shrinks both sides by `factor` (rounded down, at least to 1) and grows back.
pub(super) fn blocks(picture: &Picture, factor: u32) -> Picture {
    let (width, height) = (picture.width(), picture.height());
    let factor = factor.max(1);
    let (narrow, low) = ((width / factor).max(1), (height / factor).max(1));
    let small = if (2 * narrow, 2 * low) == (width, height) { halved(picture) } else { linear(picture, narrow, low) };
    linear(&small, width, height)
}

/// Both sides shrink by exactly two: OpenCV takes the mean of four instead.
fn halved(picture: &Picture) -> Picture {
    let stride = 3 * picture.width() as usize;
    let mut rgb = Vec::with_capacity(picture.rgb().len() / 4);
    for rows in picture.rgb().chunks_exact(2 * stride) {
        let (upper, lower) = rows.split_at(stride);
        for (a, b) in upper.chunks_exact(6).zip(lower.chunks_exact(6)) {
            for c in 0..3 {
                let sum = u16::from(a[c]) + u16::from(a[c + 3]) + u16::from(b[c]) + u16::from(b[c + 3]);
                rgb.push(((sum + 2) >> 2) as u8);
            }
        }
    }
    Picture::new(picture.width() / 2, picture.height() / 2, rgb).expect("half of each side: this is a bug")
}

/// Floor and fraction of the source position of output position `i`.
fn position(i: u32, from: u32, to: u32) -> (i64, f32) {
    let scale = f64::from(from) / f64::from(to);
    let at = ((f64::from(i) + 0.5) * scale - 0.5) as f32;
    (at.floor() as i64, at - at.floor())
}

fn weights(fraction: f32) -> (i32, i32) {
    ((ONE * (1.0 - fraction)).round_ties_even() as i32, (ONE * fraction).round_ties_even() as i32)
}

fn linear(picture: &Picture, width: u32, height: u32) -> Picture {
    let (from, last_row) = (picture.width(), i64::from(picture.height()) - 1);
    let last = i64::from(from) - 1;
    // Byte offsets of the two neighbours and their weights; past an edge the edge pixel alone counts.
    let columns: Vec<(usize, usize, i32, i32)> = (0..width)
        .map(|x| match position(x, from, width) {
            (at, _) if at < 0 => (0, 0, 2048, 0),
            (at, _) if at >= last => (3 * last as usize, 3 * last as usize, 2048, 0),
            (at, fraction) => {
                let (near, far) = weights(fraction);
                (3 * at as usize, 3 * at as usize + 3, near, far)
            }
        })
        .collect();
    let stride = 3 * width as usize;
    let mut wide = vec![0_i32; stride * picture.height() as usize];
    for (row, wide) in picture.rgb().chunks_exact(3 * from as usize).zip(wide.chunks_exact_mut(stride)) {
        for (&(left, right, near, far), out) in columns.iter().zip(wide.chunks_exact_mut(3)) {
            let (left, right) = (&row[left..left + 3], &row[right..right + 3]);
            for ((out, &a), &b) in out.iter_mut().zip(left).zip(right) {
                *out = i32::from(a) * near + i32::from(b) * far;
            }
        }
    }
    let mut rgb = vec![0; stride * height as usize];
    for (y, out) in rgb.chunks_exact_mut(stride).enumerate() {
        let (at, fraction) = position(y as u32, picture.height(), height);
        let (near, far) = weights(fraction);
        // Rows keep their fraction past the edge; both neighbours are then the same row.
        let row = |at: i64| {
            let start = stride * at.clamp(0, last_row) as usize;
            &wide[start..start + stride]
        };
        for ((out, &a), &b) in out.iter_mut().zip(row(at)).zip(row(at + 1)) {
            let sum = ((near * (a >> 4)) >> 16) + ((far * (b >> 4)) >> 16);
            *out = ((sum + 2) >> 2).clamp(0, 255) as u8;
        }
    }
    Picture::new(width, height, rgb).expect("rows of the new size: this is a bug")
}
