//! `[publish]` and `[natix]`: where a release goes, and who is told of it.

use std::time::Duration;

use anyhow::Result;
use hivis_http::{Address, Reach};
use serde::Deserialize;

use super::settings::seconds;
use crate::failure::Hinted;

/// NATIX's server, as the subnet's `register.sh` has it.
const BASE: &str = "https://hydra.natix.network";

/// `[publish]`
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawPublish {
    /// `OWNER/NAME` on the Hub.
    pub repo: Option<String>,
    /// `model_name` of the model card.
    pub model_name: Option<String>,
    /// `description` of the model card.
    pub description: Option<String>,
}

/// `[natix]`
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawNatix {
    /// The server's address.
    pub base: Option<String>,
    /// The way of the registration.
    pub path: Option<String>,
    /// The way of its status; `/UID` comes behind it.
    pub status_path: Option<String>,
    /// Who registers: `miner`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Seconds between two looks at the status.
    pub poll_s: Option<f64>,
    /// Seconds until the program stops looking.
    pub wait_s: Option<f64>,
}

/// Where a release goes.
#[derive(Debug, Clone)]
pub struct PublishSettings {
    /// `OWNER/NAME`, when one is configured.
    pub repo: Option<String>,
    /// `model_name`; the release's name when there is none.
    pub model_name: Option<String>,
    /// `description`; one is written when there is none.
    pub description: Option<String>,
}

/// NATIX's server.
#[derive(Debug, Clone)]
pub struct NatixSettings {
    /// Its address, without a slash at the end.
    pub base: String,
    /// Who could read what is sent there in the clear.
    pub reach: Reach,
    /// The way of the registration, with a slash at its beginning.
    pub path: String,
    /// The way of its status, with a slash at its beginning.
    pub status_path: String,
    /// Who registers.
    pub kind: String,
    /// Time between two looks at the status.
    pub poll: Duration,
    /// Time until the program stops looking.
    pub wait: Duration,
}

impl NatixSettings {
    /// Checks and fills in.
    pub(super) fn resolve(raw: &RawNatix) -> Result<Self> {
        let base = raw.base.as_deref().unwrap_or(BASE).trim_end_matches('/').to_owned();
        // Who reads a signed time in clear could register another repository with it.
        let Some(address) = Address::parse(&base).filter(|address| !address.is_clear()) else {
            // Not shown: there may be a password in it.
            let hint = format!("such as {BASE}, without a name or a password; plain http only on this computer");
            return Err(Hinted::new("natix.base is no https address", hint).into());
        };
        let text = |given: &Option<String>, default: &str| given.clone().unwrap_or_else(|| default.to_owned());
        let settings = Self {
            base,
            reach: address.reach(),
            path: text(&raw.path, "/participants/register"),
            status_path: text(&raw.status_path, "/participants/registration-status"),
            kind: text(&raw.kind, "miner"),
            poll: seconds("natix.poll_s", raw.poll_s.unwrap_or(3.0), 0.01..=600.0)?,
            wait: seconds("natix.wait_s", raw.wait_s.unwrap_or(180.0), 0.0..=86_400.0)?,
        };
        for (key, path) in [("path", &settings.path), ("status_path", &settings.status_path)] {
            if !path.starts_with('/') || path.ends_with('/') {
                let why = format!("natix.{key} = \"{path}\" is no way on a server");
                return Err(Hinted::new(why, "with a slash at its beginning and none at its end").into());
            }
        }
        Ok(settings)
    }

    /// True for a server on this computer.
    pub(crate) fn here(&self) -> bool {
        self.reach == Reach::Here
    }

    /// Where a registration is sent.
    pub(crate) fn register(&self) -> String {
        format!("{}{}", self.base, self.path)
    }

    /// Where its status is.
    pub(crate) fn status(&self, uid: u16) -> String {
        format!("{}{}/{uid}", self.base, self.status_path)
    }
}

impl PublishSettings {
    pub(super) fn resolve(raw: &RawPublish) -> Self {
        let RawPublish { repo, model_name, description } = raw.clone();
        Self { repo, model_name, description }
    }
}
