//! `[night]`: when the wheel turns, and what it may do.

use anyhow::Result;
use serde::Deserialize;

/// `[night]` as it is written.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawNight {}

/// `[night]`, resolved.
#[derive(Debug, Clone)]
pub struct NightSettings {}

impl NightSettings {
    pub(crate) fn resolve(_: &RawNight) -> Result<Self> {
        Ok(Self {})
    }
}
