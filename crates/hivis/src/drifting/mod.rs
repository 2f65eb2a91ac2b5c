//! Whether what validators ask is still what the serving release learned from: windows are cut of the records, each gets a
//! value a question, and each value a limit that the windows before it taught.
//!
//! [`Watch::step`] does a bounded piece of that work and keeps it in the ledger; whoever calls it again goes on. The
//! server does so in the background ([`task`]), `hivis drift` until nothing is left.

mod cut;
pub(crate) mod plot;
mod reference;
pub(crate) mod report;
mod score;
pub(crate) mod task;
mod truth;

use anyhow::Result;
use hivis_curate::drift::{Kind, calm, limit};
use hivis_store::{DriftValue, DriftWindow, Home, Ledger};
use hivis_types::ReleaseId;
use jiff::Timestamp;

use crate::config::DriftSettings;
use reference::Standard;

/// One home's watch over drift.
pub(crate) struct Watch {
    home: Home,
    ledger: Ledger,
    settings: DriftSettings,
    /// What the features of the serving release are compared with.
    standard: Option<Standard>,
    /// A release without one, and when it is looked for again.
    without: Option<(ReleaseId, Timestamp)>,
}

/// What a step did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Done {
    /// Windows that were judged.
    pub(crate) judged: usize,
    /// There is more to do at once.
    pub(crate) left: bool,
}

impl Watch {
    pub(crate) fn new(home: &Home, ledger: &Ledger, settings: &DriftSettings) -> Self {
        Self { home: home.clone(), ledger: ledger.clone(), settings: settings.clone(), standard: None, without: None }
    }

    /// Cuts windows of new records, then judges at most `most` windows, the oldest first.
    pub(crate) async fn step(&mut self, most: usize, now: Timestamp) -> Result<Done> {
        cut::cut(&self.ledger, &self.settings).await?;
        let windows = self.ledger.drift_windows(None, self.settings.history).await?;
        let Some(newest) = windows.last() else { return Ok(Done::default()) };
        let release = newest.is.release.clone();
        let mut done = Done::default();
        self.judge_scores(&windows, most, &mut done).await?;
        self.find_standard(newest, now).await?;
        self.judge_inputs(&windows, most, &mut done).await?;
        truth::judge(self, &release).await?;
        Ok(done)
    }

    /// What stands for the training data of the release that serves now; looked for again after half an hour.
    async fn find_standard(&mut self, newest: &DriftWindow, now: Timestamp) -> Result<()> {
        let release = &newest.is.release;
        if self.standard.as_ref().is_some_and(|standard| standard.era == *release) {
            return Ok(());
        }
        self.standard = None;
        if self.without.as_ref().is_some_and(|(without, again)| without == release && now < *again) {
            return Ok(());
        }
        self.standard = Standard::find(&self.home, &self.ledger, &self.settings, &newest.is, now).await?;
        let again = now.saturating_add(jiff::SignedDuration::from_mins(30)).unwrap_or(now);
        self.without = self.standard.is_none().then(|| (release.clone(), again));
        Ok(())
    }

    /// Input drift: windows that any release of the space judged, by the reference of the one that serves now.
    async fn judge_inputs(&mut self, windows: &[DriftWindow], most: usize, done: &mut Done) -> Result<()> {
        let Some(standard) = self.standard.clone() else { return Ok(()) };
        let release = &standard.era;
        let comparable: Vec<&DriftWindow> = windows.iter().filter(|window| standard.compares(&window.is)).collect();
        let oldest = comparable.first().map_or(0, |window| window.id);
        let kinds = [Kind::InputNearest, Kind::InputEnergy];
        let valued = self.ledger.drift_valued(kinds[0].as_str(), release, oldest).await?;
        let due: Vec<&DriftWindow> = comparable
            .into_iter()
            .filter(|window| !valued.contains(&window.id) && !standard.passes_over(window.id))
            .collect();
        done.left |= due.len() > most;
        for window in due.into_iter().take(most) {
            let rows = self.ledger.drift_rows(&window.is, true).await?;
            let judge = standard.clone();
            let judged = tokio::task::spawn_blocking(move || judge.judge(rows)).await?;
            done.judged += 1;
            let Some(judged) = judged else {
                // Without whole features there is nothing to say, and the window is not looked at again.
                tracing::debug!(window = window.id, "a window has no features that can be compared");
                self.standard.iter_mut().for_each(|standard| standard.pass_over(window.id));
                continue;
            };
            let mut values = Vec::new();
            for (kind, value) in kinds.into_iter().zip(judged) {
                let limit = self.limit(kind, Some(release), window.id).await?;
                values.push(value_of(kind, release, window, value, limit));
            }
            self.ledger.keep_drift_values(&values).await?;
        }
        Ok(())
    }

    /// Score drift: each window by the first windows of its own release.
    async fn judge_scores(&self, windows: &[DriftWindow], most: usize, done: &mut Done) -> Result<()> {
        let mut reference: Option<score::Scores> = None;
        let kind = Kind::ScoreKs.as_str();
        let mut left = most;
        let mut at = 0;
        while at < windows.len() {
            let release = &windows[at].is.release;
            let run = windows[at..].iter().take_while(|window| window.is.release == *release).count();
            let valued = self.ledger.drift_valued(kind, release, windows[at].id).await?;
            for window in &windows[at..at + run] {
                if valued.contains(&window.id) {
                    continue;
                }
                if reference.as_ref().is_none_or(|reference| reference.era != *release) {
                    reference = Some(score::Scores::of(&self.ledger, release).await?);
                }
                let scores = reference.as_ref().expect("it was just read: this is a bug");
                let Some(judged) = scores.judge(&self.ledger, window).await? else { continue };
                if left == 0 {
                    done.left = true;
                    return Ok(());
                }
                left -= 1;
                done.judged += 1;
                let mut values = Vec::new();
                for (kind, value) in judged {
                    let limit = self.limit(kind, None, window.id).await?;
                    values.push(value_of(kind, release, window, value, limit));
                }
                self.ledger.keep_drift_values(&values).await?;
            }
            at += run;
        }
        Ok(())
    }

    /// What the windows before `window` teach; `None` while they are too few.
    async fn limit(&self, kind: Kind, era: Option<&ReleaseId>, window: i64) -> Result<Option<f64>> {
        let past = self.ledger.drift_values(kind.as_str(), era, self.settings.history).await?;
        let past: Vec<(f64, Option<f64>)> =
            past.iter().filter(|value| value.window < window).map(|value| (value.value, value.limit)).collect();
        Ok(limit(&calm(&past), self.settings.false_alarms, self.settings.least as usize).known())
    }
}

fn value_of(kind: Kind, era: &ReleaseId, window: &DriftWindow, value: f64, limit: Option<f64>) -> DriftValue {
    DriftValue {
        kind: kind.as_str().to_owned(),
        era: era.clone(),
        window: window.id,
        until: window.is.until,
        value,
        limit,
        facts: None,
    }
}
