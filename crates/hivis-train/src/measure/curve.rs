//! Curves over thresholds, and the reliability of probabilities.

use serde::{Deserialize, Serialize};

use super::BINS;

/// A point of a curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// ROC: share of clear rows called roadwork. Precision and recall: recall.
    pub x: f64,
    /// ROC: share of roadwork rows called so. Precision and recall: precision.
    pub y: f64,
    /// Rows of at least this probability are called roadwork here.
    pub threshold: f64,
}

/// One bin of the reliability plot; empty bins are left out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// Rows in it.
    pub rows: usize,
    /// Their mean probability.
    pub probability: f64,
    /// Their share of roadwork.
    pub roadwork: f64,
}

/// Rows of one probability.
pub(super) struct Group {
    probability: f64,
    pub(super) roadwork: usize,
    pub(super) clear: usize,
}

/// Rows grouped by probability, highest first.
pub(super) fn falling(probabilities: &[f64], truths: &[bool]) -> Vec<Group> {
    let mut rows: Vec<(f64, bool)> = probabilities.iter().copied().zip(truths.iter().copied()).collect();
    rows.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut groups: Vec<Group> = Vec::new();
    for (probability, truth) in rows {
        if groups.last().is_none_or(|group| group.probability != probability) {
            groups.push(Group { probability, roadwork: 0, clear: 0 });
        }
        let group = groups.last_mut().expect("one was just pushed: this is a bug");
        group.roadwork += usize::from(truth);
        group.clear += usize::from(!truth);
    }
    groups
}

/// The ROC curve from (0, 0) on, one point a distinct probability. Empty with one class only.
pub fn roc(probabilities: &[f64], truths: &[bool]) -> Vec<CurvePoint> {
    let groups = falling(probabilities, truths);
    let (roadwork, clear) = groups.iter().fold((0, 0), |(r, c), g| (r + g.roadwork, c + g.clear));
    if roadwork == 0 || clear == 0 {
        return Vec::new();
    }
    let mut points = vec![CurvePoint { x: 0.0, y: 0.0, threshold: f64::INFINITY }];
    let (mut hit, mut wrong) = (0, 0);
    for group in groups {
        hit += group.roadwork;
        wrong += group.clear;
        let (x, y) = (wrong as f64 / clear as f64, hit as f64 / roadwork as f64);
        points.push(CurvePoint { x, y, threshold: group.probability });
    }
    points
}

/// Precision against recall, from the highest threshold to the lowest. Empty without roadwork.
pub fn precision_recall(probabilities: &[f64], truths: &[bool]) -> Vec<CurvePoint> {
    let groups = falling(probabilities, truths);
    let all: usize = groups.iter().map(|g| g.roadwork).sum();
    if all == 0 {
        return Vec::new();
    }
    let (mut found, mut called) = (0, 0);
    let point = |group: Group| {
        found += group.roadwork;
        called += group.roadwork + group.clear;
        CurvePoint { x: found as f64 / all as f64, y: found as f64 / called as f64, threshold: group.probability }
    };
    groups.into_iter().map(point).collect()
}

/// Mean probability and share of roadwork in [`BINS`] equal bins; a probability on an edge belongs to the upper bin, 1 to
/// the last.
pub fn reliability(probabilities: &[f64], truths: &[bool]) -> Vec<Bin> {
    let mut sums = [(0_usize, 0.0_f64, 0_usize); BINS];
    for (&p, &truth) in probabilities.iter().zip(truths) {
        let bin = &mut sums[((p * BINS as f64) as usize).min(BINS - 1)];
        *bin = (bin.0 + 1, bin.1 + p, bin.2 + usize::from(truth));
    }
    let filled = sums.into_iter().filter(|(rows, _, _)| *rows > 0);
    filled
        .map(|(rows, sum, truths)| Bin { rows, probability: sum / rows as f64, roadwork: truths as f64 / rows as f64 })
        .collect()
}
