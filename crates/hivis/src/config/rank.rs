//! `[rank]`: what others say of our rank, and when inputs count as drifted.

use anyhow::Result;
use serde::Deserialize;

/// `[rank]` as it is written.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawRank {}

/// `[rank]`, resolved.
#[derive(Debug, Clone)]
pub struct RankSettings {}

impl RankSettings {
    #[expect(clippy::unnecessary_wraps, reason = "what is written may be wrong")]
    pub(crate) fn resolve(_raw: &RawRank) -> Result<Self> {
        Ok(Self {})
    }
}
