//! Picks that cover: each the row farthest from all picks before it.
//!
//! Plain farthest-first compares every row with every pick, which costs a walk through all of memory for each pick. Here
//! a row is only compared when its distance, as of the last look, is the largest left: distances never grow, so that one
//! is a bound. It then catches up with all picks that it missed while it lies in the cache, and passes over those that
//! are at least twice as far from its nearest pick as it is itself (triangle inequality). The picks are the same.

use std::collections::BinaryHeap;

use rayon::prelude::*;

use crate::vectors::Matrix;
use crate::vectors::distance::{self, vectorised};

/// Rows that one thread looks at in one go.
const CHUNK: usize = 512;
/// Rows that catch up together: few at first, since a look may be for nothing.
const BATCH: (usize, usize) = (16, 2048);
/// How wrong a squared distance may be, as a share of itself.
const SLACK: f32 = 1e-4;

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
    if matrix.is_empty() || count == 0 {
        return KCentre { picks: Vec::new(), radius: 0.0 };
    }
    let mut cover = Cover::new(matrix, first);
    loop {
        let (square, row) = cover.farthest();
        if cover.picks.len() == count || square == 0.0 {
            return KCentre { picks: cover.picks, radius: square.sqrt() };
        }
        cover.pick(row);
    }
}

/// Where a row stands towards the picks.
#[derive(Clone, Copy)]
struct Standing {
    /// The squared distance from the nearest of the picks it was compared with.
    square: f32,
    /// Which of them that is.
    nearest: u32,
    /// With how many it was compared.
    seen: u32,
}

struct Cover<'a> {
    matrix: &'a Matrix,
    picks: Vec<usize>,
    /// The picks' rows, together.
    picked: Vec<f32>,
    /// Squared distances of each pick from those before it.
    apart: Vec<Vec<f32>>,
    standings: Vec<Standing>,
    /// Every row by what its standing says, see [`entry`].
    queue: BinaryHeap<u64>,
}

impl<'a> Cover<'a> {
    fn new(matrix: &'a Matrix, first: usize) -> Self {
        let (width, pick) = (matrix.width(), matrix.row(first));
        let against = |rows: &[f32]| {
            let standing = |row| Standing { square: distance::squared(row, pick), nearest: 0, seen: 1 };
            vectorised(|| rows.chunks_exact(width).map(standing).collect::<Vec<Standing>>())
        };
        let standings: Vec<Standing> = matrix.data().par_chunks(CHUNK * width).flat_map_iter(against).collect();
        let queue = standings.iter().enumerate().map(|(row, standing)| entry(standing.square, row)).collect();
        Self { matrix, picks: vec![first], picked: pick.to_vec(), apart: vec![Vec::new()], standings, queue }
    }

    /// The row whose nearest pick is farthest, and its squared distance.
    fn farthest(&mut self) -> (f32, usize) {
        let mut together = BATCH.0;
        loop {
            let mut behind = Vec::with_capacity(together);
            while behind.len() < together
                && let Some(row) = self.queue.peek().map(|&top| row_of(top))
                && (self.standings[row].seen as usize) < self.picks.len()
            {
                self.queue.pop();
                behind.push((row, self.standings[row]));
            }
            if behind.is_empty() {
                let row = self.queue.peek().map(|&top| row_of(top)).expect("there are rows: this is a bug");
                return (self.standings[row].square, row);
            }
            behind.par_chunks_mut(BATCH.0).for_each(|rows| {
                vectorised(|| {
                    for (row, standing) in rows {
                        self.catch_up(*row, standing);
                    }
                });
            });
            for (row, standing) in behind {
                self.standings[row] = standing;
                self.queue.push(entry(standing.square, row));
            }
            together = (together * 2).min(BATCH.1);
        }
    }

    /// Compares a row with the picks that it missed.
    #[inline(always)]
    fn catch_up(&self, row: usize, standing: &mut Standing) {
        let (width, numbers) = (self.matrix.width(), self.matrix.row(row));
        for pick in standing.seen as usize..self.picks.len() {
            if self.apart[pick][standing.nearest as usize] >= 4.0 * standing.square * (1.0 + SLACK) {
                continue;
            }
            let square = distance::squared(numbers, &self.picked[pick * width..][..width]);
            if square < standing.square {
                (standing.square, standing.nearest) = (square, pick as u32);
            }
        }
        standing.seen = self.picks.len() as u32;
    }

    fn pick(&mut self, row: usize) {
        let (width, pick) = (self.matrix.width(), self.matrix.row(row));
        let before = self.picked.chunks_exact(width);
        self.apart.push(vectorised(|| before.map(|other| distance::squared(pick, other)).collect()));
        self.picked.extend_from_slice(pick);
        self.picks.push(row);
    }
}

/// Orders by the distance, the lower row first among equals: bits of numbers that are not negative order as they do.
fn entry(square: f32, row: usize) -> u64 {
    u64::from(square.to_bits()) << 32 | u64::from(!(row as u32))
}

fn row_of(entry: u64) -> usize {
    !(entry as u32) as usize
}
