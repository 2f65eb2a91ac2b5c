//! Lloyd's iterations with bounds.

use rayon::prelude::*;

use crate::vectors::Matrix;
use crate::vectors::distance::{self, vectorised};
use crate::vectors::kmeans::Clustering;
use crate::vectors::product::{Packed, Products};

/// Rows whose bounds one thread looks at in one go; those that must be are multiplied with the centres together.
const ROWS: usize = 1024;
/// How wrong a squared distance out of products may be, as a share of the squared lengths. Bounds give way by that much.
const ROUNDING: f32 = 4e-6;
/// How wrong a distance may be, as a share of itself.
const SLACK: f32 = 1e-5;

/// What does not change between starts.
pub(super) struct Lloyd<'a> {
    matrix: &'a Matrix,
    products: &'a Products,
    squares: Vec<f32>,
    /// Mean variance of the columns.
    variance: f64,
}

/// One start under way.
struct State {
    centres: Vec<f32>,
    /// Sums and numbers of the members.
    sums: Vec<f64>,
    counts: Vec<u64>,
    points: Vec<Point>,
}

/// What is known of a row.
#[derive(Clone, Copy)]
struct Point {
    of: u32,
    /// Its own centre is at most so far.
    upper: f32,
    /// Every other centre is at least so far.
    lower: f32,
}

/// A row that changes its group. `from` is [`NONE`] for one that had none.
#[derive(Clone, Copy)]
struct Move {
    row: u32,
    from: u32,
    to: u32,
}

const NONE: u32 = u32::MAX;

/// Centres as an assignment needs them.
struct Prepared {
    packed: Packed,
    squares: Vec<f32>,
    /// Half the distance from the nearest other centre, rounded down.
    half: Vec<f32>,
}

impl<'a> Lloyd<'a> {
    /// `matrix` has rows.
    pub(super) fn new(matrix: &'a Matrix, products: &'a Products) -> Self {
        let squares = matrix.squares();
        let variance = variance(matrix);
        Self { matrix, products, squares, variance }
    }

    pub(super) fn run(&self, centres: Vec<f32>, iterations: u32, tolerance: f64) -> Clustering {
        let (width, count) = (self.matrix.width(), self.matrix.len());
        let clusters = centres.len() / width;
        let mut state = State {
            sums: vec![0.0; centres.len()],
            counts: vec![0; clusters],
            centres,
            points: vec![Point { of: NONE, upper: f32::INFINITY, lower: 0.0 }; count],
        };
        let mut made = 0;
        let mut settled = false;
        while made < iterations && !settled {
            let moves = self.assign(&mut state);
            made += 1;
            self.follow(&mut state, &moves);
            self.refill(&mut state);
            let shift = state.step(width);
            settled = moves.is_empty();
            if !settled && shift <= tolerance * self.variance {
                break;
            }
        }
        if !settled {
            self.assign(&mut state);
        }
        self.finish(&state, made)
    }

    /// Gives every row the nearest centre, the lower number among equals.
    fn assign(&self, state: &mut State) -> Vec<Move> {
        let prepared = self.prepare(&state.centres);
        let (width, centres) = (self.matrix.width(), &state.centres);
        let chunk = |(chunk, points): (usize, &mut [Point])| {
            let first = chunk * ROWS;
            let mut open = Vec::new();
            vectorised(|| {
                for (at, point) in points.iter_mut().enumerate() {
                    if point.of != NONE {
                        let safe = prepared.half[point.of as usize].max(point.lower);
                        if point.upper <= safe {
                            continue;
                        }
                        let own = &centres[point.of as usize * width..][..width];
                        point.upper = distance::squared(self.matrix.row(first + at), own).sqrt() * (1.0 + SLACK);
                        if point.upper <= safe {
                            continue;
                        }
                    }
                    open.push(at);
                }
            });
            self.look(first, points, &open, &prepared)
        };
        state.points.par_chunks_mut(ROWS).enumerate().flat_map_iter(chunk).collect()
    }

