//! `[review]`: the queue and the rules on acceptance.

use anyhow::Result;
use serde::Deserialize;

/// `[review]` as it is written.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawReview {}

/// `[review]`, resolved.
#[derive(Debug, Clone)]
pub struct ReviewSettings {}

impl ReviewSettings {
    pub(crate) fn resolve(_: &RawReview) -> Result<Self> {
        Ok(Self {})
    }
}
