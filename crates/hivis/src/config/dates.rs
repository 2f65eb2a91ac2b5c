//! `[dates]`: what a day is counted towards. What is announced and not in force is a setting with its source.

use anyhow::Result;
use jiff::civil::Date;
use serde::{Deserialize, Deserializer, de};

use crate::failure::Hinted;

/// What the defaults were read in.
const SOURCE: &str = "announced by NATIX, not in force as of 2026-01 (SUBNET.md)";

/// `[dates]` as it is written.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawDates {
    /// Days after a submission with the full reward.
    pub full_reward_days: Option<u32>,
    /// Days after a submission until its period ends.
    pub period_days: Option<u32>,
    /// Who says so.
    pub source: Option<String>,
    /// Whether it counts today.
    pub in_force: Option<bool>,
    /// Days after a submission on which a new model should be in training.
    pub retrain_days: Option<Vec<u32>>,
    /// Days before a deadline on which a calendar reminds.
    pub remind_days: Option<u32>,
    /// `[[dates.token]]`
    pub token: Vec<RawToken>,
    /// `[[dates.entry]]`
    pub entry: Vec<RawEntry>,
}

/// `[[dates.token]]` as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawToken {
    /// What it is called.
    pub name: String,
    /// Its last day, UTC.
    #[serde(deserialize_with = "date")]
    pub expires: Date,
}

/// `[[dates.entry]]` as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawEntry {
    /// What it is called.
    pub name: String,
    /// The day, UTC.
    #[serde(deserialize_with = "date")]
    pub date: Date,
    /// What for.
    #[serde(default)]
    pub why: String,
}

/// `[dates]`, resolved.
#[derive(Debug, Clone)]
pub struct DatesSettings {
    /// Days after a submission with the full reward.
    pub full_reward_days: u32,
    /// Days after a submission until its period ends.
    pub period_days: u32,
    /// Who says so.
    pub source: String,
    /// Whether it counts today.
    pub in_force: bool,
    /// Days after a submission on which a new model should be in training, rising.
    pub retrain_days: Vec<u32>,
    /// Days before a deadline on which a calendar reminds.
    pub remind_days: u32,
    /// Tokens, names unique.
    pub tokens: Vec<RawToken>,
    /// Own entries, names unique.
    pub entries: Vec<RawEntry>,
}

/// More days than any of them makes sense for.
const MOST_DAYS: u32 = 3660;

impl DatesSettings {
    pub(crate) fn resolve(raw: &RawDates) -> Result<Self> {
        let mut retrain_days = raw.retrain_days.clone().unwrap_or_else(|| vec![45, 60, 75, 90]);
        retrain_days.sort_unstable();
        retrain_days.dedup();
        let settings = Self {
            full_reward_days: raw.full_reward_days.unwrap_or(45),
            period_days: raw.period_days.unwrap_or(90),
            source: raw.source.clone().unwrap_or_else(|| SOURCE.to_owned()),
            in_force: raw.in_force.unwrap_or(false),
            retrain_days,
            remind_days: raw.remind_days.unwrap_or(7),
            tokens: raw.token.clone(),
            entries: raw.entry.clone(),
        };
        let days = [settings.full_reward_days, settings.period_days, settings.remind_days];
        if let Some(many) = days.iter().chain(&settings.retrain_days).find(|days| **days > MOST_DAYS) {
            return Err(
                Hinted::new(format!("[dates]: {many} days are too many"), format!("at most {MOST_DAYS}")).into()
            );
        }
        once("dates.token", settings.tokens.iter().map(|token| &token.name))?;
        once("dates.entry", settings.entries.iter().map(|entry| &entry.name))?;
        Ok(settings)
    }
}

/// A calendar finds an entry again by its name.
fn once<'a>(key: &str, names: impl Iterator<Item = &'a String>) -> Result<()> {
    let mut seen = std::collections::BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            let hint = "give each a name of its own";
            return Err(Hinted::new(format!("two [[{key}]] are named \"{name}\""), hint).into());
        }
    }
    Ok(())
}

/// A day as a text or as TOML's own.
fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    let text = match toml::Value::deserialize(deserializer)? {
        toml::Value::String(text) => text,
        toml::Value::Datetime(date) => date.to_string(),
        _ => return Err(de::Error::custom("a day is written as \"2027-01-31\"")),
    };
    text.parse().map_err(|_| de::Error::custom(format!("`{text}` is no day; write it as \"2027-01-31\"")))
}
