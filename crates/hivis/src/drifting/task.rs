//! The watch in the server: small steps with pauses, so that answers never wait for it.

use std::time::Duration;

use hivis_store::{Home, Ledger};
use hivis_types::metric;
use jiff::Timestamp;
use tokio::time::MissedTickBehavior;

use super::report::{self, State};
use super::{Done, Watch};
use crate::config::DriftSettings;
use crate::failure;

/// Windows of one step: each is some tenths of a second of one core.
const STEP: usize = 2;
/// The pause between two steps while there is more to do.
const PAUSE: Duration = Duration::from_secs(2);

/// Watches until it is dropped. An error is told once, and tried again at the next time.
pub(crate) async fn watch(home: Home, ledger: Ledger, settings: DriftSettings) {
    if !settings.enabled {
        return;
    }
    let mut watch = Watch::new(&home, &ledger, &settings);
    let mut every = tokio::time::interval(settings.every);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut told = false;
    loop {
        every.tick().await;
        match all(&mut watch, &ledger, &settings).await {
            Ok(()) => told = false,
            Err(error) if std::mem::replace(&mut told, true) => tracing::debug!(%error, "drift was not watched"),
            Err(error) => tracing::error!("drift was not watched: {}", failure::text(&error)),
        }
    }
}

async fn all(watch: &mut Watch, ledger: &Ledger, settings: &DriftSettings) -> anyhow::Result<()> {
    loop {
        let done = watch.step(STEP, Timestamp::now()).await?;
        if done != Done::default() {
            tracing::debug!(windows = done.judged, "drift");
        }
        if !done.left {
            break;
        }
        tokio::time::sleep(PAUSE).await;
    }
    for question in report::report(ledger, settings, settings.history).await?.questions {
        let kind = question.kind.as_str();
        if let Some(ratio) = question.ratio {
            metrics::gauge!(metric::DRIFT, "kind" => kind).set(ratio);
        }
        metrics::gauge!(metric::DRIFT_LEARNING, "kind" => kind).set(question.lacks.unwrap_or(0) as f64);
        if question.state == State::Drifting {
            tracing::warn!(kind, ratio = question.ratio, since = ?question.since, "drift: {}", question.asks);
        }
    }
    Ok(())
}
