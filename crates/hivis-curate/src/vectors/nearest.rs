//! Which rows are nearest to one.

use rayon::prelude::*;

use crate::vectors::Matrix;
use crate::vectors::distance::{self, vectorised};
use crate::vectors::product::Products;

/// Rows whose best are kept at once.
const CHUNK: usize = 64 * Products::FEW;

/// A row that was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// Which row.
    pub row: usize,
    /// Its cosine distance from what was asked for, 0 to 2.
    pub distance: f32,
}

impl Hit {
    /// Nearest first; the lower row first among equals.
    pub(crate) fn order(&self, other: &Self) -> std::cmp::Ordering {
        self.distance.total_cmp(&other.distance).then(self.row.cmp(&other.row))
    }
}

/// The `k` rows nearest to `query` by cosine distance, nearest first, the lower row first among equals. Every row is
/// looked at. A row of zeros, on either side, is at distance 1. A query that is not finite is near to nothing.
///
/// # Panics
/// When `query` is not as long as a row.
pub fn nearest(matrix: &Matrix, query: &[f32], k: usize) -> Vec<Hit> {
    if matrix.is_empty() || k == 0 || query.iter().any(|x| !x.is_finite()) {
        return Vec::new();
    }
    let width = matrix.width();
    assert_eq!(query.len(), width, "a query is as long as a row");
    let mut query = query.to_vec();
    distance::normalise(&mut query);
    let products = Products::new();
    let best = |(chunk, rows): (usize, &[f32])| {
        let mut hits = Vec::with_capacity(rows.len() / width);
        let mut dots = [0.0; Products::FEW];
        for (block, rows) in rows.chunks(width * Products::FEW).enumerate() {
            let dots = &mut dots[..rows.len() / width];
            products.with_one(&query, rows, dots);
            let first = chunk * CHUNK + block * Products::FEW;
            vectorised(|| {
                for (at, (row, dot)) in rows.chunks_exact(width).zip(&*dots).enumerate() {
                    hits.push(Hit { row: first + at, distance: distance::from_cosine(cosine(*dot, row, &query)) });
                }
            });
        }
        keep_nearest(&mut hits, k);
        hits
    };
    let chunks: Vec<Vec<Hit>> = matrix.data().par_chunks(width * CHUNK).enumerate().map(best).collect();
    let mut hits: Vec<Hit> = chunks.into_iter().flatten().collect();
    keep_nearest(&mut hits, k);
    hits.sort_unstable_by(Hit::order);
    hits
}

/// The cosine of a row with a query of length 1, of which `dot` is the product.
#[inline(always)]
fn cosine(dot: f32, row: &[f32], query: &[f32]) -> f32 {
    let square = distance::dot(row, row);
    if (1e-20..1e30).contains(&square) {
        return dot / square.sqrt();
    }
    let mut row = row.to_vec();
    distance::normalise(&mut row);
    distance::dot(&row, query)
}

/// Drops all but the `k` nearest, in no order.
pub(crate) fn keep_nearest(hits: &mut Vec<Hit>, k: usize) {
    if hits.len() > k && k > 0 {
        hits.select_nth_unstable_by(k - 1, Hit::order);
        hits.truncate(k);
    }
}
