//! All pairs of rows that are nearly the same.

use std::sync::{Mutex, PoisonError};

use crate::vectors::Matrix;
use crate::vectors::near;

/// Two rows that are near to each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NearPair {
    /// The lower row.
    pub a: usize,
    /// The higher row.
    pub b: usize,
    /// Their cosine distance.
    pub distance: f32,
}

/// Every pair of rows within the cosine distance `within`, the bound included; ordered by `a`, then `b`. Exact: what is
/// passed over cannot be near. Time grows much slower than the square of the rows as long as `within` is small and the
/// rows lie in groups, or are spread over many columns.
pub fn near_pairs(matrix: &Matrix, within: f32) -> Vec<NearPair> {
    let pairs = Mutex::new(Vec::new());
    near::each(matrix, within, &|found| {
        let found =
            found.into_iter().map(|pair| NearPair { a: pair.a as usize, b: pair.b as usize, distance: pair.distance });
        pairs.lock().unwrap_or_else(PoisonError::into_inner).extend(found);
    });
    let mut pairs = pairs.into_inner().unwrap_or_else(PoisonError::into_inner);
    pairs.sort_unstable_by_key(|pair| (pair.a, pair.b));
    pairs
}
