//! The directions in which rows differ most.
//!
//! Principal components: the eigenvectors of the rows' covariance with the largest eigenvalues. The covariance is summed
//! from blocks of matrix products, in f64 between blocks; the eigenvectors come from the power iteration, each in what the
//! ones before it leave (deflation). An eigenvector is known up to its sign: here its largest entry is positive.
//!
//! Pearson, "On lines and planes of closest fit to systems of points in space", Phil. Mag. 2 (1901).

use super::matrix::Matrix;
use super::product::Products;

/// Rows of one block of the covariance.
const BLOCK: usize = 512;
/// Steps of the power iteration at most: directions whose spread is so alike that this does not tell them apart are as good
/// as each other.
const STEPS: usize = 20_000;
/// A direction stands when one step turns it by less than this (one minus the cosine).
const STILL: f64 = 1e-15;
/// A spread below this share of the whole is rounding.
const NOTHING: f64 = 1e-9;

/// Axes through the rows' middle.
#[derive(Clone, Debug, PartialEq)]
pub struct Principal {
    mean: Vec<f32>,
    axes: Vec<f32>,
    shares: Vec<f64>,
}

impl Principal {
    /// The `count` directions in which `rows` differ most, the most first. Where the rows differ in fewer, the others are
    /// zeros, and so is what is projected on them.
    pub fn fit(rows: &Matrix, count: usize) -> Self {
        let width = rows.width();
        if rows.is_empty() {
            return Self { mean: vec![0.0; width], axes: vec![0.0; count * width], shares: vec![0.0; count] };
        }
        let mean = mean(rows);
        let covariance = covariance(rows, &mean);
        let whole: f64 = (0..width).map(|at| covariance[at * width + at]).sum();
        let (mut axes, mut shares): (Vec<Vec<f64>>, Vec<f64>) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let (axis, spread) = strongest(&covariance, width, &axes, NOTHING * whole);
            shares.push(if spread > 0.0 { spread / whole } else { 0.0 });
            axes.push(axis);
        }
        Self { mean, axes: axes.into_iter().flatten().map(|x| x as f32).collect(), shares }
    }

    /// Axes that were fitted before; `None` when the numbers are not as many as they must be, or not finite.
    pub fn known(mean: Vec<f32>, axes: Vec<f32>) -> Option<Self> {
        let whole = !mean.is_empty() && axes.len().is_multiple_of(mean.len());
        let finite = mean.iter().chain(&axes).all(|x| x.is_finite());
        (whole && finite).then_some(Self { mean, axes, shares: Vec::new() })
    }

    /// The rows' middle.
    pub fn mean(&self) -> &[f32] {
        &self.mean
    }

    /// The axes, `[count, width]`, each of length 1 or 0.
    pub fn axes(&self) -> &[f32] {
        &self.axes
    }

    /// Each axis's share of the whole variance, in [0, 1]; empty for axes that were fitted before.
    pub fn shares(&self) -> &[f64] {
        &self.shares
    }

    /// Where a row lies on each axis. Panics when it is not as long as those that were fitted.
    pub fn project(&self, row: &[f32]) -> Vec<f32> {
        assert_eq!(row.len(), self.mean.len(), "a row is as long as the axes: this is a bug");
        let along = |axis: &[f32]| {
            let terms = row.iter().zip(&self.mean).zip(axis);
            terms.map(|((x, mean), a)| f64::from(x - mean) * f64::from(*a)).sum::<f64>() as f32
        };
        self.axes.chunks_exact(self.mean.len()).map(along).collect()
    }
}

fn mean(rows: &Matrix) -> Vec<f32> {
    let mut sums = vec![0.0_f64; rows.width()];
    for row in rows.data().chunks_exact(rows.width()) {
        sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += f64::from(*x));
    }
    sums.into_iter().map(|sum| (sum / rows.len() as f64) as f32).collect()
}

/// `[width, width]`, not divided by the number of rows.
fn covariance(rows: &Matrix, mean: &[f32]) -> Vec<f64> {
    let (width, products) = (rows.width(), Products::new());
    let (mut sums, mut out) = (vec![0.0_f64; width * width], Vec::new());
    for block in rows.data().chunks(BLOCK * width) {
        let count = block.len() / width;
        // Columns as rows, so that their products are those of columns.
        let mut columns = vec![0.0_f32; block.len()];
        for (at, row) in block.chunks_exact(width).enumerate() {
            for (column, (x, mean)) in row.iter().zip(mean).enumerate() {
                columns[column * count + at] = x - mean;
            }
        }
        let packed = products.pack(&columns, count);
        products.dots(&columns, count, &packed, &mut out);
        sums.iter_mut().zip(&out).for_each(|(sum, x)| *sum += f64::from(*x));
    }
    sums
}

/// The eigenvector of the largest eigenvalue among those at right angles to `before`, and that eigenvalue; zeros when it is
/// below `least`.
fn strongest(matrix: &[f64], width: usize, before: &[Vec<f64>], least: f64) -> (Vec<f64>, f64) {
    // Where the most is left to explain, the direction that is looked for is not at a right angle.
    let left = |at: usize| {
        let explained = before.iter().map(|axis| axis[at] * axis[at] * spread(matrix, axis)).sum::<f64>();
        matrix[at * width + at] - explained
    };
    let start = (0..width).max_by(|a, b| left(*a).total_cmp(&left(*b)).then(b.cmp(a))).unwrap_or(0);
    let mut axis = matrix[start * width..][..width].to_vec();
    if !straighten(&mut axis, before) {
        return (vec![0.0; width], 0.0);
    }
    for _ in 0..STEPS {
        let mut next = times(matrix, &axis);
        if !straighten(&mut next, before) {
            return (vec![0.0; width], 0.0);
        }
        let turned = 1.0 - dot(&axis, &next).abs();
        axis = next;
        if turned < STILL {
            break;
        }
    }
    let spread = spread(matrix, &axis);
    if spread.is_nan() || spread <= least {
        return (vec![0.0; width], 0.0);
    }
    let largest = axis.iter().copied().fold(0.0_f64, |largest, x| if x.abs() > largest.abs() { x } else { largest });
    for x in &mut axis {
        *x *= largest.signum();
    }
    (axis, spread)
}

/// Takes what lies along `before` out, and makes the rest length 1; false when nothing is left.
fn straighten(axis: &mut [f64], before: &[Vec<f64>]) -> bool {
    for other in before {
        let along = dot(axis, other);
        axis.iter_mut().zip(other).for_each(|(x, o)| *x -= along * o);
    }
    let length = dot(axis, axis).sqrt();
    if length.is_nan() || length < f64::MIN_POSITIVE {
        return false;
    }
    for x in axis {
        *x /= length;
    }
    true
}

fn spread(matrix: &[f64], axis: &[f64]) -> f64 {
    dot(axis, &times(matrix, axis))
}

fn times(matrix: &[f64], axis: &[f64]) -> Vec<f64> {
    matrix.chunks_exact(axis.len()).map(|row| dot(row, axis)).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
