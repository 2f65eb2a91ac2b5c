//! An ensemble's weights, and what a nearest-neighbour member says: both on rows that no member learned from.

use hivis_onnx::Nearest;
use rayon::prelude::*;

/// Rounds of the fit; it is settled long before.
const ROUNDS: usize = 1000;
/// No member has less: an ensemble's graph wants weights above 0.
const LEAST: f64 = 1e-3;
/// A probability is kept so far off 0 and 1 for its logarithm, as the ensemble's graph keeps it.
const EDGE: f64 = 1e-5;

/// Weights above 0 with sum 1 under which the weighted average of the members' probabilities has the least log loss on
/// these rows: expectation-maximisation of a mixture's weights (A. Dempster and others, 1977), which never gets worse.
///
/// `members` holds each member's probabilities, one a row; `truths` are true for roadwork. Without rows the weights are even.
pub fn weights(members: &[Vec<f64>], truths: &[bool]) -> Vec<f64> {
    let even = 1.0 / members.len().max(1) as f64;
    let mut weights = vec![even; members.len()];
    if truths.is_empty() {
        return weights;
    }
    // What each member gives to the truth.
    let given = |member: &Vec<f64>| -> Vec<f64> {
        let to_truth = |(&p, &truth): (&f64, &bool)| (if truth { p } else { 1.0 - p }).clamp(EDGE, 1.0 - EDGE);
        member.iter().zip(truths).map(to_truth).collect()
    };
    let given: Vec<Vec<f64>> = members.iter().map(given).collect();
    for _ in 0..ROUNDS {
        let mut shares = vec![0.0; members.len()];
        for row in 0..truths.len() {
            let sum: f64 = weights.iter().zip(&given).map(|(w, given)| w * given[row]).sum();
            for ((share, w), given) in shares.iter_mut().zip(&weights).zip(&given) {
                *share += w * given[row] / sum;
            }
        }
        let next: Vec<f64> = shares.into_iter().map(|share| share / truths.len() as f64).collect();
        let moved = next.iter().zip(&weights).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        weights = next;
        if moved < 1e-9 {
            break;
        }
    }
    let raised: Vec<f64> = weights.into_iter().map(|w| w.max(LEAST)).collect();
    let sum: f64 = raised.iter().sum();
    raised.into_iter().map(|w| w / sum).collect()
}

/// The weighted average of the members, row by row.
pub fn average(members: &[Vec<f64>], weights: &[f64]) -> Vec<f64> {
    let rows = members.first().map_or(0, Vec::len);
    (0..rows).map(|row| members.iter().zip(weights).map(|(member, w)| w * member[row]).sum()).collect()
}

/// The logit of a probability, drawn in from 0 and 1 as the ensemble's graph does it.
pub fn logit(p: f64) -> f32 {
    let p = EDGE + (1.0 - 2.0 * EDGE) * p;
    (p / (1.0 - p)).ln() as f32
}

/// The share of roadwork among the votes for each row of features `[n, width]`, as the graph computes it: before the
/// member's own calibration.
pub fn votes(nearest: &Nearest, features: &[f32]) -> Vec<f64> {
    let width = nearest.inputs();
    let unit = |row: &[f32]| -> Vec<f32> {
        let length = row.iter().map(|x| f64::from(*x) * f64::from(*x)).sum::<f64>().sqrt().max(1e-12);
        row.iter().map(|x| (f64::from(*x) / length) as f32).collect()
    };
    let bank: Vec<Vec<f32>> = nearest.bank.par_chunks_exact(width).map(unit).collect();
    let vote = |row: &[f32]| {
        let row = unit(row);
        let like = |bank: &Vec<f32>| bank.iter().zip(&row).map(|(a, b)| a * b).sum::<f32>();
        let mut likeness: Vec<(f32, bool)> = bank.iter().map(like).zip(nearest.labels.iter().copied()).collect();
        let k = nearest.k.min(likeness.len());
        likeness.select_nth_unstable_by(k - 1, |a, b| b.0.total_cmp(&a.0));
        let best = likeness[..k].iter().map(|(like, _)| *like).fold(f32::NEG_INFINITY, f32::max);
        let (mut all, mut roadwork) = (0.0, 0.0);
        for &(like, label) in &likeness[..k] {
            let weight = f64::from((like - best) / nearest.temperature).exp();
            all += weight;
            roadwork += if label { weight } else { 0.0 };
        }
        roadwork / all
    };
    features.par_chunks_exact(width).map(vote).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loss(p: &[f64], truths: &[bool]) -> f64 {
        let row = |(p, truth): (&f64, &bool)| -(if *truth { *p } else { 1.0 - p }).ln();
        p.iter().zip(truths).map(row).sum::<f64>() / truths.len() as f64
    }

    #[test]
    fn the_weights_are_the_best_ones() {
        let truths: Vec<bool> = (0..200).map(|n| n % 2 == 0).collect();
        // The first is right on three quarters, the second on another three quarters, the third knows nothing.
        let sure = |wrong: fn(usize) -> bool| -> Vec<f64> {
            let p = |(n, truth): (usize, &bool)| if *truth == wrong(n) { 0.1 } else { 0.9 };
            truths.iter().enumerate().map(p).collect()
        };
        let members = [sure(|n| n % 8 < 2), sure(|n| n % 8 > 5), vec![0.5; 200]];
        let found = weights(&members, &truths);
        assert!((found.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!((found[0] - found[1]).abs() < 1e-3 && found[2] < 0.01, "{found:?}");
        let best = loss(&average(&members, &found), &truths);
        // No weights on a grid do better, but for the least weight of the third.
        for first in 0..=20 {
            for second in 0..=20 - first {
                let grid = [f64::from(first), f64::from(second), f64::from(20 - first - second)].map(|n| n / 20.0);
                assert!(best <= loss(&average(&members, &grid), &truths) + 1e-3, "{grid:?}");
            }
        }
    }

    #[test]
    fn without_rows_all_count_the_same() {
        assert_eq!(weights(&[Vec::new(), Vec::new()], &[]), [0.5, 0.5]);
    }
}
