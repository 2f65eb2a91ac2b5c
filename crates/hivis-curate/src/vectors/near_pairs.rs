//! All pairs of rows that are nearly the same.

use rayon::prelude::*;

use crate::vectors::Matrix;
use crate::vectors::distance;
use crate::vectors::product::{Packed, Products};

/// Rows that are multiplied with others at once.
const ROWS: usize = 256;
/// Rows that they are multiplied with at once.
const PACK: usize = 1024;

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

/// Every pair of rows within the cosine distance `within`, the bound included; ordered by `a`, then `b`.
pub fn near_pairs(matrix: &Matrix, within: f32) -> Vec<NearPair> {
    let (width, count) = (matrix.width(), matrix.len());
    if count < 2 {
        return Vec::new();
    }
    let unit = matrix.normalised();
    let products = Products::new();
    let packs: Vec<Packed> = unit.data().chunks(width * PACK).map(|rows| products.pack(rows, width)).collect();
    let near = |(block, rows): (usize, &[f32])| {
        let first = block * ROWS;
        let mut dots = Vec::new();
        let mut found = Vec::new();
        for (pack, with) in packs.iter().enumerate().skip(first / PACK) {
            products.dots(rows, width, with, &mut dots);
            for (at, dots) in dots.chunks_exact(with.len()).enumerate() {
                let a = first + at;
                for (at, dot) in dots.iter().enumerate() {
                    let (b, distance) = (pack * PACK + at, distance::from_cosine(*dot));
                    if b > a && distance <= within {
                        found.push(NearPair { a, b, distance });
                    }
                }
            }
        }
        found
    };
    let mut pairs: Vec<NearPair> = unit.data().par_chunks(width * ROWS).enumerate().flat_map_iter(near).collect();
    pairs.sort_unstable_by_key(|pair| (pair.a, pair.b));
    pairs
}
