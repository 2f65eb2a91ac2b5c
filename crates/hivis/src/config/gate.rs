//! `[gate]`: what a generated picture must be.

use anyhow::Result;
use serde::Deserialize;

/// `[gate]` as it is written.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawGate {}

/// `[gate]`, resolved.
#[derive(Debug, Clone)]
pub struct GateSettings {}

impl GateSettings {
    pub(crate) fn resolve(_: &RawGate) -> Result<Self> {
        Ok(Self {})
    }
}
