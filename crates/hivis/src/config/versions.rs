//! `[versions]`: the repository of the data.

use anyhow::Result;
use serde::Deserialize;

/// `[versions]` as it is written.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawVersions {}

/// `[versions]`, resolved.
#[derive(Debug, Clone)]
pub struct VersionsSettings {}

impl VersionsSettings {
    pub(crate) fn resolve(_: &RawVersions) -> Result<Self> {
        Ok(Self {})
    }
}
