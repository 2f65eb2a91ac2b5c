//! Growth of counters and quantiles of histograms, with Prometheus' own arithmetic.
//!
//! Source: Prometheus 2.42, `promql/functions.go` (`extrapolatedRate`) and `promql/quantile.go` (`bucketQuantile`).

use crate::Window;

/// The growth over the window, carried on to its ends; `None` from fewer than two samples.
pub(crate) fn increase(points: &[(i64, f64)], now_ms: i64, Window(seconds): Window) -> Option<f64> {
    let (&(first_ms, first), &(last_ms, last)) = (points.first()?, points.last()?);
    if points.len() < 2 {
        return None;
    }
    let resets = points.windows(2).filter(|pair| pair[1].1 < pair[0].1).map(|pair| pair[0].1).sum::<f64>();
    let grown = last - first + resets;
    let start_ms = now_ms - i64::from(seconds) * 1000;
    let mut to_start = (first_ms - start_ms) as f64 / 1e3;
    let to_end = (now_ms - last_ms) as f64 / 1e3;
    let sampled = (last_ms - first_ms) as f64 / 1e3;
    let mean = sampled / (points.len() - 1) as f64;
    // A counter is never below 0: it is not carried back beyond where it would have been 0.
    if grown > 0.0 && first >= 0.0 {
        to_start = to_start.min(sampled * (first / grown));
    }
    let near = mean * 1.1;
    let before = if to_start < near { to_start } else { mean / 2.0 };
    let after = if to_end < near { to_end } else { mean / 2.0 };
    Some(grown * ((sampled + before + after) / sampled))
}

/// The quantile `q` of a histogram whose buckets are (upper edge, count at or below it), edges rising; `None` where the
/// last edge is not infinite or there are fewer than two buckets.
pub(crate) fn quantile(q: f64, buckets: &mut [(f64, f64)]) -> Option<f64> {
    buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (last_edge, total) = *buckets.last()?;
    if last_edge != f64::INFINITY || buckets.len() < 2 {
        return None;
    }
    // Scraped buckets may shrink by a rounding error of the rates.
    let mut most = f64::NEG_INFINITY;
    for bucket in buckets.iter_mut() {
        most = most.max(bucket.1);
        bucket.1 = most;
    }
    if total == 0.0 {
        return Some(f64::NAN);
    }
    let rank = q * total;
    let at = buckets[..buckets.len() - 1].partition_point(|(_, count)| *count < rank);
    if at == buckets.len() - 1 {
        return Some(buckets[buckets.len() - 2].0);
    }
    if at == 0 && buckets[0].0 <= 0.0 {
        return Some(buckets[0].0);
    }
    let (start, below) = if at == 0 { (0.0, 0.0) } else { buckets[at - 1] };
    let (end, upto) = buckets[at];
    Some(start + (end - start) * ((rank - below) / (upto - below)))
}
