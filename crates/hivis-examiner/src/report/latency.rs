//! How long answers took.

use serde::{Deserialize, Serialize};

use crate::interval::quantile;

/// Quantiles in milliseconds, of asks that came back with an answer (a class, -1 or an odd number). The reward does not
/// look at them; a p99 near the timeout does cost rewards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// Answers measured.
    pub answers: usize,
    /// Median.
    pub p50_ms: f64,
    /// 90%.
    pub p90_ms: f64,
    /// 99%.
    pub p99_ms: f64,
    /// Slowest.
    pub max_ms: f64,
}

impl Latency {
    pub(super) fn of(seconds: impl Iterator<Item = f64>) -> Self {
        let mut ms: Vec<f64> = seconds.map(|s| s * 1_000.0).collect();
        ms.sort_by(f64::total_cmp);
        let q = |q| quantile(&ms, q);
        Self { answers: ms.len(), p50_ms: q(0.5), p90_ms: q(0.9), p99_ms: q(0.99), max_ms: q(1.0) }
    }
}
