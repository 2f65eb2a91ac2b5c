//! Scores of a window beside the first ones of its release.

use anyhow::Result;
use hivis_curate::drift::{Kind, ks, psi, wasserstein};
use hivis_store::{DriftRow, DriftWindow, Ledger};
use hivis_types::ReleaseId;

/// The first windows of a release that later ones are compared with.
pub(crate) const FIRST: u32 = 3;
/// Bins of the population stability index.
const BINS: usize = 10;

/// The first scores of a release.
pub(super) struct Scores {
    /// The release.
    pub(super) era: ReleaseId,
    /// `None` while there are fewer than [`FIRST`] windows.
    first: Option<Vec<f64>>,
    /// The last window that they are of.
    last: i64,
}

impl Scores {
    pub(super) async fn of(ledger: &Ledger, release: &ReleaseId) -> Result<Self> {
        let windows = ledger.first_drift_windows(release, FIRST).await?;
        let mut first = Vec::new();
        for window in &windows {
            first.extend(scores(ledger.drift_rows(&window.is, false).await?));
        }
        let enough = windows.len() == FIRST as usize && !first.is_empty();
        let last = windows.last().map_or(0, |window| window.id);
        Ok(Self { era: release.clone(), first: enough.then_some(first), last })
    }

    /// What there is to say of a window; `None` of those that are the reference, and while there is none.
    pub(super) async fn judge(&self, ledger: &Ledger, window: &DriftWindow) -> Result<Option<[(Kind, f64); 3]>> {
        let Some(first) = self.first.as_ref().filter(|_| window.id > self.last) else { return Ok(None) };
        let recent = scores(ledger.drift_rows(&window.is, false).await?);
        if recent.is_empty() {
            return Ok(None);
        }
        Ok(Some([
            (Kind::ScoreKs, ks(first, &recent)?),
            (Kind::ScorePsi, psi(first, &recent, BINS)?),
            (Kind::ScoreWasserstein, wasserstein(first, &recent)?),
        ]))
    }
}

/// What is no number is no score.
fn scores(rows: Vec<DriftRow>) -> Vec<f64> {
    rows.into_iter().map(|row| row.probability).filter(|score| score.is_finite()).collect()
}
