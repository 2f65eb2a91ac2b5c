//! The pairs of rows that are near to each other, without looking at most of the others.
//!
//! Two bounds, both exact. Rows lie in lists about centres: the angle between two rows is at least the difference of
//! their angles to any centre, so that a row is only compared with lists, and with members of a list, whose angles leave
//! that open. And a row is compared by a *sketch* first: some of its columns and the length of the rest, whose product
//! is never less than the cosine (Cauchy and Schwarz). What passes both is multiplied in full.

mod arrange;
mod lists;

use std::ops::Range;

use rayon::prelude::*;

use crate::vectors::Matrix;
use crate::vectors::distance::{self, vectorised};
use crate::vectors::product::Products;
use arrange::Arranged;

/// Rows that one thread compares with others in one go.
const ROWS: usize = 256;
/// Rows that they are compared with at once.
const PACK: usize = 1024;
/// How wrong a product of two rows of length 1 may be.
const ROUNDING: f32 = 4e-6;
/// So few rows are multiplied one by one.
const FEW: usize = 3;

/// A pair within the bound; `a` is the lower row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    pub(crate) a: u32,
    pub(crate) b: u32,
    pub(crate) distance: f32,
}

/// Gives every pair within the cosine distance `within` to `sink`, each once, in no order, from several threads.
pub(crate) fn each(matrix: &Matrix, within: f32, sink: &(dyn Fn(Vec<Found>) + Sync)) {
    if matrix.len() < 2 || within.is_nan() || within < 0.0 {
        return;
    }
    let products = Products::new();
    let search = Search { at: Arranged::new(matrix, &products, within), products: &products, within };
    let tile = |(list, rows): (usize, Range<usize>)| {
        let found = search.tile(list, rows);
        if !found.is_empty() {
            sink(found);
        }
    };
    search.at.tiles(ROWS).into_par_iter().for_each(tile);
}

/// Some rows by their positions.
#[derive(Clone)]
enum Rows<'a> {
    Run(Range<usize>),
    Some(&'a [usize]),
}

impl Rows<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Run(run) => run.len(),
            Self::Some(some) => some.len(),
        }
    }

    fn at(&self, n: usize) -> usize {
        match self {
            Self::Run(run) => run.start + n,
            Self::Some(some) => some[n],
        }
    }

    fn part(&self, part: Range<usize>) -> Self {
        match self {
            Self::Run(run) => Self::Run(run.start + part.start..run.start + part.end),
            Self::Some(some) => Self::Some(&some[part]),
        }
    }

    /// Their numbers out of `data`, gathered in `room` when they are no run.
    fn numbers<'a>(&self, data: &'a [f32], width: usize, room: &'a mut Vec<f32>) -> &'a [f32] {
        match self {
            Self::Run(run) => &data[run.start * width..run.end * width],
            Self::Some(some) => {
                room.clear();
                for row in *some {
                    room.extend_from_slice(&data[row * width..][..width]);
                }
                room
            }
        }
    }
}

/// One search under way.
struct Search<'a> {
    at: Arranged,
    products: &'a Products,
    within: f32,
}

impl Search<'_> {
    /// All pairs of these rows of a list with later rows of it and with rows of later lists.
    fn tile(&self, list: usize, rows: Range<usize>) -> Vec<Found> {
        let at = &self.at;
        let mut found = Vec::new();
        self.compare(&Rows::Run(rows.clone()), &Rows::Run(rows.start..at.lists.of(list).end), &mut found);
        if list + 1 == at.lists.len() {
            return found;
        }
        for (other, open, range) in at.lists.open(self.products, &at.unit, list, rows) {
            let run = Rows::Run(range.clone());
            // Looking from this list's centre costs one full product a row: worth it when it may save more.
            if open.len() * at.sketch_width() > 2 * at.width {
                let some = at.lists.seen_from(self.products, &at.unit, list, range.clone());
                if some.len() * 2 < range.len() {
                    self.compare(&Rows::Some(&open), &Rows::Some(&some), &mut found);
                    continue;
                }
            }
            debug_assert!(other > list);
            self.compare(&Rows::Some(&open), &run, &mut found);
        }
        found
    }

    /// Adds the near ones among all pairs of `rows` with `others` that lie behind them.
    fn compare(&self, rows: &Rows<'_>, others: &Rows<'_>, found: &mut Vec<Found>) {
        let (data, width) = self.at.sketch();
        let (mut room, mut other_room, mut dots) = (Vec::new(), Vec::new(), Vec::new());
        let numbers = rows.numbers(data, width, &mut room);
        let step = if rows.len() <= FEW { Products::FEW } else { PACK };
        for start in (0..others.len()).step_by(step) {
            let part = others.part(start..others.len().min(start + step));
            let with = part.numbers(data, width, &mut other_room);
            if rows.len() <= FEW {
                dots.resize(rows.len() * part.len(), 0.0);
                for (row, dots) in numbers.chunks_exact(width).zip(dots.chunks_exact_mut(part.len())) {
                    self.products.with_one(row, with, dots);
                }
            } else {
                self.products.dots(numbers, width, &self.products.pack(with, width), &mut dots);
            }
            self.scan(rows, &part, &dots, found);
        }
    }

    /// Multiplies in full where the sketches' products (`[rows, others]`) leave it open.
    fn scan(&self, rows: &Rows<'_>, others: &Rows<'_>, dots: &[f32], found: &mut Vec<Found>) {
        const GLANCE: usize = 64;
        let least = 1.0 - self.within - ROUNDING;
        vectorised(|| {
            for (n, dots) in dots.chunks_exact(others.len()).enumerate() {
                let one = rows.at(n);
                for (glance, dots) in dots.chunks(GLANCE).enumerate() {
                    // Whole numbers add up in any order, so this runs at full width; comparing one by one does not.
                    if dots.iter().map(|dot| u32::from(*dot >= least)).sum::<u32>() == 0 {
                        continue;
                    }
                    for (at, _) in dots.iter().enumerate().filter(|(_, dot)| **dot >= least) {
                        let other = others.at(glance * GLANCE + at);
                        if other > one {
                            self.look(one, other, found);
                        }
                    }
                }
            }
        });
    }

    #[inline(always)]
    fn look(&self, one: usize, other: usize, found: &mut Vec<Found>) {
        let (x, y) = (self.at.row(one), self.at.row(other));
        let mut distance = distance::from_cosine(distance::dot(x, y));
        if distance <= ROUNDING && x == y {
            distance = 0.0;
        }
        if distance <= self.within {
            let (a, b) = (self.at.rows[one], self.at.rows[other]);
            found.push(Found { a: a.min(b), b: a.max(b), distance });
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn many_rows_lie_in_lists_and_are_sketched() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let mut even = |count: usize| (0..count).map(|_| rng.random_range(-1.0_f32..1.0)).collect::<Vec<f32>>();
        let rows = Matrix::trusted(96, even(5000 * 96));
        let arranged = Arranged::new(&rows, &Products::new(), 0.05);
        assert!(arranged.lists.len() > 30 && arranged.sketch_width() < 48);
        let wide = Arranged::new(&rows, &Products::new(), 0.9);
        assert_eq!((wide.lists.len(), wide.sketch_width()), (1, 96));
    }
}
