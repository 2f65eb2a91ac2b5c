//! Rows to try things on.

use hivis_curate::vectors::Matrix;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

pub(crate) fn numbers(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// Evenly drawn in [-1, 1).
pub(crate) fn even(seed: u64, count: usize, width: usize) -> Matrix {
    let mut rng = numbers(seed);
    Matrix::new(width, (0..count * width).map(|_| rng.random_range(-1.0..1.0)).collect()).expect("a matrix")
}

/// Rows about `groups` places, each up to `blur` off in every column, in no order.
pub(crate) fn grouped(seed: u64, count: usize, width: usize, (groups, blur): (usize, f32)) -> Matrix {
    let places = even(seed, groups, width);
    let mut rng = numbers(seed + 1);
    let mut data = Vec::with_capacity(count * width);
    for _ in 0..count {
        let place = places.row(rng.random_range(0..groups));
        data.extend(place.iter().map(|x| x + rng.random_range(-blur..blur)));
    }
    Matrix::new(width, data).expect("a matrix")
}

/// Small whole numbers: every sum of squares is exact, and ties are real.
pub(crate) fn whole(seed: u64, count: usize, width: usize) -> Matrix {
    let mut rng = numbers(seed);
    Matrix::new(width, (0..count * width).map(|_| rng.random_range(-4_i8..=4).into()).collect()).expect("a matrix")
}

/// One minus the cosine, in double precision.
pub(crate) fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    let length = (dot(a, a) * dot(b, b)).sqrt();
    if length == 0.0 { 1.0 } else { 1.0 - dot(a, b) / length }
}
