//! `[synth]`: generators, prompts, caps.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use hivis_store::{Cap, Caps};
use hivis_types::Usd;
use serde::Deserialize;

use super::secret::SecretRef;
use super::settings::{count, seconds, unknown, within};
use crate::failure::Hinted;

/// Generators by name.
pub(crate) const GENERATORS: [&str; 4] = ["procedural", "automatic1111", "comfyui", "cosmos"];

/// `[synth]` as it is written.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawSynth {
    /// `procedural`, `automatic1111`, `comfyui` or `cosmos`.
    pub generator: Option<String>,
    /// Variations of a hard case.
    pub variations: Option<u32>,
    /// Pictures of a night.
    pub night: Option<u32>,
    /// Pictures of the 60-day run.
    pub long: Option<u32>,
    /// Pictures that an adversarial set is looked for among.
    pub adversarial: Option<u32>,
    /// How far image-to-image goes from its source, above 0 to 1.
    pub strength: Option<f64>,
    /// Steps of the sampler.
    pub steps: Option<u32>,
    /// Classifier-free guidance.
    pub guidance: Option<f64>,
    /// Width of a picture, pixels; 480 for procedural ones.
    pub width: Option<u32>,
    /// Height of a picture, pixels; 360 for procedural ones.
    pub height: Option<u32>,
    /// Most dollars of a calendar week for paid pictures and captions.
    pub week_usd: Option<f64>,
    /// Most paid pictures of a calendar week.
    pub week_pictures: Option<u64>,
    /// Most dollars of a calendar month.
    pub month_usd: Option<f64>,
    /// Most paid pictures of a calendar month.
    pub month_pictures: Option<u64>,
    /// The longest wait for one answer, seconds.
    pub timeout_s: Option<f64>,
    /// `[synth.automatic1111]`
    pub automatic1111: Option<RawAutomatic1111>,
    /// `[synth.comfyui]`
    pub comfyui: Option<RawComfyui>,
    /// `[synth.vision]`
    pub vision: Option<RawVision>,
    /// `[synth.cosmos]`
    pub cosmos: Option<RawCosmos>,
}

/// `[synth.automatic1111]` as it is written.
#[derive(Default, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawAutomatic1111 {
    /// Where it listens; it must run with `--api`.
    pub url: Option<String>,
    /// The name of `--api-auth`.
    pub user: Option<String>,
    /// Its password: `env:NAME` or `file:PATH`.
    pub password: Option<String>,
    /// The checkpoint; the loaded one when absent.
    pub checkpoint: Option<String>,
    /// The sampler.
    pub sampler: Option<String>,
    /// Dollars a picture; 0 for one's own.
    pub price_usd: Option<f64>,
}

/// `[synth.comfyui]` as it is written.
#[derive(Default, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawComfyui {
    /// Where it listens.
    pub url: Option<String>,
    /// The checkpoint's file.
    pub checkpoint: Option<String>,
    /// The sampler.
    pub sampler: Option<String>,
    /// A key that a proxy before it wants: `env:NAME` or `file:PATH`.
    pub api_key: Option<String>,
    /// Dollars a picture; 0 for one's own.
    pub price_usd: Option<f64>,
}

/// `[synth.vision]` as it is written.
#[derive(Default, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawVision {
    /// Where it listens, such as `https://api.openai.com/v1`.
    pub url: Option<String>,
    /// The model.
    pub model: Option<String>,
    /// `env:NAME` or `file:PATH`.
    pub api_key: Option<String>,
    /// Dollars for a million tokens in.
    pub input_usd: Option<f64>,
    /// Dollars for a million tokens out.
    pub output_usd: Option<f64>,
}

/// `[synth.cosmos]` as it is written.
#[derive(Default, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawCosmos {
    /// The program and its first arguments; `-i SPEC -o FOLDER` follow.
    pub command: Option<Vec<String>>,
    /// Or the address that takes the same as JSON.
    pub url: Option<String>,
    /// `env:NAME` or `file:PATH`.
    pub api_key: Option<String>,
    /// What of the picture is kept: `edge`, `depth`, `seg` or `vis`.
    pub control: Option<String>,
    /// Steps of its own sampler.
    pub steps: Option<u32>,
    /// Its own guidance, 0 to 7.
    pub guidance: Option<u32>,
    /// The program that takes videos apart.
    pub ffmpeg: Option<String>,
    /// The longest time for one picture, seconds.
    pub timeout_s: Option<f64>,
    /// Dollars a picture; 0 for one's own.
    pub price_usd: Option<f64>,
}

// What stands where a reference belongs may be the secret itself, by mistake.
macro_rules! hidden {
    ($($name:ident $field:ident),*) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name)).field(stringify!($field), &self.$field).finish_non_exhaustive()
            }
        }
    )*};
}
hidden!(RawAutomatic1111 checkpoint, RawComfyui checkpoint, RawVision model, RawCosmos control);

