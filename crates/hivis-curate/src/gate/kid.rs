//! Kernel inception distance: how far two sets of features are apart, without bias by their size.

use rand::SeedableRng as _;
use rand::seq::index::sample;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::CurateError;
use crate::vectors::Matrix;

/// Which subsets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KidSettings {
    /// How many draws; their mean counts.
    pub draws: u64,
    /// Rows of each draw, from both sets; all of the smaller set when it has fewer.
    pub size: usize,
    /// Names the draws.
    pub seed: u64,
}

/// The mean of [`mmd2`] over subsets, as Binkowski et al. take it (arXiv:1801.01401). Where the size takes all of both sets
/// there is one draw.
pub fn kid(one: &Matrix, other: &Matrix, settings: &KidSettings) -> Result<f64, CurateError> {
    let size = settings.size.min(one.len()).min(other.len());
    if size == one.len() && size == other.len() {
        return mmd2(one, other);
    }
    let draws = settings.draws.max(1);
    let draw = |draw: u64| {
        let mut rng = ChaCha8Rng::seed_from_u64(settings.seed);
        rng.set_stream(draw);
        let one = one.gathered(&sample(&mut rng, one.len(), size).into_vec());
        let other = other.gathered(&sample(&mut rng, other.len(), size).into_vec());
        mmd2(&one, &other)
    };
    let all: Vec<f64> = (0..draws).into_par_iter().map(draw).collect::<Result<_, _>>()?;
    Ok(all.iter().sum::<f64>() / draws as f64)
}

/// The squared maximum mean discrepancy under the kernel `(x.y / width + 1)^3`, without bias: it may be below nought.
pub fn mmd2(one: &Matrix, other: &Matrix) -> Result<f64, CurateError> {
    let rows = one.len().min(other.len());
    if rows < 2 {
        return Err(CurateError::TooFew { rows, least: 2 });
    }
    if one.width() != other.width() {
        return Err(CurateError::Shape { values: other.width(), width: one.width() });
    }
    let (m, n) = (one.len() as f64, other.len() as f64);
    let between = sum(one, other, false) * 2.0 / (m * n);
    Ok(sum(one, one, true) / (m * (m - 1.0)) + sum(other, other, true) / (n * (n - 1.0)) - between)
}

/// The kernel's sum over all pairs, those of a row with itself left out when `apart`. Rows are summed in their order, so the
/// number of threads changes nothing.
fn sum(one: &Matrix, other: &Matrix, apart: bool) -> f64 {
    let width = one.width() as f64;
    let row = |a: usize| {
        let mine = one.row(a);
        (0..other.len())
            .filter(|&b| !apart || a != b)
            .map(|b| {
                let dot: f64 = mine.iter().zip(other.row(b)).map(|(&x, &y)| f64::from(x) * f64::from(y)).sum();
                (dot / width + 1.0).powi(3)
            })
            .sum::<f64>()
    };
    let sums: Vec<f64> = (0..one.len()).into_par_iter().map(row).collect();
    sums.iter().sum()
}
