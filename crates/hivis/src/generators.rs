//! The configured generators, by name.

use anyhow::Result;
use hivis_generate::{GenerateError, Generator, Procedural};

use crate::config::{GENERATORS, SynthSettings};

/// Brings up a generator; its secrets are read now.
pub(crate) fn named(name: &str, settings: &SynthSettings) -> Result<Box<dyn Generator>> {
    let _ = settings;
    match name {
        "procedural" => Ok(Box::new(Procedural)),
        _ => Err(GenerateError::Unknown { name: name.to_owned() }.into()),
    }
}

/// The names of those that are configured.
pub(crate) fn configured(settings: &SynthSettings) -> Vec<&'static str> {
    let there = |name: &&str| match *name {
        "automatic1111" => settings.automatic1111.is_some(),
        "comfyui" => settings.comfyui.is_some(),
        "cosmos" => settings.cosmos.is_some(),
        _ => true,
    };
    GENERATORS.into_iter().filter(there).collect()
}
