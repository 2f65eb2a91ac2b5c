//! `[console]`: accounts and sessions of the control room.

use anyhow::Result;
use serde::Deserialize;

/// `[console]` as it is written.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawConsole {}

/// `[console]`, resolved.
#[derive(Debug, Clone)]
pub struct ConsoleSettings {}

impl ConsoleSettings {
    #[expect(clippy::unnecessary_wraps, reason = "what is written may be wrong")]
    pub(crate) fn resolve(_raw: &RawConsole) -> Result<Self> {
        Ok(Self {})
    }
}
