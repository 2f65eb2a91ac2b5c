//! Rows of length 1 in the order of their lists, with their sketches.

use std::ops::Range;

use rand::SeedableRng;
use rand::seq::index;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::vectors::Matrix;
use crate::vectors::distance::{self, vectorised};
use crate::vectors::kmeans::kmeans_from;
use crate::vectors::near::lists::Lists;
use crate::vectors::product::Products;

/// Fewer rows lie in one list.
const LISTS_FROM: usize = 4096;
/// Beyond this distance bounds say nothing.
const LISTS_WITHIN: f32 = 0.8;
/// Rows that the centres are found on, for each.
const SAMPLE: usize = 40;
/// Iterations that the centres get.
const ITERATIONS: u32 = 6;
/// Columns of a sketch come in so many.
const COLUMNS: usize = 16;
/// A sketch should see so many times the squared distance that is still near, in rows of one list.
const SEEN: f64 = 3.0;
/// Rows that are copied in one go.
const CHUNK: usize = 256;

pub(super) struct Arranged {
    pub(super) width: usize,
    /// Rows of length 1, their columns in another order.
    pub(super) unit: Vec<f32>,
    /// Which row of the matrix each is.
    pub(super) rows: Vec<u32>,
    pub(super) lists: Lists,
    /// Some columns and the length of the rest, when that saves work.
    sketch: Option<(Vec<f32>, usize)>,
}

impl Arranged {
    pub(super) fn new(matrix: &Matrix, products: &Products, within: f32) -> Self {
        let width = matrix.width();
        let zero =
            matrix.squares().into_iter().zip(0..).map(|(square, row)| (square == 0.0 && is_zero(matrix.row(row)), row));
        // Rows of zeros are at distance 1 from all: near to nothing, or all pairs are wanted anyway.
        let kept: Vec<usize> = zero.filter(|(zero, _)| !zero || within >= 1.0).map(|(_, row)| row).collect();
        let many = kept.len() >= LISTS_FROM && within <= LISTS_WITHIN;
        let count = if many { (kept.len() as f64).sqrt() as usize } else { 1 };
        let sample = sample(matrix, &kept, count * SAMPLE);
        let centres = if many {
            let start = sample.gathered(&(0..count).collect::<Vec<usize>>());
            kmeans_from(&sample, &start, ITERATIONS, 0.0).centres.normalised()
        } else {
            Matrix::trusted(width, vec![0.0; width])
        };
        let (order, columns) = columns(&sample, &centres, within);
        let of = if many { lists_of(matrix, products, &kept, &centres) } else { vec![0; kept.len()] };
        let centres = permuted(&centres, &order);

        let mut places: Vec<(u32, f32, usize)> = {
            let own = |at: usize| {
                let mut row = Vec::with_capacity(width);
                unit_row(matrix.row(kept[at]), &order, &mut row);
                let list = of[at] as usize;
                (of[at], vectorised(|| distance::dot(&row, &centres[list * width..][..width])), kept[at])
            };
            (0..kept.len()).into_par_iter().with_min_len(CHUNK).map(own).collect()
        };
        // Within a list the nearest to the centre come first.
        places.sort_unstable_by(|x, y| x.0.cmp(&y.0).then(y.1.total_cmp(&x.1)).then(x.2.cmp(&y.2)));
        let mut unit = vec![0.0; places.len() * width];
        unit.par_chunks_mut(CHUNK * width).zip(places.par_chunks(CHUNK)).for_each(|(unit, places)| {
            let mut room = Vec::with_capacity(width);
            for (unit, place) in unit.chunks_exact_mut(width).zip(places) {
                unit_row(matrix.row(place.2), &order, &mut room);
                unit.copy_from_slice(&room);
            }
        });
        let lists = Lists::new(products, centres, width, places.iter().map(|place| (place.0, place.1)), within);
        let sketch = columns.map(|columns| (sketched(&unit, width, columns), columns + 1));
        Self { width, unit, rows: places.iter().map(|place| place.2 as u32).collect(), lists, sketch }
    }

    pub(super) fn row(&self, at: usize) -> &[f32] {
        &self.unit[at * self.width..][..self.width]
    }

    /// What rows are compared by first, and its width.
    pub(super) fn sketch(&self) -> (&[f32], usize) {
        self.sketch.as_ref().map_or((&self.unit, self.width), |(sketch, width)| (sketch, *width))
    }

    pub(super) fn sketch_width(&self) -> usize {
        self.sketch().1
    }

    /// Runs of at most `rows` rows, each of one list.
    pub(super) fn tiles(&self, rows: usize) -> Vec<(usize, Range<usize>)> {
        let of_list = |list: usize| {
            let run = self.lists.of(list);
            run.clone().step_by(rows).map(move |start| (list, start..run.end.min(start + rows)))
        };
        (0..self.lists.len()).flat_map(of_list).collect()
    }
}

