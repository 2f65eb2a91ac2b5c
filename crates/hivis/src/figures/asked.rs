//! Readiness, and how many different callers asked within an hour.

use std::collections::HashMap;
use std::time::Duration;

use hivis_serve::{Health, NotReady};
use hivis_types::{Hotkey, metric};
use tokio::time::Instant;

/// Whoever asked within this counts.
const HOUR: Duration = Duration::from_hours(1);
/// Callers that are remembered: a subnet has 256 keys.
const MOST: usize = 4096;

/// Who asked when.
#[derive(Default)]
pub(super) struct Asked {
    last: HashMap<Hotkey, Instant>,
}

impl Asked {
    pub(super) fn note(&mut self, hotkey: Hotkey) {
        if self.last.len() < MOST || self.last.contains_key(&hotkey) {
            self.last.insert(hotkey, Instant::now());
        }
    }

    pub(super) fn set(&mut self, health: &Health) {
        self.last.retain(|_, then| then.elapsed() < HOUR);
        metrics::gauge!(metric::SEEN_VALIDATORS).set(self.last.len() as f64);
        metrics::gauge!(metric::READY).set(f64::from(u8::from(health.is_ready())));
        for (name, reason) in
            [("no-permits", NotReady::NoPermits), ("no-model", NotReady::NoModel), ("draining", NotReady::Draining)]
        {
            let holds = health.not_ready.contains(&reason);
            metrics::gauge!(metric::UNREADY, "reason" => name).set(f64::from(u8::from(holds)));
        }
    }
}
