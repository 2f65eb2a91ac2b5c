//! A small square of smooth noise that repeats: the grain of asphalt, lawns and clouds.

use crate::dice::Dice;

const SIDE: usize = 64;

/// `value.floor()` for what fits an `i32`. The baseline instruction set has no rounding instruction, so the standard
/// function is a call, and every sample of ground needs some ten of them.
pub(crate) fn floor(value: f32) -> f32 {
    let whole = value as i32 as f32;
    if whole > value { whole - 1.0 } else { whole }
}

/// What [`floor`] leaves, in 0..1.
pub(crate) fn fraction(value: f32) -> f32 {
    value - floor(value)
}

/// Noise in 0..=1, `SIDE` by `SIDE`, seamless.
pub(crate) struct Tile(Vec<f32>);

impl Tile {
    /// White noise, softened once and stretched to the full range.
    pub(crate) fn new(dice: &mut Dice) -> Self {
        let white: Vec<f32> = (0..SIDE * SIDE).map(|_| dice.range(0.0, 1.0)).collect();
        let at = |x: usize, y: usize| white[(y % SIDE) * SIDE + x % SIDE];
        let soft = |i: usize| {
            let (x, y) = (i % SIDE, i / SIDE);
            let mean = (at(x, y) * 2.0 + at(x + 1, y) + at(x, y + 1) + at(x + SIDE - 1, y) + at(x, y + SIDE - 1)) / 6.0;
            ((mean - 0.5) * 1.7 + 0.5).clamp(0.0, 1.0)
        };
        Self((0..SIDE * SIDE).map(soft).collect())
    }

    /// The nearest value.
    pub(crate) fn near(&self, u: f32, v: f32) -> f32 {
        let (x, y) = (floor(u) as i32 as usize % SIDE, floor(v) as i32 as usize % SIDE);
        self.0[y * SIDE + x]
    }

    /// Values blended between neighbours.
    pub(crate) fn smooth(&self, u: f32, v: f32) -> f32 {
        let (fu, fv) = (floor(u), floor(v));
        let (du, dv) = (u - fu, v - fv);
        let (x, y) = (fu as i32 as usize % SIDE, fv as i32 as usize % SIDE);
        let (right, below) = ((x + 1) % SIDE, (y + 1) % SIDE * SIDE);
        let row = y * SIDE;
        let upper = self.0[row + x] * (1.0 - du) + self.0[row + right] * du;
        let lower = self.0[below + x] * (1.0 - du) + self.0[below + right] * du;
        upper * (1.0 - dv) + lower * dv
    }
}
