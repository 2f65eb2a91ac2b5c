//! The configured generators, by name.

use anyhow::{Context, Result};
use hivis_generate::{
    Automatic1111, Comfyui, Cosmos, CosmosPlace, CosmosSettings, GenerateError, Generator, Login, Patience, Procedural,
    Secret, Server, Vision,
};

use crate::config::{GENERATORS, SecretRef, SynthSettings};
use crate::failure::Hinted;

/// Brings up a generator; its secrets are read now.
pub(crate) fn named(name: &str, settings: &SynthSettings) -> Result<Box<dyn Generator>> {
    let patience = Patience { whole: settings.timeout, ..Patience::default() };
    match name {
        "procedural" => Ok(Box::new(Procedural)),
        "automatic1111" => {
            let found = settings.automatic1111.as_ref().ok_or_else(|| missing(name))?;
            let login = match (&found.user, &found.secret) {
                (Some(user), Some(secret)) => Login::Basic(user.clone(), read(secret)?),
                _ => Login::None,
            };
            let server = Server { url: found.url.clone(), login, patience };
            let (checkpoint, sampler) = (found.checkpoint.as_deref(), found.sampler.as_deref());
            Ok(Box::new(Automatic1111::new(&server, checkpoint, sampler, found.price)?))
        }
        "comfyui" => {
            let found = settings.comfyui.as_ref().ok_or_else(|| missing(name))?;
            let server = Server { url: found.url.clone(), login: bearer(found.secret.as_ref())?, patience };
            let (checkpoint, sampler) = (found.checkpoint.as_deref(), found.sampler.as_deref());
            Ok(Box::new(Comfyui::new(&server, checkpoint, sampler, found.price)?))
        }
        "cosmos" => {
            let found = settings.cosmos.as_ref().ok_or_else(|| missing(name))?;
            let place = if found.command.is_empty() {
                let patience = Patience { whole: found.timeout, ..patience };
                CosmosPlace::Http(Server { url: found.url.clone(), login: bearer(found.api_key.as_ref())?, patience })
            } else {
                CosmosPlace::Command(found.command.clone())
            };
            let settings = CosmosSettings {
                control: found.control.clone(),
                steps: found.steps,
                guidance: found.guidance,
                timeout: found.timeout,
                ffmpeg: found.ffmpeg.clone().into(),
                price: found.price,
            };
            Ok(Box::new(Cosmos::new(place, settings)?))
        }
        _ => Err(GenerateError::Unknown { name: name.to_owned() }.into()),
    }
}

/// The model that captions, where one is configured.
pub(crate) fn vision(settings: &SynthSettings) -> Result<Option<Vision>> {
    let Some(found) = &settings.vision else { return Ok(None) };
    let patience = Patience { whole: settings.timeout, ..Patience::default() };
    let server = Server { url: found.url.clone(), login: bearer(found.api_key.as_ref())?, patience };
    Ok(Some(Vision::new(&server, &found.model, (found.input, found.output))?))
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

fn missing(name: &str) -> anyhow::Error {
    let hint = format!("add [synth.{name}] to hivis.toml; `hivis synth run --help` shows how");
    Hinted::new(format!("the generator {name} is not configured"), hint).into()
}

fn read(secret: &SecretRef) -> Result<Secret> {
    let text = secret.read(|name| std::env::var(name).ok()).context("a secret of [synth] cannot be read")?;
    Ok(Secret::new(text))
}

fn bearer(secret: Option<&SecretRef>) -> Result<Login> {
    Ok(match secret {
        Some(secret) => Login::Bearer(read(secret)?),
        None => Login::None,
    })
}