/// `[synth]`, resolved.
#[derive(Debug, Clone)]
pub struct SynthSettings {
    /// Who makes pictures when nobody is named.
    pub generator: String,
    /// Variations of a hard case.
    pub variations: u32,
    /// Pictures of a night.
    pub night: u32,
    /// Pictures of the 60-day run.
    pub long: u32,
    /// Pictures that an adversarial set is looked for among.
    pub adversarial: u32,
    /// How far image-to-image goes from its source.
    pub strength: f32,
    /// Steps of the sampler.
    pub steps: u32,
    /// Classifier-free guidance.
    pub guidance: f32,
    /// Width and height for diffusion models.
    pub size: (u32, u32),
    /// Width and height of procedural scenes.
    pub scene_size: (u32, u32),
    /// What paid pictures and captions may cost.
    pub caps: Caps,
    /// The longest wait for one answer.
    pub timeout: Duration,
    /// An AUTOMATIC1111 server.
    pub automatic1111: Option<ServerSettings>,
    /// A ComfyUI server.
    pub comfyui: Option<ServerSettings>,
    /// A model that captions pictures and rewrites captions.
    pub vision: Option<VisionSettings>,
    /// A Cosmos-Transfer runner.
    pub cosmos: Option<CosmosSettings>,
}

/// A server of pictures.
#[derive(Debug, Clone)]
pub struct ServerSettings {
    /// Where it listens.
    pub url: String,
    /// The name beside the secret, for one that takes name and password.
    pub user: Option<String>,
    /// Password or key.
    pub secret: Option<SecretRef>,
    /// The checkpoint; the loaded one when absent.
    pub checkpoint: Option<String>,
    /// The sampler.
    pub sampler: Option<String>,
    /// What a picture costs.
    pub price: Usd,
}

/// A model that sees.
#[derive(Debug, Clone)]
pub struct VisionSettings {
    /// Where it listens.
    pub url: String,
    /// The model.
    pub model: String,
    /// The key.
    pub api_key: Option<SecretRef>,
    /// A million tokens in.
    pub input: Usd,
    /// A million tokens out.
    pub output: Usd,
}

/// Where Cosmos-Transfer runs.
#[derive(Debug, Clone)]
pub struct CosmosSettings {
    /// The program and its first arguments; empty when it is an address.
    pub command: Vec<String>,
    /// The address; empty when it is a command.
    pub url: String,
    /// The key for the address.
    pub api_key: Option<SecretRef>,
    /// What of the picture is kept.
    pub control: String,
    /// Steps of its own sampler.
    pub steps: u32,
    /// Its own guidance.
    pub guidance: u32,
    /// The program that takes videos apart.
    pub ffmpeg: String,
    /// The longest time for one picture.
    pub timeout: Duration,
    /// What a picture costs.
    pub price: Usd,
}

impl SynthSettings {
    pub(crate) fn resolve(raw: &RawSynth, home: &Path) -> Result<Self> {
        let generator = raw.generator.clone().unwrap_or_else(|| "procedural".to_owned());
        if !GENERATORS.contains(&&*generator) {
            return Err(unknown("synth.generator", &generator, &GENERATORS.join(", ")));
        }
        let usd = |key: &str, value: Option<f64>, usual: f64| price(key, value.unwrap_or(usual));
        let cap = |period: &str, money: Option<f64>, pictures: Option<u64>, usual: (f64, u64)| -> Result<Cap> {
            Ok(Cap {
                usd: usd(&format!("synth.{period}_usd"), money, usual.0)?,
                pictures: pictures.unwrap_or(usual.1).min(i64::MAX as u64),
            })
        };
        let strength = within("synth.strength", raw.strength.unwrap_or(0.7), 0.01..=1.0)? as f32;
        Ok(Self {
            generator,
            variations: count("synth.variations", raw.variations.unwrap_or(5), 1)?,
            night: raw.night.unwrap_or(100),
            long: raw.long.unwrap_or(2000),
            adversarial: raw.adversarial.unwrap_or(200),
            strength,
            steps: count("synth.steps", raw.steps.unwrap_or(25), 1)?,
            guidance: within("synth.guidance", raw.guidance.unwrap_or(8.0), 0.0..=50.0)? as f32,
            size: (side("synth.width", raw.width, 1024)?, side("synth.height", raw.height, 1024)?),
            scene_size: (side("synth.width", raw.width, 480)?, side("synth.height", raw.height, 360)?),
            caps: Caps {
                week: cap("week", raw.week_usd, raw.week_pictures, (1.0, 25))?,
                month: cap("month", raw.month_usd, raw.month_pictures, (2.0, 50))?,
            },
            timeout: seconds("synth.timeout_s", raw.timeout_s.unwrap_or(300.0), 0.1..=86_400.0)?,
            automatic1111: raw.automatic1111.as_ref().map(|raw| automatic1111(raw, home)).transpose()?,
            comfyui: raw.comfyui.as_ref().map(|raw| comfyui(raw, home)).transpose()?,
            vision: raw.vision.as_ref().map(|raw| vision(raw, home)).transpose()?,
            cosmos: raw.cosmos.as_ref().map(|raw| cosmos(raw, home)).transpose()?,
        })
    }
}