    /// Multiplies the rows `open` of a chunk with every centre.
    fn look(&self, first: usize, points: &mut [Point], open: &[usize], prepared: &Prepared) -> Vec<Move> {
        let width = self.matrix.width();
        let (mut gathered, mut dots) = (Vec::new(), Vec::new());
        let rows = if open.len() == points.len() {
            &self.matrix.data()[first * width..][..points.len() * width]
        } else {
            gathered.reserve(open.len() * width);
            for at in open {
                gathered.extend_from_slice(self.matrix.row(first + at));
            }
            &gathered
        };
        self.products.dots(rows, width, &prepared.packed, &mut dots);
        let mut moves = Vec::new();
        vectorised(|| {
            for (&at, dots) in open.iter().zip(dots.chunks_exact(prepared.packed.len())) {
                let [(of, best), (other, second)] = two_nearest(dots, &prepared.squares);
                let own = self.squares[first + at];
                let bound = |square: f32, centre: usize, sign: f32| {
                    let off = ROUNDING * (own + prepared.squares.get(centre).copied().unwrap_or(0.0));
                    (own + square + sign * off).max(0.0).sqrt() * (1.0 + sign * SLACK)
                };
                let from = points[at].of;
                points[at] = Point { of: of as u32, upper: bound(best, of, 1.0), lower: bound(second, other, -1.0) };
                if from != of as u32 {
                    moves.push(Move { row: (first + at) as u32, from, to: of as u32 });
                }
            }
        });
        moves
    }

    fn prepare(&self, centres: &[f32]) -> Prepared {
        let width = self.matrix.width();
        let packed = self.products.pack(centres, width);
        let squares: Vec<f32> = centres.chunks_exact(width).map(|c| distance::dot(c, c)).collect();
        let half = (0..packed.len()).into_par_iter().map(|own| {
            let centre = &centres[own * width..][..width];
            let others = centres.chunks_exact(width).enumerate().filter(|(other, _)| *other != own);
            let nearest =
                vectorised(|| others.map(|(_, c)| distance::squared(c, centre)).fold(f32::INFINITY, f32::min));
            0.5 * nearest.sqrt() * (1.0 - SLACK)
        });
        Prepared { half: half.collect(), packed, squares }
    }

    /// Takes the moves into the sums: each cluster by one thread, its rows in order.
    fn follow(&self, state: &mut State, moves: &[Move]) {
        let width = self.matrix.width();
        let mut of_cluster: Vec<Vec<(u32, f64)>> = vec![Vec::new(); state.counts.len()];
        for m in moves {
            if m.from != NONE {
                of_cluster[m.from as usize].push((m.row, -1.0));
                state.counts[m.from as usize] -= 1;
            }
            of_cluster[m.to as usize].push((m.row, 1.0));
            state.counts[m.to as usize] += 1;
        }
        state.sums.par_chunks_mut(width).zip(&of_cluster).for_each(|(sums, rows)| {
            vectorised(|| {
                for &(row, sign) in rows {
                    for (sum, x) in sums.iter_mut().zip(self.matrix.row(row as usize)) {
                        *sum += sign * f64::from(*x);
                    }
                }
            });
        });
    }

    /// Moves every empty cluster to the row that is farthest from its centre, the lower row among equals.
    fn refill(&self, state: &mut State) {
        let empty: Vec<usize> = (0..state.counts.len()).filter(|&c| state.counts[c] == 0).collect();
        if empty.is_empty() {
            return;
        }
        let mut far: Vec<(f32, usize)> = self.squared(state).into_iter().zip(0..).collect();
        far.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut far = far.into_iter().filter(|(square, _)| *square > 0.0);
        for cluster in empty {
            // A row that is alone in its cluster stays there.
            let Some((_, row)) = far.find(|(_, row)| state.counts[state.points[*row].of as usize] > 1) else { return };
            let from = state.points[row].of;
            state.points[row] = Point { of: cluster as u32, upper: f32::INFINITY, lower: 0.0 };
            self.follow(state, &[Move { row: row as u32, from, to: cluster as u32 }]);
        }
    }

    /// The squared distance of each row from its centre.
    fn squared(&self, state: &State) -> Vec<f32> {
        let width = self.matrix.width();
        let chunk = |(chunk, points): (usize, &[Point])| {
            let square = |(at, point): (usize, &Point)| {
                let centre = &state.centres[point.of as usize * width..][..width];
                distance::squared(self.matrix.row(chunk * ROWS + at), centre)
            };
            vectorised(|| points.iter().enumerate().map(square).collect::<Vec<f32>>())
        };
        state.points.par_chunks(ROWS).enumerate().flat_map_iter(chunk).collect()
    }

