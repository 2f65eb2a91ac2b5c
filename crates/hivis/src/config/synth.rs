//! `[synth]`: generators, prompts, caps.

use anyhow::Result;
use serde::Deserialize;

/// `[synth]` as it is written.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawSynth {}

/// `[synth]`, resolved.
#[derive(Debug, Clone)]
pub struct SynthSettings {}

impl SynthSettings {
    pub(crate) fn resolve(_: &RawSynth) -> Result<Self> {
        Ok(Self {})
    }
}
