//! `[rank]`: what others say of our rank, and when a release can be judged by it.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use serde::Deserialize;

use super::secret::SecretRef;
use super::settings::{count, within};
use crate::failure::Hinted;

/// Where TaoStats' API is when nothing else is said.
const BASE: &str = "https://api.taostats.io";

/// `[rank]` as it is written.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawRank {
    /// Days with a reading that each side of a release change needs before anything is said of it.
    pub least_days: Option<u32>,
    /// The longest that a side is taken, days.
    pub most_days: Option<u32>,
    /// `[rank.taostats]`; without it TaoStats is not asked.
    pub taostats: Option<RawTaoStats>,
}

/// `[rank.taostats]` as it is written.
#[derive(Default, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawTaoStats {
    /// `env:NAME` or `file:PATH`.
    pub api_key: Option<String>,
    /// The API's address.
    pub base_url: Option<String>,
    /// A younger answer is not asked for again, minutes.
    pub fresh_min: Option<f64>,
    /// Calls that the plan allows in a minute.
    pub calls_per_minute: Option<u32>,
}

// What stands in `api_key` may be the key itself, by mistake.
impl std::fmt::Debug for RawTaoStats {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RawTaoStats").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

/// `[rank]`, resolved.
#[derive(Debug, Clone)]
pub struct RankSettings {
    /// Days with a reading that each side of a change needs.
    pub least_days: u32,
    /// The longest that a side is taken, days.
    pub most_days: u32,
    /// TaoStats, when it is to be asked.
    pub taostats: Option<TaoStatsSettings>,
}

/// TaoStats.
#[derive(Debug, Clone)]
pub struct TaoStatsSettings {
    /// The key.
    pub api_key: SecretRef,
    /// The API's address.
    pub base_url: String,
    /// A younger answer is not asked for again.
    pub fresh: Duration,
    /// Calls that the plan allows in a minute.
    pub calls_per_minute: u32,
}

impl RankSettings {
    pub(crate) fn resolve(raw: &RawRank, home: &Path) -> Result<Self> {
        let least_days = count("rank.least_days", raw.least_days.unwrap_or(5), 3)?;
        Ok(Self {
            least_days,
            most_days: count("rank.most_days", raw.most_days.unwrap_or(14.max(least_days)), least_days)?,
            taostats: raw.taostats.as_ref().map(|raw| taostats(raw, home)).transpose()?,
        })
    }
}

fn taostats(raw: &RawTaoStats, home: &Path) -> Result<TaoStatsSettings> {
    let Some(key) = &raw.api_key else {
        let hint = "api_key = \"env:TAOSTATS_API_KEY\"; https://dash.taostats.io gives one for free";
        return Err(Hinted::new("[rank.taostats] wants api_key", hint).into());
    };
    let minutes = within("rank.taostats.fresh_min", raw.fresh_min.unwrap_or(15.0), 1.0..=1440.0)?;
    Ok(TaoStatsSettings {
        api_key: SecretRef::parse("rank.taostats.api_key", key, home)?,
        base_url: raw.base_url.clone().unwrap_or_else(|| BASE.to_owned()),
        fresh: Duration::from_secs_f64(60.0 * minutes),
        calls_per_minute: count("rank.taostats.calls_per_minute", raw.calls_per_minute.unwrap_or(5), 1)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_a_reference_and_figures_have_bounds() {
        let resolved = |text: &str| RankSettings::resolve(&toml::from_str(text).expect("TOML"), Path::new("/home"));
        let usual = resolved("").expect("defaults");
        assert_eq!((usual.least_days, usual.most_days, usual.taostats.is_none()), (5, 14, true));
        let set = resolved("[taostats]\napi_key = \"env:K\"").expect("good").taostats.expect("set");
        assert_eq!((set.base_url.as_str(), set.calls_per_minute), (BASE, 5));
        for (text, said) in [
            ("[taostats]", "wants api_key"),
            ("[taostats]\napi_key = \"tao-secret\"", "no reference"),
            ("[taostats]\napi_key = \"env:K\"\nfresh_min = 0", "from 1 to 1440"),
            ("[taostats]\napi_key = \"env:K\"\ncalls_per_minute = 0", "at least 1"),
            ("least_days = 1", "at least 3"),
            ("most_days = 4", "at least 5"),
        ] {
            let error = crate::failure::text(&resolved(text).expect_err(text));
            assert!(error.contains(said) && !error.contains("tao-secret"), "{text}: {error}");
        }
    }
}