fn is_zero(row: &[f32]) -> bool {
    row.iter().all(|x| *x == 0.0)
}

/// Rows of length 1, at most `most`, in random order.
fn sample(matrix: &Matrix, kept: &[usize], most: usize) -> Matrix {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let most = most.max(1000).min(kept.len());
    let rows: Vec<usize> = index::sample(&mut rng, kept.len(), most).iter().map(|at| kept[at]).collect();
    matrix.gathered(&rows).normalised()
}

/// The columns, those in which rows of one list differ most first; and how many of them make a sketch, when few enough
/// do.
fn columns(sample: &Matrix, centres: &Matrix, within: f32) -> (Vec<usize>, Option<usize>) {
    let width = sample.width();
    let mut spread: Vec<(f64, usize)> = (0..width).map(|column| (0.0, column)).collect();
    let nearest = |row: &[f32]| {
        let dots = (0..centres.len()).map(|centre| distance::dot(row, centres.row(centre)));
        dots.enumerate().fold((0, f32::MIN), |best, dot| if dot.1 > best.1 { dot } else { best }).0
    };
    // A thousand rows say well enough how the columns compare.
    let some = sample.len().min(1000);
    let of: Vec<usize> = (0..some).into_par_iter().map(|row| vectorised(|| nearest(sample.row(row)))).collect();
    let mut sums = vec![(vec![0.0_f64; width], 0.0); centres.len()];
    for (row, &list) in of.iter().enumerate() {
        sums[list].0.iter_mut().zip(sample.row(row)).for_each(|(sum, x)| *sum += f64::from(*x));
        sums[list].1 += 1.0;
    }
    // A row alone in its list says nothing.
    let mut rows = 0.0;
    for (row, &list) in of.iter().enumerate().filter(|(_, list)| sums[**list].1 > 1.0) {
        let (sum, count) = &sums[list];
        for ((spread, x), sum) in spread.iter_mut().zip(sample.row(row)).zip(sum) {
            spread.0 += (f64::from(*x) - sum / count).powi(2) * count / (count - 1.0);
        }
        rows += 1.0;
    }
    spread.sort_by(|x, y| y.0.total_cmp(&x.0));
    let (mut seen, mut wanted) = (0.0, None);
    for (at, (sum, _)) in spread.iter().enumerate() {
        // Two rows are apart by twice their variance; near ones by twice `within`.
        seen += 2.0 * sum / f64::max(rows, 1.0);
        if wanted.is_none() && seen >= SEEN * 2.0 * f64::from(within) {
            wanted = Some((at + 1).next_multiple_of(COLUMNS) - 1);
        }
    }
    let wanted = wanted.map(|columns| columns.max(COLUMNS - 1)).filter(|columns| columns * 2 <= width);
    (spread.into_iter().map(|(_, column)| column).collect(), wanted)
}

/// The list of each row: the centre that it points to most.
fn lists_of(matrix: &Matrix, products: &Products, kept: &[usize], centres: &Matrix) -> Vec<u32> {
    let packed = products.pack(centres.data(), centres.width());
    let nearest = |dots: &[f32]| {
        let best = dots
            .iter()
            .enumerate()
            .fold((0, f32::MIN), |best, (at, dot)| if *dot > best.1 { (at, *dot) } else { best });
        best.0 as u32
    };
    let chunk = |rows: &[usize]| {
        let mut dots = Vec::new();
        products.dots(matrix.gathered(rows).data(), matrix.width(), &packed, &mut dots);
        dots.chunks_exact(packed.len()).map(nearest).collect::<Vec<u32>>()
    };
    kept.par_chunks(CHUNK).flat_map_iter(chunk).collect()
}

fn permuted(matrix: &Matrix, order: &[usize]) -> Vec<f32> {
    (0..matrix.len()).flat_map(|row| order.iter().map(move |&column| matrix.row(row)[column])).collect()
}

/// A row at length 1 with its columns in that order.
fn unit_row(row: &[f32], order: &[usize], room: &mut Vec<f32>) {
    room.clear();
    room.extend(order.iter().map(|&column| row[column]));
    vectorised(|| distance::normalise(room));
}

/// The first columns of each row and the length of the others, rounded up.
fn sketched(unit: &[f32], width: usize, columns: usize) -> Vec<f32> {
    let mut sketch = vec![0.0; unit.len() / width * (columns + 1)];
    let chunks = sketch.par_chunks_mut(CHUNK * (columns + 1)).zip(unit.par_chunks(CHUNK * width));
    chunks.for_each(|(sketch, unit)| {
        vectorised(|| {
            for (sketch, row) in sketch.chunks_exact_mut(columns + 1).zip(unit.chunks_exact(width)) {
                let (first, rest) = row.split_at(columns);
                sketch[..columns].copy_from_slice(first);
                sketch[columns] = distance::dot(rest, rest).sqrt() * (1.0 + 1e-6);
            }
        });
    });
    sketch
}
