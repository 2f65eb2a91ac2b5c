//! `[watch]`: thresholds of the alert rules, and what exported files say.

use std::ops::RangeInclusive;

use anyhow::Result;
use hivis_watch::Thresholds;
use serde::Deserialize;

use super::Settings;
use super::settings::within;
use crate::failure::Hinted;

/// `[watch]` as it is written.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawWatch {
    /// 95% of answers within so many milliseconds, or it is a warning.
    pub latency_ms: Option<f64>,
    /// 95% of answers within so many milliseconds, or it is critical.
    pub latency_critical_ms: Option<f64>,
    /// Share of requests that may fail, in [0, 1].
    pub error_share: Option<f64>,
    /// Share of challenges that must be judged, and of time that the miner must be ready.
    pub objective: Option<f64>,
    /// Seconds that the clock may be off.
    pub clock_s: Option<f64>,
    /// Distance over its learned threshold from which on it is drift.
    pub drift_ratio: Option<f64>,
    /// Challenges a minute that may be refused as too many.
    pub shed_per_minute: Option<f64>,
    /// Records that may wait for the ledger.
    pub queued_records: Option<f64>,
    /// Share of a GPU's memory: warning, critical.
    pub vram_share: Option<[f64; 2]>,
    /// Temperature of a GPU, °C.
    pub gpu_celsius: Option<f64>,
    /// Share of the machine's memory that may be in use.
    pub memory_share: Option<f64>,
    /// Share of the home's disk that must be free.
    pub disk_free_share: Option<f64>,
    /// Days until the disk is full.
    pub disk_full_days: Option<f64>,
    /// Share of generated pictures that reviewers must accept [default: review.alert_below].
    pub acceptance_share: Option<f64>,
    /// Spend over its cap: info, warning, critical.
    pub spend_share: Option<[f64; 3]>,
    /// Days before a date: warning, critical.
    pub date_days: Option<[f64; 2]>,
    /// Hours that a job of the night may be late.
    pub night_late_h: Option<f64>,
    /// The address of the runbooks' folder [default: that of the page].
    pub runbooks: Option<String>,
    /// `host:port` of the pages that Prometheus scrapes [default: serve.page].
    pub targets: Option<Vec<String>>,
    /// `host:port` of the Alertmanager.
    pub alertmanager: Option<String>,
}

/// `[watch]`, resolved. What other sections set too comes from them: [`Settings::thresholds`].
#[derive(Debug, Clone)]
pub struct WatchSettings {
    /// Share of challenges that must be judged.
    pub objective: f64,
    /// The address of the runbooks' folder, where it is not the page's.
    pub runbooks: Option<String>,
    /// Pages that Prometheus scrapes, where it is not this one.
    pub targets: Option<Vec<String>>,
    /// The Alertmanager.
    pub alertmanager: String,
    thresholds: Thresholds,
    acceptance: Option<f64>,
}

impl WatchSettings {
    pub(crate) fn resolve(raw: &RawWatch) -> Result<Self> {
        let usual = Thresholds::default();
        let pick = |key: &str, value: Option<f64>, usual: f64, range: RangeInclusive<f64>| {
            within(&format!("watch.{key}"), value.unwrap_or(usual), range)
        };
        let share = |key: &str, value, usual| pick(key, value, usual, 0.0..=1.0);
        let days = |days: f64| days * 86_400.0;
        let date_days =
            rising("date_days", raw.date_days.map(|[warning, critical]| [critical, warning]), 0.0..=3660.0)?;
        let thresholds = Thresholds {
            latency_s: pick("latency_ms", raw.latency_ms, 80.0, 1.0..=9000.0)? / 1e3,
            latency_critical_s: pick("latency_critical_ms", raw.latency_critical_ms, 400.0, 1.0..=9000.0)? / 1e3,
            error_share: share("error_share", raw.error_share, usual.error_share)?,
            objective: pick("objective", raw.objective, usual.objective, 0.5..=0.99999)?,
            clock_s: pick("clock_s", raw.clock_s, usual.clock_s, 0.01..=60.0)?,
            drift_ratio: pick("drift_ratio", raw.drift_ratio, usual.drift_ratio, 0.01..=1000.0)?,
            shed_per_minute: pick("shed_per_minute", raw.shed_per_minute, usual.shed_per_minute, 0.0..=1e6)?,
            queued_records: pick("queued_records", raw.queued_records, usual.queued_records, 1.0..=1e6)?,
            vram_share: rising("vram_share", raw.vram_share, 0.0..=1.0)?.unwrap_or(usual.vram_share),
            gpu_celsius: pick("gpu_celsius", raw.gpu_celsius, usual.gpu_celsius, 30.0..=120.0)?,
            memory_share: share("memory_share", raw.memory_share, usual.memory_share)?,
            disk_free_share: share("disk_free_share", raw.disk_free_share, usual.disk_free_share)?,
            disk_full_s: days(pick("disk_full_days", raw.disk_full_days, 7.0, 0.0..=3660.0)?),
            spend_share: rising("spend_share", raw.spend_share, 0.0..=100.0)?.unwrap_or(usual.spend_share),
            date_s: date_days.map_or(usual.date_s, |[critical, warning]| [days(warning), days(critical)]),
            night_late_s: 3600.0 * pick("night_late_h", raw.night_late_h, 2.0, 0.1..=240.0)?,
            ..usual
        };
        if thresholds.latency_critical_s < thresholds.latency_s {
            let hint = "latency_ms <= latency_critical_ms";
            return Err(Hinted::new("the limits of latency in [watch] are out of order", hint).into());
        }
        let acceptance = raw.acceptance_share.map(|value| share("acceptance_share", Some(value), value)).transpose()?;
        Ok(Self {
            objective: thresholds.objective,
            runbooks: raw.runbooks.clone(),
            targets: raw.targets.clone(),
            alertmanager: raw.alertmanager.clone().unwrap_or_else(|| "127.0.0.1:9093".to_owned()),
            thresholds,
            acceptance,
        })
    }
}

impl Settings {
    /// Where rules draw their lines: `[watch]`, and what `[serve]`, `[records]` and `[review]` say already.
    pub fn thresholds(&self) -> Thresholds {
        Thresholds {
            unvisited_s: self.serve.unvisited.as_secs_f64(),
            metagraph_s: self.serve.permits_old.as_secs_f64(),
            disk_free_bytes: self.records.min_free as f64,
            acceptance_share: self.watch.acceptance.unwrap_or(self.review.rules.alert_below),
            ..self.watch.thresholds.clone()
        }
    }

    /// The address of the runbooks' folder: `[watch] runbooks`, or the page's own.
    pub fn runbooks(&self) -> String {
        let own = || format!("http://{}/runbooks", self.serve.page);
        self.watch.runbooks.as_deref().map_or_else(own, |address| address.trim_end_matches('/').to_owned())
    }
}

/// Limits of which each is graver than the one before.
fn rising<const N: usize>(key: &str, values: Option<[f64; N]>, range: RangeInclusive<f64>) -> Result<Option<[f64; N]>> {
    let Some(values) = values else { return Ok(None) };
    for value in values {
        within(&format!("watch.{key}"), value, range.clone())?;
    }
    if values.windows(2).any(|pair| pair[0] > pair[1]) {
        let hint = "the first is told first: the mildest limit stands at the front";
        return Err(Hinted::new(format!("the limits of watch.{key} are out of order"), hint).into());
    }
    Ok(Some(values))
}
