//! `[drift]`: how records are cut into windows, and when one counts as unusual.

use std::time::Duration;

use anyhow::Result;
use serde::Deserialize;

use super::settings::{count, within};

/// `[drift]` as it is written.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawDrift {
    /// False: the server computes nothing by itself.
    pub enabled: Option<bool>,
    /// Judged records of a window.
    pub window: Option<u32>,
    /// Minutes from one look for new windows to the next.
    pub every_min: Option<f64>,
    /// Windows that a limit is learned from, at most.
    pub history: Option<u32>,
    /// Windows that it is learned from, at least.
    pub least: Option<u32>,
    /// The share of windows without drift that may be called unusual.
    pub false_alarms: Option<f64>,
    /// Pictures that stand for the training data, at most.
    pub reference: Option<u32>,
    /// How much more often than in the exam answers must be wrong to be looked for, as a share of answers.
    pub accuracy_loss: Option<f64>,
}

/// `[drift]`, resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct DriftSettings {
    /// Whether the server computes it by itself.
    pub enabled: bool,
    /// Judged records of a window.
    pub window: u32,
    /// From one look for new windows to the next.
    pub every: Duration,
    /// Windows that a limit is learned from, at most.
    pub history: u32,
    /// Windows that it is learned from, at least.
    pub least: u32,
    /// The share of windows without drift that may be called unusual.
    pub false_alarms: f64,
    /// Pictures that stand for the training data, at most.
    pub reference: u32,
    /// How much more often than in the exam answers must be wrong to be looked for.
    pub accuracy_loss: f64,
}

impl DriftSettings {
    pub(crate) fn resolve(raw: &RawDrift) -> Result<Self> {
        let whole = |key: &str, value: Option<u32>, usual: u32, range: std::ops::RangeInclusive<f64>| {
            within(key, f64::from(value.unwrap_or(usual)), range).map(|value| value as u32)
        };
        let least = count("drift.least", raw.least.unwrap_or(50), 10)?;
        let minutes = within("drift.every_min", raw.every_min.unwrap_or(5.0), 0.05..=1440.0)?;
        Ok(Self {
            enabled: raw.enabled.unwrap_or(true),
            window: whole("drift.window", raw.window, 200, 20.0..=5000.0)?,
            every: Duration::from_secs_f64(60.0 * minutes),
            history: whole("drift.history", raw.history, 300.max(least), f64::from(least)..=2000.0)?,
            least,
            false_alarms: within("drift.false_alarms", raw.false_alarms.unwrap_or(0.02), 0.002..=0.2)?,
            reference: whole("drift.reference", raw.reference, 1000, 50.0..=5000.0)?,
            accuracy_loss: within("drift.accuracy_loss", raw.accuracy_loss.unwrap_or(0.05), 0.01..=0.5)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_is_refused_with_a_hint() {
        let resolved = |text: &str| DriftSettings::resolve(&toml::from_str(text).expect("TOML"));
        assert_eq!(resolved("").expect("defaults").window, 200);
        for (text, hint) in [
            ("window = 5", "from 20 to 5000"),
            ("least = 2", "at least 10"),
            ("least = 90\nhistory = 60", "from 90 to 2000"),
            ("false_alarms = nan", "from 0.002 to 0.2"),
            ("every_min = 0", "from 0.05 to 1440"),
            ("reference = 3", "from 50 to 5000"),
        ] {
            let error = crate::failure::text(&resolved(text).expect_err(text));
            assert!(error.contains("drift.") && error.contains(hint), "{text}: {error}");
        }
    }
}
