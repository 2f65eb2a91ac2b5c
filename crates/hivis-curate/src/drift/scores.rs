//! Two lists of scores: how differently they are spread.

use crate::CurateError;

/// Sorted copies, or the first that is no number.
fn sorted(values: &[f64]) -> Result<Vec<f64>, CurateError> {
    if values.is_empty() {
        return Err(CurateError::TooFew { rows: 0, least: 1 });
    }
    if let Some(row) = values.iter().position(|value| !value.is_finite()) {
        return Err(CurateError::NotFinite { row });
    }
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    Ok(values)
}

/// The two distribution functions at every place where one of them steps: place, share of one, share of the other, at or
/// below it.
fn steps(one: &[f64], other: &[f64]) -> Vec<(f64, f64, f64)> {
    let mut places: Vec<f64> = one.iter().chain(other).copied().collect();
    places.sort_by(f64::total_cmp);
    places.dedup();
    let share =
        |sorted: &[f64], place: f64| sorted.partition_point(|value| *value <= place) as f64 / sorted.len() as f64;
    places.into_iter().map(|place| (place, share(one, place), share(other, place))).collect()
}

/// The two-sample Kolmogorov-Smirnov statistic: the largest difference of the empirical distribution functions, in [0, 1]
/// (`scipy.stats.ks_2samp`). Fails on an empty list and on what is no number.
pub fn ks(one: &[f64], other: &[f64]) -> Result<f64, CurateError> {
    let (one, other) = (sorted(one)?, sorted(other)?);
    Ok(steps(&one, &other).into_iter().map(|(_, a, b)| (a - b).abs()).fold(0.0, f64::max))
}

/// The first Wasserstein distance: the area between the distribution functions, in the unit of the scores
/// (`scipy.stats.wasserstein_distance`). Fails as [`ks`].
pub fn wasserstein(one: &[f64], other: &[f64]) -> Result<f64, CurateError> {
    let (one, other) = (sorted(one)?, sorted(other)?);
    let steps = steps(&one, &other);
    Ok(steps.windows(2).map(|pair| (pair[0].1 - pair[0].2).abs() * (pair[1].0 - pair[0].0)).sum())
}

/// The population stability index over `bins` bins that hold equal shares of the reference: the sum of
/// `(p - q) ln(p / q)`. Each bin's share is that of its count plus a half (of all counts plus a half a bin), so that an
/// empty bin is no infinity. Below 0.1 is usually called stable, above 0.25 shifted; the limit here is learned all the same.
/// Fails as [`ks`]; `bins` is at least 2.
pub fn psi(reference: &[f64], recent: &[f64], bins: usize) -> Result<f64, CurateError> {
    let (reference, recent) = (sorted(reference)?, sorted(recent)?);
    let bins = bins.max(2);
    // Linear between order statistics, as NumPy's quantile; equal edges fall together, so a bin never is empty by itself.
    let edge = |at: usize| {
        let place = at as f64 / bins as f64 * (reference.len() - 1) as f64;
        let (below, above) = (reference[place.floor() as usize], reference[place.ceil() as usize]);
        below + (above - below) * place.fract()
    };
    let mut edges: Vec<f64> = (1..bins).map(edge).collect();
    edges.dedup();
    let shares = |sorted: &[f64]| -> Vec<f64> {
        let below = edges.iter().map(|edge| sorted.partition_point(|value| value <= edge)).chain([sorted.len()]);
        let mut from = 0;
        let whole = sorted.len() as f64 + 0.5 * (edges.len() + 1) as f64;
        below
            .map(|to| (std::mem::replace(&mut from, to), to))
            .map(|(from, to)| ((to - from) as f64 + 0.5) / whole)
            .collect()
    };
    let (q, p) = (shares(&reference), shares(&recent));
    Ok(p.into_iter().zip(q).map(|(p, q)| (p - q) * (p / q).ln()).sum())
}