    /// Leaves empty clusters out.
    fn finish(&self, state: &State, iterations: u32) -> Clustering {
        let width = self.matrix.width();
        let squared = self.squared(state);
        let mut filled = vec![false; state.counts.len()];
        state.points.iter().for_each(|point| filled[point.of as usize] = true);
        let mut name = vec![0; filled.len()];
        let mut centres = Vec::with_capacity(state.centres.len());
        for cluster in (0..filled.len()).filter(|&cluster| filled[cluster]) {
            name[cluster] = (centres.len() / width) as u32;
            centres.extend_from_slice(&state.centres[cluster * width..][..width]);
        }
        Clustering {
            centres: Matrix::trusted(width, centres),
            of: state.points.iter().map(|point| name[point.of as usize]).collect(),
            inertia: squared.iter().map(|&square| f64::from(square)).sum(),
            distance: squared.into_iter().map(f32::sqrt).collect(),
            iterations,
        }
    }
}

impl State {
    /// Moves the centres to the means of their members, and the bounds with them. The sum of the squared moves.
    fn step(&mut self, width: usize) -> f64 {
        let clusters = self.centres.chunks_exact_mut(width).zip(self.sums.chunks_exact(width)).zip(&self.counts);
        let moved = |((centre, sums), &count): ((&mut [f32], &[f64]), &u64)| {
            if count == 0 {
                return 0.0;
            }
            let mut square = 0.0;
            for (x, sum) in centre.iter_mut().zip(sums) {
                let mean = (sum / count as f64) as f32;
                square += (f64::from(mean) - f64::from(*x)).powi(2);
                *x = mean;
            }
            square
        };
        let squares: Vec<f64> = clusters.map(moved).collect();
        let shift: Vec<f32> = squares.iter().map(|square| square.sqrt() as f32 * (1.0 + SLACK)).collect();
        // The two largest: a row's own centre is none of the others.
        let (mut largest, mut second) = ((0.0, 0), 0.0_f32);
        for (cluster, &shift) in shift.iter().enumerate() {
            if shift > largest.0 {
                (largest, second) = ((shift, cluster), largest.0);
            } else {
                second = second.max(shift);
            }
        }
        self.points.par_iter_mut().with_min_len(ROWS).for_each(|point| {
            let of = point.of as usize;
            point.upper = (point.upper + shift[of]) * (1.0 + SLACK);
            point.lower = (point.lower - if of == largest.1 { second } else { largest.0 }) * (1.0 - SLACK);
        });
        squares.iter().sum()
    }
}

/// The two nearest centres by their squared distances, less the row's squared length.
#[inline(always)]
fn two_nearest(dots: &[f32], squares: &[f32]) -> [(usize, f32); 2] {
    let (mut best, mut second) = ((0, f32::INFINITY), (usize::MAX, f32::INFINITY));
    for (centre, (dot, square)) in dots.iter().zip(squares).enumerate() {
        let square = square - 2.0 * dot;
        if square < best.1 {
            (best, second) = ((centre, square), best);
        } else if square < second.1 {
            second = (centre, square);
        }
    }
    [best, second]
}

/// The mean variance of the columns.
fn variance(matrix: &Matrix) -> f64 {
    let (width, count) = (matrix.width(), matrix.len() as f64);
    let chunk = |rows: &[f32]| {
        vectorised(|| {
            let (mut sums, mut squares) = (vec![0.0; width], 0.0);
            for row in rows.chunks_exact(width) {
                for (sum, &x) in sums.iter_mut().zip(row) {
                    *sum += f64::from(x);
                }
                squares += f64::from(distance::dot(row, row));
            }
            (sums, squares)
        })
    };
    let chunks: Vec<(Vec<f64>, f64)> = matrix.data().par_chunks(width * ROWS * 16).map(chunk).collect();
    let (mut sums, mut squares) = (vec![0.0; width], 0.0);
    for (sum, square) in chunks {
        sums.iter_mut().zip(sum).for_each(|(all, sum)| *all += sum);
        squares += square;
    }
    let mean = sums.iter().map(|sum| (sum / count).powi(2)).sum::<f64>();
    ((squares / count - mean) / width as f64).max(0.0)
}