/// Diffusion models work on blocks of 8 pixels.
fn side(key: &str, value: Option<u32>, usual: u32) -> Result<u32> {
    let value = value.unwrap_or(usual);
    if (64..=4096).contains(&value) && value.is_multiple_of(8) {
        return Ok(value);
    }
    Err(Hinted::new(format!("{key} = {value} is no side of a picture"), "a multiple of 8 from 64 to 4096").into())
}

fn price(key: &str, dollars: f64) -> Result<Usd> {
    let usd = Usd::from_dollars(dollars).filter(|usd| usd.0 >= 0);
    usd.ok_or_else(|| Hinted::new(format!("{key} = {dollars} is no price"), "dollars, such as 0.04").into())
}

fn wanted(key: &str, value: Option<&String>, example: &str) -> Result<String> {
    value.cloned().ok_or_else(|| Hinted::new(format!("{key} is missing"), format!("such as \"{example}\"")).into())
}

fn secret(key: &str, value: Option<&String>, home: &Path) -> Result<Option<SecretRef>> {
    value.map(|text| SecretRef::parse(key, text, home)).transpose()
}

fn automatic1111(raw: &RawAutomatic1111, home: &Path) -> Result<ServerSettings> {
    let secret = secret("synth.automatic1111.password", raw.password.as_ref(), home)?;
    if secret.is_some() != raw.user.is_some() {
        let hint = "both, as --api-auth has them, or neither";
        return Err(Hinted::new("[synth.automatic1111] wants user and password together", hint).into());
    }
    Ok(ServerSettings {
        url: wanted("synth.automatic1111.url", raw.url.as_ref(), "http://127.0.0.1:7860")?,
        user: raw.user.clone(),
        secret,
        checkpoint: raw.checkpoint.clone(),
        sampler: raw.sampler.clone(),
        price: price("synth.automatic1111.price_usd", raw.price_usd.unwrap_or(0.0))?,
    })
}

fn comfyui(raw: &RawComfyui, home: &Path) -> Result<ServerSettings> {
    Ok(ServerSettings {
        url: wanted("synth.comfyui.url", raw.url.as_ref(), "http://127.0.0.1:8188")?,
        user: None,
        secret: secret("synth.comfyui.api_key", raw.api_key.as_ref(), home)?,
        checkpoint: raw.checkpoint.clone(),
        sampler: raw.sampler.clone(),
        price: price("synth.comfyui.price_usd", raw.price_usd.unwrap_or(0.0))?,
    })
}

fn vision(raw: &RawVision, home: &Path) -> Result<VisionSettings> {
    Ok(VisionSettings {
        url: wanted("synth.vision.url", raw.url.as_ref(), "http://127.0.0.1:8000/v1")?,
        model: wanted("synth.vision.model", raw.model.as_ref(), "Qwen/Qwen2.5-VL-7B-Instruct")?,
        api_key: secret("synth.vision.api_key", raw.api_key.as_ref(), home)?,
        input: price("synth.vision.input_usd", raw.input_usd.unwrap_or(0.0))?,
        output: price("synth.vision.output_usd", raw.output_usd.unwrap_or(0.0))?,
    })
}

fn cosmos(raw: &RawCosmos, home: &Path) -> Result<CosmosSettings> {
    let command = raw.command.clone().unwrap_or_default();
    let url = raw.url.clone().unwrap_or_default();
    if command.is_empty() == url.is_empty() {
        let hint = "command = [\"python\", \"examples/inference.py\"] where it is installed, or url = \"http://HOST:PORT/PATH\"";
        return Err(Hinted::new("[synth.cosmos] wants a command or a url, one of them", hint).into());
    }
    let control = raw.control.clone().unwrap_or_else(|| "edge".to_owned());
    if !["edge", "depth", "seg", "vis"].contains(&&*control) {
        return Err(unknown("synth.cosmos.control", &control, "edge, depth, seg, vis"));
    }
    Ok(CosmosSettings {
        command,
        url,
        api_key: secret("synth.cosmos.api_key", raw.api_key.as_ref(), home)?,
        control,
        steps: count("synth.cosmos.steps", raw.steps.unwrap_or(35), 1)?,
        guidance: within("synth.cosmos.guidance", f64::from(raw.guidance.unwrap_or(3)), 0.0..=7.0)? as u32,
        ffmpeg: raw.ffmpeg.clone().unwrap_or_else(|| "ffmpeg".to_owned()),
        timeout: seconds("synth.cosmos.timeout_s", raw.timeout_s.unwrap_or(3600.0), 0.1..=86_400.0)?,
        price: price("synth.cosmos.price_usd", raw.price_usd.unwrap_or(0.0))?,
    })
}
