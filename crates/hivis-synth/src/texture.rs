//! A small square of smooth noise that repeats: the grain of asphalt, lawns and clouds.

use crate::dice::Dice;

const SIDE: usize = 64;

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
        let (x, y) = ((u.floor() as i32) as usize % SIDE, (v.floor() as i32) as usize % SIDE);
        self.0[y * SIDE + x]
    }

    /// Values blended between neighbours.
    pub(crate) fn smooth(&self, u: f32, v: f32) -> f32 {
        let (fu, fv) = (u.floor(), v.floor());
        let (du, dv) = (u - fu, v - fv);
        let upper = self.near(fu, fv) * (1.0 - du) + self.near(fu + 1.0, fv) * du;
        let lower = self.near(fu, fv + 1.0) * (1.0 - du) + self.near(fu + 1.0, fv + 1.0) * du;
        upper * (1.0 - dv) + lower * dv
    }
}
