//! How strange each row is.

use rayon::prelude::*;

use crate::vectors::Matrix;
use crate::vectors::distance;
use crate::vectors::nearest::{Hit, keep_nearest};
use crate::vectors::product::{Packed, Products};

/// Rows that are multiplied with all others at once.
const ROWS: usize = 256;
/// Rows that they are multiplied with at once.
const PACK: usize = 1024;

/// How far each row is from its `k` nearest others: the mean of their cosine distances, higher is stranger. With fewer
/// than `k` others it is the mean of those there are; a lone row gets 0. Every pair is looked at: time grows with the
/// square of the rows.
pub fn outliers(matrix: &Matrix, k: usize) -> Vec<f32> {
    let (width, count) = (matrix.width(), matrix.len());
    if count < 2 || k == 0 {
        return vec![0.0; count];
    }
    let unit = matrix.normalised();
    let products = Products::new();
    let packs: Vec<Packed> = unit.data().chunks(width * PACK).map(|rows| products.pack(rows, width)).collect();
    let strange = |(block, rows): (usize, &[f32])| {
        let first = block * ROWS;
        let mut best: Vec<Vec<Hit>> = vec![Vec::new(); rows.len() / width];
        let mut dots = Vec::new();
        for (pack, with) in packs.iter().enumerate() {
            products.dots(rows, width, with, &mut dots);
            for (at, (best, dots)) in best.iter_mut().zip(dots.chunks_exact(with.len())).enumerate() {
                add(best, dots, pack * PACK, first + at, k);
            }
        }
        let mean = |hits: Vec<Hit>| hits.iter().map(|hit| f64::from(hit.distance)).sum::<f64>() / hits.len() as f64;
        let sorted = |mut hits: Vec<Hit>| {
            hits.sort_unstable_by(Hit::order);
            hits
        };
        best.into_iter().map(|hits| mean(sorted(hits)) as f32).collect::<Vec<f32>>()
    };
    unit.data().par_chunks(width * ROWS).enumerate().flat_map_iter(strange).collect()
}

/// Takes in the products of one row with some others, the first of which is row `from`.
fn add(best: &mut Vec<Hit>, dots: &[f32], from: usize, own: usize, k: usize) {
    let worst = if best.len() < k { f32::INFINITY } else { best.iter().fold(0.0, |w: f32, h| w.max(h.distance)) };
    let near = dots.iter().enumerate().map(|(at, dot)| Hit { row: from + at, distance: distance::from_cosine(*dot) });
    best.extend(near.filter(|hit| hit.row != own && hit.distance <= worst));
    keep_nearest(best, k);
}
