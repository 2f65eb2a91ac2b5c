//! `[watch]`: thresholds of the alert rules.

use anyhow::Result;
use serde::Deserialize;

/// `[watch]` as it is written.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawWatch {}

/// `[watch]`, resolved.
#[derive(Debug, Clone)]
pub struct WatchSettings {}

impl WatchSettings {
    #[expect(clippy::unnecessary_wraps, reason = "what is written may be wrong")]
    pub(crate) fn resolve(_raw: &RawWatch) -> Result<Self> {
        Ok(Self {})
    }
}
