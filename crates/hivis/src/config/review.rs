//! `[review]`: the queue and the rules on acceptance.

use anyhow::Result;
use hivis_curate::review::Rules;
use hivis_store::{Reviewer, StoreError};
use jiff::SignedDuration;
use serde::Deserialize;

use super::settings::count;
use crate::failure::Hinted;

/// `[review]` as it is written.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawReview {
    /// Pictures that are queued a week.
    pub week: Option<u64>,
    /// Share of them that two people look at, in [0, 1].
    pub double: Option<f64>,
    /// Who looks, where --as does not say.
    pub reviewer: Option<String>,
    /// Minutes that a picture is shown to one person only.
    pub lease_min: Option<u32>,
    /// Weeks that rates look back, this one included.
    pub weeks: Option<u32>,
    /// Share of generated pictures that should be accepted.
    pub target: Option<f64>,
    /// Below this share the prompts are to be changed.
    pub change_below: Option<f64>,
    /// Below this share another generator is to be taken.
    pub switch_below: Option<f64>,
    /// Below this share two weeks running somebody is told.
    pub alert_below: Option<f64>,
    /// Fewer pictures than this break no rule.
    pub least: Option<u64>,
}

/// `[review]`, resolved.
#[derive(Debug, Clone)]
pub struct ReviewSettings {
    /// Pictures that are queued a week.
    pub week: u64,
    /// Share of them that two people look at, in [0, 1].
    pub double: f64,
    /// Who looks, where --as does not say.
    pub reviewer: Reviewer,
    /// How long a picture is shown to one person only.
    pub lease: SignedDuration,
    /// Weeks that rates look back, this one included.
    pub weeks: u32,
    /// What rates of acceptance call for.
    pub rules: Rules,
}

impl ReviewSettings {
    pub(crate) fn resolve(raw: &RawReview) -> Result<Self> {
        let default = Rules::default();
        let rules = Rules {
            target: share("target", raw.target.unwrap_or(default.target))?,
            change_below: share("change_below", raw.change_below.unwrap_or(default.change_below))?,
            switch_below: share("switch_below", raw.switch_below.unwrap_or(default.switch_below))?,
            alert_below: share("alert_below", raw.alert_below.unwrap_or(default.alert_below))?,
            least: count("review.least", raw.least.unwrap_or(default.least), 1)?,
        };
        if rules.switch_below > rules.change_below || rules.change_below > rules.target {
            let hint = "switch_below <= change_below <= target";
            return Err(Hinted::new("the thresholds of [review] are out of order", hint).into());
        }
        let lease = count("review.lease_min", raw.lease_min.unwrap_or(10), 1)?;
        Ok(Self {
            week: raw.week.unwrap_or(50),
            double: share("double", raw.double.unwrap_or(0.1))?,
            reviewer: Reviewer::new(&raw.reviewer.clone().unwrap_or_else(user)).map_err(StoreError::from)?,
            lease: SignedDuration::from_mins(i64::from(lease)),
            weeks: count("review.weeks", raw.weeks.unwrap_or(4), 2)?,
            rules,
        })
    }
}

fn share(key: &str, value: f64) -> Result<f64> {
    if (0.0..=1.0).contains(&value) {
        return Ok(value);
    }
    Err(Hinted::new(format!("review.{key} = {value} is no share"), "from 0 to 1").into())
}

/// Who runs the program, as the system calls that person.
fn user() -> String {
    let named = ["USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    let named = named.filter(|name| Reviewer::new(name).is_ok());
    named.unwrap_or_else(|| format!("uid-{}", rustix::process::getuid().as_raw()))
}
