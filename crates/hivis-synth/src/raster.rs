//! The canvas: one buffer of samples that hold colour and class together, and polygons filled into it.
//!
//! Pictures are drawn with several samples a pixel and no edge blending, then averaged: edges come out smooth and the
//! cover map is exact, from a single pass.

use crate::Stuff;
use crate::texture::floor;

/// A colour, each channel 0..=1 as a screen shows it (sRGB values, no linear light).
pub(crate) type Rgb = [f32; 3];

/// A point on the canvas, in samples.
pub(crate) type Point = (f32, f32);

/// Most crossings that a scanline of one polygon may have.
const CROSSINGS: usize = 16;

/// Samples of colour and class.
pub(crate) struct Canvas {
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// `[height, width]`: red, green, blue, class id.
    pub(crate) samples: Vec<[u8; 4]>,
}

/// `a` at 0, `b` at 1.
pub(crate) fn mix(a: Rgb, b: Rgb, share: f32) -> Rgb {
    [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share, a[2] + (b[2] - a[2]) * share]
}

/// Every channel times `factor`.
pub(crate) fn scale(colour: Rgb, factor: f32) -> Rgb {
    colour.map(|c| c * factor)
}

/// One channel as a byte.
pub(crate) fn byte(value: f32) -> u8 {
    (value * 255.0 + 0.5) as u8 // float to int casts saturate
}

impl Canvas {
    /// A black canvas of sky.
    pub(crate) fn new(width: usize, height: usize) -> Self {
        Self { width, height, samples: vec![[0, 0, 0, Stuff::Sky as u8]; width * height] }
    }

    /// Fills a polygon (even-odd) with one colour.
    pub(crate) fn fill(&mut self, points: &[Point], colour: Rgb, stuff: Stuff) {
        let sample = [byte(colour[0]), byte(colour[1]), byte(colour[2]), stuff as u8];
        self.spans(points, |_, row| row.fill(sample));
    }

    /// Fills a polygon with a colour that runs from `top` to `bottom` between its highest and lowest point.
    pub(crate) fn fill_gradient(&mut self, points: &[Point], [top, bottom]: [Rgb; 2], stuff: Stuff) {
        let low = points.iter().map(|p| p.1).fold(f32::MAX, f32::min);
        let high = points.iter().map(|p| p.1).fold(f32::MIN, f32::max);
        let per_row = 1.0 / (high - low).max(1.0);
        self.spans(points, |y, row| {
            let colour = mix(top, bottom, ((y as f32 - low) * per_row).clamp(0.0, 1.0));
            row.fill([byte(colour[0]), byte(colour[1]), byte(colour[2]), stuff as u8]);
        });
    }

    /// Lays a colour over a polygon; classes stay.
    pub(crate) fn tint(&mut self, points: &[Point], colour: Rgb, share: f32) {
        let keep = ((1.0 - share) * 256.0) as u32;
        let add = colour.map(|c| (c * 255.0 * share * 256.0) as u32);
        self.spans(points, |_, row| {
            for sample in row {
                for (channel, add) in sample.iter_mut().zip(add) {
                    *channel = ((u32::from(*channel) * keep + add) >> 8).min(255) as u8;
                }
            }
        });
    }

    /// Lays a colour over those parts of a polygon that show ground: mirror images on wet streets.
    pub(crate) fn tint_ground(&mut self, points: &[Point], colour: Rgb, share: f32) {
        let keep = ((1.0 - share) * 256.0) as u32;
        let add = colour.map(|c| (c * 255.0 * share * 256.0) as u32);
        let ground = [Stuff::Road as u8, Stuff::Marking as u8, Stuff::Sidewalk as u8];
        self.spans(points, |_, row| {
            for sample in row.iter_mut().filter(|sample| ground.contains(&sample[3])) {
                for (channel, add) in sample.iter_mut().zip(add) {
                    *channel = ((u32::from(*channel) * keep + add) >> 8).min(255) as u8;
                }
            }
        });
    }

    /// Calls `paint` with the row number and the samples of every span inside the polygon.
    fn spans(&mut self, points: &[Point], mut paint: impl FnMut(usize, &mut [[u8; 4]])) {
        if points.len() < 3 {
            return;
        }
        let low = points.iter().map(|p| p.1).fold(f32::MAX, f32::min);
        let high = points.iter().map(|p| p.1).fold(f32::MIN, f32::max);
        // Casts to unsigned numbers saturate at 0; the standard `ceil` would be a call on the baseline processor.
        let at_or_after = |edge: f32| -floor(0.5 - edge);
        let first = at_or_after(low) as usize;
        let last = at_or_after(high).min(self.height as f32) as usize;
        let end = self.width as f32;
        for y in first..last {
            let middle = y as f32 + 0.5;
            let mut crossings = [0.0_f32; CROSSINGS];
            let mut count = 0;
            let mut from = points[points.len() - 1];
            for &to in points {
                if (from.1 <= middle) != (to.1 <= middle) && count < CROSSINGS {
                    crossings[count] = from.0 + (middle - from.1) / (to.1 - from.1) * (to.0 - from.0);
                    count += 1;
                }
                from = to;
            }
            let crossings = &mut crossings[..count];
            crossings.sort_unstable_by(f32::total_cmp);
            let row = &mut self.samples[y * self.width..][..self.width];
            for pair in crossings.chunks_exact(2) {
                let left = at_or_after(pair[0]).min(end) as usize;
                let right = at_or_after(pair[1]).min(end) as usize;
                if left < right {
                    paint(y, &mut row[left..right]);
                }
            }
        }
    }
}
