//! `[notify]`: who is told, how, and when not.

use anyhow::Result;
use serde::Deserialize;

/// `[notify]` as it is written.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawNotify {}

/// `[notify]`, resolved.
#[derive(Debug, Clone)]
pub struct NotifySettings {}

impl NotifySettings {
    #[expect(clippy::unnecessary_wraps, reason = "what is written may be wrong")]
    pub(crate) fn resolve(_raw: &RawNotify) -> Result<Self> {
        Ok(Self {})
    }
}
