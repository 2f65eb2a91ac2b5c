//! What a classifier's probabilities are worth, by scikit-learn's definitions.
//!
//! A row is a probability of roadwork and the truth; above 0.5 means roadwork, as the validator rounds. Every figure
//! equals scikit-learn's on the same rows (`tests/fixtures/measures.json`).

mod curve;

use serde::{Deserialize, Serialize};

pub use curve::{Bin, CurvePoint, precision_recall, reliability, roc};

/// Equal bins of [0, 1] for the calibration error and the reliability plot.
pub const BINS: usize = 10;

/// The figures of one set of rows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measures {
    /// Rows.
    pub rows: usize,
    /// Rows that show roadwork.
    pub roadwork: usize,
    /// Mean negative log-likelihood (`log_loss`), natural logarithm; probabilities are kept a rounding step off 0 and 1.
    pub loss: f64,
    /// Share of right answers.
    pub accuracy: f64,
    /// Right among those called roadwork; 0 when none was.
    pub precision: f64,
    /// Called roadwork among those that show it; 0 when none does.
    pub recall: f64,
    /// Harmonic mean of both.
    pub f1: f64,
    /// Area under the ROC curve; `None` with one class only.
    pub auc_roc: Option<f64>,
    /// Average precision (the step sum, not the trapezoid); `None` without roadwork.
    pub average_precision: Option<f64>,
    /// Matthews correlation, in [-1, 1]; 0 when a row or column of the table is empty.
    pub mcc: f64,
    /// Mean squared distance to the truth.
    pub brier: f64,
    /// Expected calibration error: distance of mean probability and share of roadwork, over [`BINS`] equal bins, each
    /// weighed by its rows.
    pub calibration_error: f64,
    /// The table: true and false roadwork, true and false clear.
    pub confusion: Confusion,
}

/// How often each truth got each answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confusion {
    /// Roadwork, called so.
    pub true_roadwork: usize,
    /// Clear, called roadwork.
    pub false_roadwork: usize,
    /// Clear, called so.
    pub true_clear: usize,
    /// Roadwork, called clear.
    pub false_clear: usize,
}

/// Measures rows; `None` of none. `probabilities` and `truths` (true: roadwork) have one length, and nothing is NaN.
pub fn measure(probabilities: &[f64], truths: &[bool]) -> Option<Measures> {
    assert_eq!(probabilities.len(), truths.len(), "a truth for each probability: this is a bug");
    let rows = truths.len();
    if rows == 0 {
        return None;
    }
    let n = rows as f64;
    let pairs = || probabilities.iter().copied().zip(truths.iter().copied());
    let mean = |of: &dyn Fn(f64, bool) -> f64| pairs().map(|(p, truth)| of(p, truth)).sum::<f64>() / n;
    let confusion = confusion(probabilities, truths);
    let Confusion { true_roadwork: tp, false_roadwork: fp, true_clear: tn, false_clear: fn_ } = confusion;
    let share = |part: usize, of: usize| if of == 0 { 0.0 } else { part as f64 / of as f64 };
    let bins = reliability(probabilities, truths);
    let off = |bin: &Bin| bin.rows as f64 / n * (bin.probability - bin.roadwork).abs();
    Some(Measures {
        rows,
        roadwork: tp + fn_,
        loss: mean(&|p, truth| {
            let p = p.clamp(f64::EPSILON, 1.0 - f64::EPSILON);
            -(if truth { p } else { 1.0 - p }).ln()
        }),
        accuracy: share(tp + tn, rows),
        precision: share(tp, tp + fp),
        recall: share(tp, tp + fn_),
        f1: share(2 * tp, 2 * tp + fp + fn_),
        auc_roc: auc(probabilities, truths),
        average_precision: average_precision(probabilities, truths),
        mcc: confusion.mcc(),
        brier: mean(&|p, truth| (p - f64::from(truth)).powi(2)),
        calibration_error: bins.iter().map(off).sum(),
        confusion,
    })
}

fn confusion(probabilities: &[f64], truths: &[bool]) -> Confusion {
    let mut table = Confusion::default();
    for (&p, &truth) in probabilities.iter().zip(truths) {
        let cell = match (p > 0.5, truth) {
            (true, true) => &mut table.true_roadwork,
            (true, false) => &mut table.false_roadwork,
            (false, false) => &mut table.true_clear,
            (false, true) => &mut table.false_clear,
        };
        *cell += 1;
    }
    table
}

impl Confusion {
    fn mcc(self) -> f64 {
        let [tp, fp, tn, fn_] =
            [self.true_roadwork, self.false_roadwork, self.true_clear, self.false_clear].map(|count| count as f64);
        let below = (tp + fp) * (tp + fn_) * (tn + fp) * (tn + fn_);
        if below == 0.0 { 0.0 } else { (tp * tn - fp * fn_) / below.sqrt() }
    }
}

/// Mann and Whitney: the chance that roadwork gets the higher probability, ties counting half.
fn auc(probabilities: &[f64], truths: &[bool]) -> Option<f64> {
    let groups = curve::falling(probabilities, truths);
    let (roadwork, clear) = groups.iter().fold((0, 0), |(r, c), g| (r + g.roadwork, c + g.clear));
    if roadwork == 0 || clear == 0 {
        return None;
    }
    let (mut above, mut area) = (0.0, 0.0);
    for group in &groups {
        area += group.clear as f64 * (above + group.roadwork as f64 / 2.0);
        above += group.roadwork as f64;
    }
    Some(area / (roadwork as f64 * clear as f64))
}

/// The sum of precision times gained recall over falling thresholds.
fn average_precision(probabilities: &[f64], truths: &[bool]) -> Option<f64> {
    let groups = curve::falling(probabilities, truths);
    let all: usize = groups.iter().map(|g| g.roadwork).sum();
    if all == 0 {
        return None;
    }
    let (mut found, mut called, mut sum) = (0, 0, 0.0);
    for group in &groups {
        found += group.roadwork;
        called += group.roadwork + group.clear;
        sum += group.roadwork as f64 / all as f64 * (found as f64 / called as f64);
    }
    Some(sum)
}
