//! Features of a window beside those of the training data.

use std::collections::HashMap;
use std::hash::Hash;

use crate::CurateError;
use crate::vectors::Matrix;

/// Rows of the training data, each with the name of its picture.
#[derive(Clone, Debug)]
pub struct Reference<I> {
    rows: Matrix,
    at: HashMap<I, usize>,
    /// A thinned copy for the energy distance, and the mean distance within it.
    thin: Matrix,
    within: f64,
}

/// Rows that the energy distance looks at, at most: it compares all pairs.
const THIN: usize = 400;

impl<I: Hash + Eq + Copy> Reference<I> {
    /// `ids[i]` names the picture of row `i`. Directions count, lengths do not. Fails on fewer than two rows.
    pub fn new(rows: &Matrix, ids: &[I]) -> Result<Self, CurateError> {
        if rows.len() < 2 {
            return Err(CurateError::TooFew { rows: rows.len(), least: 2 });
        }
        if rows.len() != ids.len() {
            return Err(CurateError::Lengths { rows: rows.len(), others: ids.len() });
        }
        let rows = rows.normalised();
        let some: Vec<usize> = if rows.len() <= THIN {
            (0..rows.len()).collect()
        } else {
            (0..THIN).map(|at| at * rows.len() / THIN).collect()
        };
        let thin = rows.gathered(&some);
        let within = mean_between(&thin, &thin);
        Ok(Self { at: ids.iter().enumerate().map(|(at, id)| (*id, at)).collect(), rows, thin, within })
    }

    /// Length of a row.
    pub fn width(&self) -> usize {
        self.rows.width()
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Never true.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Mean over the window of the cosine distance to the nearest row of the reference. A picture is never compared with
    /// itself: `ids[i]` names that of row `i`, where it is known. Fails on no rows and on another width.
    pub fn nearest(&self, window: &Matrix, ids: &[Option<I>]) -> Result<f64, CurateError> {
        let window = self.fit(window)?;
        if window.len() != ids.len() {
            return Err(CurateError::Lengths { rows: window.len(), others: ids.len() });
        }
        let mut sum = 0.0;
        for (row, id) in ids.iter().enumerate() {
            let own = id.and_then(|id| self.at.get(&id).copied());
            let mut best = f32::NEG_INFINITY;
            for other in 0..self.rows.len() {
                if Some(other) != own {
                    best = best.max(dot(window.row(row), self.rows.row(other)));
                }
            }
            sum += f64::from((1.0 - best).clamp(0.0, 2.0));
        }
        Ok(sum / window.len() as f64)
    }

    /// Energy distance of the window to a thinned reference; directions only.
    pub fn energy(&self, window: &Matrix) -> Result<f64, CurateError> {
        let window = self.fit(window)?;
        Ok(distance(mean_between(&window, &self.thin), mean_between(&window, &window), self.within))
    }

    fn fit(&self, window: &Matrix) -> Result<Matrix, CurateError> {
        if window.is_empty() {
            return Err(CurateError::TooFew { rows: 0, least: 1 });
        }
        if window.width() != self.rows.width() {
            return Err(CurateError::Shape { values: window.width(), width: self.rows.width() });
        }
        Ok(window.normalised())
    }
}

/// The energy distance of two sets of rows: `sqrt(2 E|X - Y| - E|X - X'| - E|Y - Y'|)` with Euclidean lengths and all
/// pairs, a row with itself too (Székely and Rizzo 2013). Of rows of one number it is `scipy.stats.energy_distance`.
/// Fails on no rows and on two widths.
pub fn energy(one: &Matrix, other: &Matrix) -> Result<f64, CurateError> {
    if one.is_empty() || other.is_empty() {
        return Err(CurateError::TooFew { rows: 0, least: 1 });
    }
    if one.width() != other.width() {
        return Err(CurateError::Shape { values: other.width(), width: one.width() });
    }
    Ok(distance(mean_between(one, other), mean_between(one, one), mean_between(other, other)))
}

/// Rounding may leave equal sets a hair below nought.
fn distance(between: f64, one: f64, other: f64) -> f64 {
    (2.0 * between - one - other).max(0.0).sqrt()
}

fn mean_between(one: &Matrix, other: &Matrix) -> f64 {
    let mut sum = 0.0;
    for i in 0..one.len() {
        for j in 0..other.len() {
            sum += f64::from(squared(one.row(i), other.row(j))).sqrt();
        }
    }
    sum / (one.len() * other.len()) as f64
}

/// Sixteen sums side by side, so that the processor adds them at once.
const LANES: usize = 16;

fn dot(a: &[f32], b: &[f32]) -> f32 {
    lanes(a, b, |x, y| x * y)
}

fn squared(a: &[f32], b: &[f32]) -> f32 {
    lanes(a, b, |x, y| (x - y) * (x - y))
}

fn lanes(a: &[f32], b: &[f32], of: impl Fn(f32, f32) -> f32) -> f32 {
    let mut sums = [0.0_f32; LANES];
    let (whole, rest) = (a.chunks_exact(LANES).zip(b.chunks_exact(LANES)), a.len() / LANES * LANES);
    for (x, y) in whole {
        for lane in 0..LANES {
            sums[lane] += of(x[lane], y[lane]);
        }
    }
    let tail: f32 = a[rest..].iter().zip(&b[rest..]).map(|(x, y)| of(*x, *y)).sum();
    sums.iter().sum::<f32>() + tail
}
