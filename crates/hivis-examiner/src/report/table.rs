//! Counts by label, origin, level and slice.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::label_name;
use crate::{Answer, Question};

/// 97.5% point of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// A share with its 95% Wilson interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Proportion {
    /// Hits.
    pub hits: usize,
    /// Of how many.
    pub of: usize,
    /// Their ratio, 0 of none.
    pub share: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Proportion {
    /// Wilson's score interval (1927), without continuity correction; the whole of `[0, 1]` of none.
    pub fn new(hits: usize, of: usize) -> Self {
        if of == 0 {
            return Self { high: 1.0, ..Self::default() };
        }
        let (n, p) = (of as f64, hits as f64 / of as f64);
        let spread = 1.0 + Z * Z / n;
        let middle = (p + Z * Z / (2.0 * n)) / spread;
        let half = Z / spread * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
        // At 0 and 1 the formula's end is exact, its rounding is not.
        let low = if hits == 0 { 0.0 } else { (middle - half).max(0.0) };
        let high = if hits == of { 1.0 } else { (middle + half).min(1.0) };
        Self { hits, of, share: p, low, high }
    }
}

/// One part of the exam.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// What it is broken down by: `label`, `origin`, `level`, or the slice's kind such as `weather`.
    pub kind: String,
    /// Which value.
    pub value: String,
    /// Challenges asked.
    pub asked: usize,
    /// Right among judged.
    pub accuracy: Proportion,
}

/// Rows in the order label, origin, level, then slices by name.
pub(super) fn rows(pairs: &[(&Question, &Answer)]) -> Vec<Row> {
    let mut parts: BTreeMap<(u8, String, String), (usize, usize, usize)> = BTreeMap::new();
    for (question, answer) in pairs {
        for key in keys(question) {
            let (asked, judged, right) = parts.entry(key).or_default();
            *asked += 1;
            if let Some(hit) = answer.right(question.label) {
                *judged += 1;
                *right += usize::from(hit);
            }
        }
    }
    let row = |((_, kind, value), (asked, judged, right))| Row {
        kind,
        value,
        asked,
        accuracy: Proportion::new(right, judged),
    };
    parts.into_iter().map(row).collect()
}

/// The parts that a question belongs to: place in the order, kind, value.
pub(super) fn keys(question: &Question) -> Vec<(u8, String, String)> {
    let level = question.level.map_or_else(|| "untouched".to_owned(), |level| level.to_string());
    let mut keys = vec![
        (0, "label".to_owned(), label_name(question.label).to_owned()),
        (1, "origin".to_owned(), question.origin.as_str().to_owned()),
        (2, "level".to_owned(), level),
    ];
    for slice in &question.slices {
        let (kind, value) = slice.split_once(':').unwrap_or(("slice", slice));
        keys.push((3, kind.to_owned(), value.to_owned()));
    }
    keys.sort();
    keys.dedup();
    keys
}
