//! A picture shrunk to some 160 cells a side, for wide blurs at a price that does not grow with the radius.

use hivis_types::Picture;

use super::tone::{Rgb, colour, luma, unit};

/// Cells along a unit of length.
const CELLS: f32 = 160.0;

/// Means of square blocks of pixels.
pub(super) struct Coarse {
    width: usize,
    height: usize,
    step: usize,
    cells: Vec<Rgb>,
}

impl Coarse {
    /// Means of what `of` makes of each pixel from its column, row and colour.
    pub(super) fn new(picture: &Picture, mut of: impl FnMut(usize, usize, Rgb) -> Rgb) -> Self {
        let step = ((unit(picture) / CELLS) as usize).max(1);
        let (wide, high) = (picture.width() as usize, picture.height() as usize);
        let (width, height) = (wide.div_ceil(step), high.div_ceil(step));
        let mut cells = vec![[0.0; 3]; width * height];
        for (y, row) in picture.rgb().chunks_exact(3 * wide).enumerate() {
            let cells = &mut cells[y / step * width..][..width];
            for (x, pixel) in row.chunks_exact(3).enumerate() {
                let value = of(x, y, colour(pixel));
                for (sum, value) in cells[x / step].iter_mut().zip(value) {
                    *sum += value;
                }
            }
        }
        for (y, row) in cells.chunks_exact_mut(width).enumerate() {
            for (x, cell) in row.iter_mut().enumerate() {
                let pixels = (wide - x * step).min(step) * (high - y * step).min(step);
                *cell = cell.map(|sum| sum / pixels as f32);
            }
        }
        Self { width, height, step, cells }
    }

    /// Mean brightness of all cells.
    pub(super) fn mean_luma(&self) -> f32 {
        self.cells.iter().map(|&cell| luma(cell)).sum::<f32>() / self.cells.len() as f32
    }

    /// Blurred twice by a box of about `radius` pixels: a tent, wide enough for glow.
    pub(super) fn blurred(mut self, radius: f32) -> Self {
        let reach = (radius / self.step as f32 + 0.5) as usize;
        for _ in 0..2 {
            self.cells = self.blurred_once(reach);
        }
        self
    }

    /// A sliding mean across and one down; the edge cells repeat outside.
    fn blurred_once(&self, reach: usize) -> Vec<Rgb> {
        let mut made = self.cells.clone();
        for (lines, length, line, along) in
            [(self.height, self.width, self.width, 1), (self.width, self.height, 1, self.width)]
        {
            let from = made.clone();
            for n in 0..lines {
                let at = |i: usize| from[n * line + i.min(length - 1) * along];
                let per = 1.0 / (2 * reach + 1) as f32;
                let mut sum = at(0).map(|value| value * (reach + 1) as f32);
                for i in 1..=reach {
                    add(&mut sum, at(i), 1.0);
                }
                for i in 0..length {
                    made[n * line + i * along] = sum.map(|value| value * per);
                    add(&mut sum, at(i + reach + 1), 1.0);
                    add(&mut sum, at(i.saturating_sub(reach)), -1.0);
                }
            }
        }
        made
    }

    /// The value at a place in pixels, joined linearly between the middles of cells.
    pub(super) fn at(&self, x: f32, y: f32) -> Rgb {
        let place = |at: f32, size: usize| {
            let at = (at / self.step as f32 - 0.5).clamp(0.0, (size - 1) as f32);
            (at as usize, (at as usize + 1).min(size - 1), at - at.floor())
        };
        let (left, right, across) = place(x, self.width);
        let (top, bottom, down) = place(y, self.height);
        let cell = |x: usize, y: usize| &self.cells[y * self.width + x];
        let (a, b, c, d) = (cell(left, top), cell(right, top), cell(left, bottom), cell(right, bottom));
        std::array::from_fn(|i| {
            let upper = a[i] + (b[i] - a[i]) * across;
            let lower = c[i] + (d[i] - c[i]) * across;
            upper + (lower - upper) * down
        })
    }
}

fn add(sum: &mut Rgb, value: Rgb, weight: f32) {
    for (sum, value) in sum.iter_mut().zip(value) {
        *sum += weight * value;
    }
}
