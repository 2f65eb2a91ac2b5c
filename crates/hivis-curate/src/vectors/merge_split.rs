//! Groups that are neither twins nor too wide.

use crate::vectors::distance::{self, vectorised};
use crate::vectors::{Clustering, Matrix};

/// Rounds in which the two halves of a split settle.
const ROUNDS: usize = 10;

/// When groups are merged and split, in cosine distances.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MergeSplit {
    /// Two centres nearer than this are one.
    pub merge: f32,
    /// A group with a member farther than this from its centre is two.
    pub split: f32,
}

impl Default for MergeSplit {
    fn default() -> Self {
        Self { merge: 0.4, split: 0.6 }
    }
}

/// Merges groups whose centres are near, then splits those that are wide.
///
/// 1. While two centres are nearer than `merge`, the nearest two (the lower numbers among equals) become one under the
///    lower number; its centre is the mean of all its members.
/// 2. Then each group, in order of its number, that has a member farther than `split` from its centre is divided about
///    that member and the one farthest from it (two means by cosine, at most 10 rounds). One half keeps the number, the other gets the
///    next free one and is looked at in its turn. Rows that all point the same way stay together.
///
/// Each merge leaves one group fewer and each split makes groups smaller, so it always ends. Splitting comes last: that
/// no member is far from its centre holds in the end, while halves of a split may lie nearer than `merge`.
pub fn merge_and_split(matrix: &Matrix, clustering: Clustering, limits: &MergeSplit) -> Clustering {
    if matrix.is_empty() {
        return clustering;
    }
    let iterations = clustering.iterations;
    let mut groups: Vec<Vec<usize>> = clustering.members().into_iter().filter(|rows| !rows.is_empty()).collect();
    merge(matrix, &mut groups, limits.merge);
    let unit = matrix.normalised();
    let mut at = 0;
    while at < groups.len() {
        match halves(matrix, &unit, &groups[at], limits.split) {
            Some((one, other)) => {
                groups[at] = one;
                groups.push(other);
            }
            None => at += 1,
        }
    }
    described(matrix, &groups, iterations)
}

fn merge(matrix: &Matrix, groups: &mut Vec<Vec<usize>>, limit: f32) {
    let mut centres: Vec<Vec<f32>> = groups.iter().map(|rows| direction(&mean(matrix, rows))).collect();
    let row = |centres: &[Vec<f32>], at: usize| -> Vec<f32> {
        let far = |other: usize| distance::from_cosine(distance::dot(&centres[at], &centres[other]));
        (0..centres.len()).map(far).collect()
    };
    let mut apart: Vec<Vec<f32>> = (0..groups.len()).map(|at| row(&centres, at)).collect();
    loop {
        let pairs = (0..groups.len()).flat_map(|a| (a + 1..groups.len()).map(move |b| (a, b)));
        let nearest = pairs.min_by(|x, y| apart[x.0][x.1].total_cmp(&apart[y.0][y.1]));
        let Some((a, b)) = nearest.filter(|&(a, b)| apart[a][b] < limit) else { return };
        let joined = groups.remove(b);
        groups[a].extend(joined);
        groups[a].sort_unstable();
        centres.remove(b);
        centres[a] = direction(&mean(matrix, &groups[a]));
        apart.remove(b);
        for row in &mut apart {
            row.remove(b);
        }
        apart[a] = row(&centres, a);
        let fresh = apart[a].clone();
        for (row, far) in apart.iter_mut().zip(fresh) {
            row[a] = far;
        }
    }
}

/// A group in two, when a member is too far from the centre and they do not all point the same way.
fn halves(matrix: &Matrix, unit: &Matrix, rows: &[usize], limit: f32) -> Option<(Vec<usize>, Vec<usize>)> {
    let centre = direction(&mean(matrix, rows));
    let (first, far) = farthest(unit, rows, &centre);
    if far <= limit {
        return None;
    }
    let (second, apart) = farthest(unit, rows, unit.row(first));
    if apart <= 0.0 || unit.row(first) == unit.row(second) {
        return None;
    }
    let mut centres = [unit.row(first).to_vec(), unit.row(second).to_vec()];
    let mut parts = divided(unit, rows, &centres);
    for _ in 0..ROUNDS {
        if parts.0.is_empty() || parts.1.is_empty() {
            break;
        }
        centres = [direction(&mean(matrix, &parts.0)), direction(&mean(matrix, &parts.1))];
        let next = divided(unit, rows, &centres);
        if next == parts {
            break;
        }
        parts = next;
    }
    if parts.0.is_empty() || parts.1.is_empty() {
        // The rounds ran into each other: the farthest member alone leaves.
        let rest: Vec<usize> = rows.iter().copied().filter(|&row| row != first).collect();
        parts = (rest, vec![first]);
    }
    if parts.0[0] > parts.1[0] {
        parts = (parts.1, parts.0);
    }
    Some(parts)
}

/// Which rows are nearer to the first centre, and which to the second.
fn divided(unit: &Matrix, rows: &[usize], centres: &[Vec<f32>; 2]) -> (Vec<usize>, Vec<usize>) {
    vectorised(|| {
        rows.iter()
            .partition(|&&row| distance::dot(unit.row(row), &centres[0]) >= distance::dot(unit.row(row), &centres[1]))
    })
}

/// The row that is farthest from a direction, the first among equals, and how far.
fn farthest(unit: &Matrix, rows: &[usize], from: &[f32]) -> (usize, f32) {
    vectorised(|| {
        let mut found = (rows[0], f32::NEG_INFINITY);
        for &row in rows {
            let far = distance::from_cosine(distance::dot(unit.row(row), from));
            if far > found.1 {
                found = (row, far);
            }
        }
        found
    })
}

fn mean(matrix: &Matrix, rows: &[usize]) -> Vec<f32> {
    let mut sums = vec![0.0_f64; matrix.width()];
    for &row in rows {
        sums.iter_mut().zip(matrix.row(row)).for_each(|(sum, &x)| *sum += f64::from(x));
    }
    sums.into_iter().map(|sum| (sum / rows.len() as f64) as f32).collect()
}

fn direction(of: &[f32]) -> Vec<f32> {
    let mut row = of.to_vec();
    distance::normalise(&mut row);
    row
}

fn described(matrix: &Matrix, groups: &[Vec<usize>], iterations: u32) -> Clustering {
    let mut centres = Vec::with_capacity(groups.len() * matrix.width());
    let (mut of, mut distance) = (vec![0; matrix.len()], vec![0.0; matrix.len()]);
    let mut inertia = 0.0;
    for (number, rows) in groups.iter().enumerate() {
        let centre = mean(matrix, rows);
        for &row in rows {
            let square = distance::squared(matrix.row(row), &centre);
            (of[row], distance[row]) = (number as u32, square.sqrt());
            inertia += f64::from(square);
        }
        centres.extend(centre);
    }
    Clustering { centres: Matrix::trusted(matrix.width(), centres), of, distance, inertia, iterations }
}
