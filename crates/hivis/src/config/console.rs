//! `[console]`: accounts and sessions of the control room.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::Result;
use serde::Deserialize;

use super::settings::within;
use crate::failure::Hinted;

/// `[console]` as it is written.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawConsole {
    /// A session ends after so many minutes without a request.
    pub idle_min: Option<f64>,
    /// A session ends after so many hours in any case.
    pub session_h: Option<f64>,
    /// Names by which the page is reached, besides addresses and localhost.
    pub hosts: Option<Vec<String>>,
    /// Addresses of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed.
    pub proxies: Option<Vec<IpAddr>>,
    /// /metrics wants no token, also where others reach the page.
    pub open_metrics: Option<bool>,
}

/// `[console]`, resolved.
#[derive(Debug, Clone)]
pub struct ConsoleSettings {
    /// A session ends after this long without a request.
    pub idle: Duration,
    /// A session ends after this long in any case.
    pub lifetime: Duration,
    /// Names by which the page is reached, in lower case.
    pub hosts: Vec<String>,
    /// Proxies that are believed.
    pub proxies: Vec<IpAddr>,
    /// /metrics wants no token.
    pub open_metrics: bool,
}

impl ConsoleSettings {
    pub(crate) fn resolve(raw: &RawConsole) -> Result<Self> {
        let minutes = within("console.idle_min", raw.idle_min.unwrap_or(60.0), 1.0..=10_080.0)?;
        let hours = within("console.session_h", raw.session_h.unwrap_or(12.0), 0.1..=720.0)?;
        let hosts = raw.hosts.iter().flatten().map(|name| host(name)).collect::<Result<_>>()?;
        Ok(Self {
            idle: Duration::from_secs_f64(60.0 * minutes),
            lifetime: Duration::from_secs_f64(3600.0 * hours),
            hosts,
            proxies: raw.proxies.iter().flatten().map(IpAddr::to_canonical).collect(),
            open_metrics: raw.open_metrics.unwrap_or(false),
        })
    }
}

/// A name alone: a scheme, a port or a star would never be the header's.
fn host(name: &str) -> Result<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    if name.is_empty() || !name.chars().all(plain) {
        let hint = "the name alone, as in the address bar: \"miner.example\"";
        return Err(Hinted::new(format!("console.hosts: {name:?} is no name of a host"), hint).into());
    }
    Ok(name.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_counts_and_what_is_wrong_is_told() {
        let raw: RawConsole = toml::from_str(
            "idle_min = 5\nsession_h = 1\nhosts = [\"Miner.Example\"]\nproxies = [\"::ffff:10.0.0.1\"]\nopen_metrics = true",
        )
        .expect("TOML");
        let settings = ConsoleSettings::resolve(&raw).expect("settings");
        assert_eq!((settings.idle, settings.lifetime), (Duration::from_mins(5), Duration::from_hours(1)));
        assert_eq!(settings.hosts, ["miner.example"]);
        assert_eq!(settings.proxies, ["10.0.0.1".parse::<IpAddr>().expect("an address")]);
        assert!(settings.open_metrics);
        for wrong in ["idle_min = 0", "session_h = 1e9", "hosts = [\"https://miner\"]", "hosts = [\"\"]"] {
            let raw: RawConsole = toml::from_str(wrong).expect("TOML");
            assert!(ConsoleSettings::resolve(&raw).is_err(), "{wrong}");
        }
        for unknown in ["password = \"x\"", "proxies = [\"proxy\"]"] {
            assert!(toml::from_str::<RawConsole>(unknown).is_err(), "{unknown}");
        }
    }
}
