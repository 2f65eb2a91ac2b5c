//! Picks that cover: each the row farthest from all picks before it.

use rayon::prelude::*;

use crate::vectors::Matrix;
use crate::vectors::distance::{self, vectorised};

/// Rows that one thread looks at in one go.
const CHUNK: usize = 512;

/// Picks in order, and how well they cover.
#[derive(Clone, Debug, PartialEq)]
pub struct KCentre {
    /// Rows, the first one given, then each the farthest from all before it.
    pub picks: Vec<usize>,
    /// The Euclidean distance from the row that is farthest from its nearest pick.
    pub radius: f32,
}

/// Greedy farthest-first: begins with row `first`, then picks the row whose nearest pick is farthest (Euclidean), the
/// lowest row among equals, until there are `count`. Stops early when every row equals a pick. The radius is at most
/// twice the best that `count` picks can do (Gonzalez, 1985). For cosine distances give a normalised matrix.
///
/// # Panics
/// When there is no row `first` and something is to be picked.
pub fn kcentre(matrix: &Matrix, count: usize, first: usize) -> KCentre {
    let mut picks = Vec::new();
    let mut nearest = vec![f32::INFINITY; matrix.len()];
    let mut next = (f32::INFINITY, first);
    let width = matrix.width();
    while picks.len() < count && next.0 > 0.0 && !matrix.is_empty() {
        let pick = matrix.row(next.1);
        picks.push(next.1);
        let chunks = nearest.par_chunks_mut(CHUNK).zip(matrix.data().par_chunks(CHUNK * width)).enumerate();
        let farthest = chunks.map(|(chunk, (nearest, rows))| {
            vectorised(|| {
                let mut farthest = (-1.0, 0);
                for (at, (nearest, row)) in nearest.iter_mut().zip(rows.chunks_exact(width)).enumerate() {
                    *nearest = nearest.min(distance::squared(row, pick));
                    if *nearest > farthest.0 {
                        farthest = (*nearest, chunk * CHUNK + at);
                    }
                }
                farthest
            })
        });
        next =
            farthest.reduce(|| (-1.0, usize::MAX), |a, b| if b.0 > a.0 || (b.0 == a.0 && b.1 < a.1) { b } else { a });
    }
    let radius = if picks.is_empty() { 0.0 } else { next.0.max(0.0).sqrt() };
    KCentre { picks, radius }
}
