//! Answers whose label came later, beside what the exam promised.

use anyhow::Result;
use hivis_curate::drift::{Cusum, Kind, binomial_tail};
use hivis_store::{DriftValue, Home};
use hivis_types::ReleaseId;
use serde_json::json;

use super::{Watch, value_of};
use crate::exam_file::ExamFile;

/// Labelled answers that stand in for an exam where a release sat none.
const STAND_IN: u64 = 300;

/// Judges all windows of the release anew: labels come late. Only what changed is written.
pub(super) async fn judge(watch: &Watch, release: &ReleaseId) -> Result<()> {
    let (ledger, settings) = (&watch.ledger, &watch.settings);
    let windows = ledger.drift_windows(Some(release), settings.history).await?;
    let mut truths = Vec::new();
    for window in &windows {
        truths.push(ledger.drift_truths(&window.is).await?);
    }
    let exam = {
        let (home, release) = (watch.home.clone(), release.clone());
        tokio::task::spawn_blocking(move || exam_accuracy(&home, &release)).await??
    };
    let (promised, by) = match exam {
        Some(accuracy) => (accuracy, "exam"),
        None => match first(&truths) {
            Some(accuracy) => (accuracy, "first answers"),
            None => return Ok(()),
        },
    };
    let kind = Kind::Accuracy;
    let before = ledger.drift_values(kind.as_str(), Some(release), settings.history).await?;
    let usual = 1.0 - promised;
    // One false alarm in as many answers as hold the promised number of false alarms by the window.
    let every = f64::from(settings.window) / settings.false_alarms;
    let mut sum = Cusum::new(usual, usual + settings.accuracy_loss, every);
    let mut values: Vec<DriftValue> = Vec::new();
    for (window, truths) in windows.iter().zip(&truths) {
        if truths.is_empty() {
            continue;
        }
        let highest = truths.iter().map(|right| sum.push(!right)).fold(0.0, f64::max);
        let (right, labelled) = (truths.iter().filter(|right| **right).count() as u64, truths.len() as u64);
        let facts = json!({
            "labelled": labelled, "right": right, "promised": promised, "by": by,
            "chance": binomial_tail(right, labelled, promised),
        });
        let value = value_of(kind, release, window, highest, Some(sum.limit()));
        values.push(DriftValue { facts: Some(facts), ..value });
    }
    let same = |value: &DriftValue| before.iter().any(|kept| kept.window == value.window && kept == value);
    values.retain(|value| !same(value));
    if !values.is_empty() {
        ledger.keep_drift_values(&values).await?;
    }
    Ok(())
}

/// What the newest exam that the release sat promises: the lower end of the 95% interval of its accuracy, since an exam is
/// an estimate too.
fn exam_accuracy(home: &Home, release: &ReleaseId) -> Result<Option<f64>> {
    let Some(exam) = ExamFile::newest_of(home, release)? else { return Ok(None) };
    let at = exam.candidates.iter().position(|sitter| sitter.release == *release);
    let pool = at.and_then(|at| exam.report.candidates.get(at)).and_then(|candidate| candidate.headline());
    Ok(pool.map(|pool| pool.accuracy.low).filter(|share| share.is_finite() && *share > 0.0))
}

/// The share of right ones among the first labelled answers, once there are enough.
fn first(truths: &[Vec<bool>]) -> Option<f64> {
    let first: Vec<bool> = truths.iter().flatten().copied().take(STAND_IN as usize).collect();
    let right = first.iter().filter(|right| **right).count() as u64;
    (first.len() as u64 == STAND_IN).then(|| right as f64 / STAND_IN as f64)
}
