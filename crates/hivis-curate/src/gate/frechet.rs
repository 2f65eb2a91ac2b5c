//! The Fréchet distance of two sets of features, as if each were normal.

use nalgebra::DMatrix;

use crate::CurateError;
use crate::vectors::Matrix;

/// `|m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2))` with means `m` and covariances `S` (divisor n - 1), as Heusel et al. define it
/// (arXiv:1706.08500).
///
/// No matrix root is taken. With `S = A^T A`, where the rows of `A` are the centred features over `sqrt(n - 1)`, the
/// eigenvalues of `S1 S2` are the squared singular values of `A1 A2^T`, so the root's trace is their sum. That holds where
/// there are fewer pictures than features and both covariances are singular, which the usual root only survives with
/// something added to the diagonal; nothing is added or shrunk here. Of more rows than columns the triangle of a QR
/// decomposition stands in. Few pictures make the distance too large (by about the same for equal numbers): compare only
/// distances of sets of one size.
///
/// Fails on sets of fewer than two rows or of different widths.
pub fn frechet(one: &Matrix, other: &Matrix) -> Result<f64, CurateError> {
    let (mean1, a) = centred(one)?;
    let (mean2, b) = centred(other)?;
    if mean1.len() != mean2.len() {
        return Err(CurateError::Shape { values: mean2.len(), width: mean1.len() });
    }
    let apart: f64 = mean1.iter().zip(&mean2).map(|(x, y)| (x - y).powi(2)).sum();
    let traces = a.norm_squared() + b.norm_squared();
    let root: f64 = (triangle(a) * triangle(b).transpose()).singular_values().iter().sum();
    // Rounding may leave equal sets a hair below nought.
    Ok((apart + traces - 2.0 * root).max(0.0))
}

/// The mean, and the centred rows over `sqrt(n - 1)`.
fn centred(features: &Matrix) -> Result<(Vec<f64>, DMatrix<f64>), CurateError> {
    let (rows, width) = (features.len(), features.width());
    if rows < 2 {
        return Err(CurateError::TooFew { rows, least: 2 });
    }
    let mut mean = vec![0.0; width];
    for row in 0..rows {
        for (sum, &value) in mean.iter_mut().zip(features.row(row)) {
            *sum += f64::from(value);
        }
    }
    for sum in &mut mean {
        *sum /= rows as f64;
    }
    let scale = 1.0 / ((rows - 1) as f64).sqrt();
    let matrix = DMatrix::from_fn(rows, width, |row, at| (f64::from(features.row(row)[at]) - mean[at]) * scale);
    Ok((mean, matrix))
}

fn triangle(matrix: DMatrix<f64>) -> DMatrix<f64> {
    if matrix.nrows() > matrix.ncols() { matrix.qr().r() } else { matrix }
}
