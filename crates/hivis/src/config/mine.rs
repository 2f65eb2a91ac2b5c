//! `[mine]`: what counts as hard, and how many are picked.

use anyhow::Result;
use serde::Deserialize;

/// `[mine]` as it is written.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawMine {}

/// `[mine]`, resolved.
#[derive(Debug, Clone)]
pub struct MineSettings {}

impl MineSettings {
    pub(crate) fn resolve(_: &RawMine) -> Result<Self> {
        Ok(Self {})
    }
}
