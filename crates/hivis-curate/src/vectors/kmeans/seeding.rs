//! Where centres begin: greedy k-means++ (Arthur and Vassilvitskii, 2007).

use rand::seq::index;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::vectors::Matrix;
use crate::vectors::distance::vectorised;
use crate::vectors::product::{Packed, Products};

/// Sampled rows for each centre, and at least.
const SAMPLE: (usize, usize) = (200, 10_000);
/// Rows that are multiplied with the candidates at once.
const ROWS: usize = 512;
/// Squared distances below this share of the squared lengths are rounding.
const ROUNDING: f32 = 2e-6;

/// Centres of start number `start.1` with the seed `start.0`, `[clusters, width]`; `clusters` is at most the rows.
pub(super) fn centres(matrix: &Matrix, products: &Products, clusters: usize, start: (u64, u32)) -> Vec<f32> {
    let mut rng = stream(start);
    let wanted = (clusters * SAMPLE.0).max(SAMPLE.1);
    let sampled = matrix.len() > wanted;
    let mut rows: Vec<usize> =
        if sampled { index::sample(&mut rng, matrix.len(), wanted).into_vec() } else { Vec::new() };
    rows.sort_unstable();
    let sample = if sampled { &matrix.gathered(&rows) } else { matrix };
    let mut picks = spread(sample, products, clusters, &mut rng);
    // The sample may hold fewer different rows than the whole: any row will do, Lloyd moves what stays empty.
    while picks.len() < clusters * matrix.width() {
        picks.extend_from_slice(matrix.row(rng.random_range(0..matrix.len())));
    }
    picks
}

fn stream(start: (u64, u32)) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&start.0.to_le_bytes());
    key[8..12].copy_from_slice(&start.1.to_le_bytes());
    ChaCha8Rng::from_seed(key)
}

/// Draws rows in proportion to their squared distance from the nearest one drawn; of a few candidates each time the one
/// that leaves the least. Stops early when all rows equal one that was drawn.
fn spread(sample: &Matrix, products: &Products, clusters: usize, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let (count, width) = (sample.len(), sample.width());
    let candidates = 2 + (clusters as f64).ln() as usize;
    let squares = sample.squares();
    let first = rng.random_range(0..count);
    let mut picks = sample.row(first).to_vec();
    let nearest = vec![f32::INFINITY; count];
    let (mut nearest, mut left) = closer(sample, products, &squares, &nearest, &[first]).swap_remove(0);
    while picks.len() < clusters * width && left > 0.0 {
        let drawn: Vec<usize> = (0..candidates).map(|_| draw(&nearest, rng.random::<f64>() * left)).collect();
        let tried = closer(sample, products, &squares, &nearest, &drawn);
        let best = (0..candidates).min_by(|&a, &b| tried[a].1.total_cmp(&tried[b].1)).unwrap_or(0);
        picks.extend_from_slice(sample.row(drawn[best]));
        (nearest, left) = tried.into_iter().nth(best).expect("one of them: this is a bug");
    }
    picks
}

/// The row at which the running sum passes `at`; never one that is at distance 0.
fn draw(nearest: &[f32], at: f64) -> usize {
    let (mut sum, mut last) = (0.0, 0);
    for (row, &square) in nearest.iter().enumerate().filter(|(_, square)| **square > 0.0) {
        sum += f64::from(square);
        last = row;
        if sum > at {
            break;
        }
    }
    last
}

/// For each candidate, the squared distances from the nearest centre if it became one, and their sum.
fn closer(
    sample: &Matrix,
    products: &Products,
    squares: &[f32],
    nearest: &[f32],
    candidates: &[usize],
) -> Vec<(Vec<f32>, f64)> {
    let width = sample.width();
    let packed: Packed = products.pack(sample.gathered(candidates).data(), width);
    let many = candidates.len();
    let block = |(block, rows): (usize, &[f32])| {
        let mut dots = Vec::new();
        products.dots(rows, width, &packed, &mut dots);
        let (first, count) = (block * ROWS, rows.len() / width);
        let mut out = vec![0.0_f32; many * count];
        vectorised(|| {
            for (at, dots) in dots.chunks_exact(many).enumerate() {
                let (own, near) = (squares[first + at], nearest[first + at]);
                for (candidate, dot) in dots.iter().enumerate() {
                    let sum = own + squares[candidates[candidate]];
                    let square = sum - 2.0 * dot;
                    out[candidate * count + at] = if square <= ROUNDING * sum { 0.0 } else { square }.min(near);
                }
            }
        });
        out
    };
    let blocks: Vec<Vec<f32>> = sample.data().par_chunks(width * ROWS).enumerate().map(block).collect();
    let of = |candidate: usize| {
        let mut all = Vec::with_capacity(sample.len());
        for block in &blocks {
            let count = block.len() / many;
            all.extend_from_slice(&block[candidate * count..][..count]);
        }
        let left = all.iter().map(|&square| f64::from(square)).sum();
        (all, left)
    };
    (0..many).map(of).collect()
}
