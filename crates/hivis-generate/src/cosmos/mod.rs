//! Cosmos-Transfer2.5, which makes another world with a picture's outlines: as a command on this computer, or behind HTTP.
//!
//! What is taken for granted, as nvidia-cosmos/cosmos-transfer2.5 had it in early 2026 (`docs/inference.md`,
//! `cosmos_transfer2/config.py`, `inference.py`):
//! - `python examples/inference.py -i SPEC.json -o FOLDER` writes `FOLDER/NAME.jpg` for one frame, else `FOLDER/NAME.mp4`;
//! - a spec holds `name`, `prompt`, `negative_prompt`, `video_path` (a picture counts as a video of one frame), `seed`,
//!   `guidance` (whole, 0 to 7), `num_steps`, `max_frames`, `num_video_frames_per_chunk`, and one control (`edge`, `depth`,
//!   `seg` or `vis`) with its `control_weight`; unknown keys are refused there, so there are no others in ours;
//! - the result has the input's size (`keep_input_resolution`), and the guardrail, when it says no, leaves no file and
//!   exit status 0.
//!
//! Over HTTP there is no official form. Ours posts the same spec with `b64_image` in the place of `video_path` and reads
//! `b64_image` or `b64_video` (or `image`, `video`) out of the JSON that comes back.

mod child;
mod runner;

use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use hivis_image::{DecodeLimits, Picture, decode, encode_png, resize_bilinear};
use hivis_types::Usd;
use serde_json::{Value, json};

use crate::generator::Batch;
use crate::http::Http;
use crate::{Abilities, GenerateError, Generator, Made, Mode, Order, Parent, Presence, Server};

const WHO: &str = "cosmos";
/// The name of our sample in its folder.
const NAME: &str = "hivis";

/// Where it runs.
#[derive(Clone, Debug)]
pub enum CosmosPlace {
    /// The program and its first arguments; `-i SPEC -o FOLDER` follow.
    Command(Vec<String>),
    /// An address that takes the spec as JSON.
    Http(Server),
}

/// How it is to work.
#[derive(Clone, Debug)]
pub struct CosmosSettings {
    /// What of the picture is kept: `edge`, `depth`, `seg` or `vis`.
    pub control: String,
    /// Steps of its sampler.
    pub steps: u32,
    /// Its guidance, 0 to 7.
    pub guidance: u32,
    /// The longest time for one picture.
    pub timeout: Duration,
    /// The program that takes videos apart.
    pub ffmpeg: PathBuf,
    /// What a picture costs.
    pub price: Usd,
}

/// A runner of Cosmos-Transfer2.5.
#[derive(Clone, Debug)]
pub struct Cosmos {
    runner: Runner,
    settings: CosmosSettings,
}

#[derive(Clone, Debug)]
enum Runner {
    Command(Vec<String>),
    Http(Box<Http>),
}

/// What one run gave.
enum Outcome {
    /// A file: a picture, or a video.
    File(Vec<u8>),
    /// The guardrail said no.
    Blocked,
    /// Nothing.
    Nothing,
}

impl Cosmos {
    /// A command, or a server.
    pub fn new(place: CosmosPlace, settings: CosmosSettings) -> Result<Self, GenerateError> {
        let runner = match place {
            CosmosPlace::Command(command) => Runner::Command(command),
            CosmosPlace::Http(server) => Runner::Http(Box::new(Http::new(WHO, &server)?)),
        };
        Ok(Self { runner, settings })
    }

    async fn order(&self, order: &Order) -> Result<Made, GenerateError> {
        let Some(parent) = &order.parent else {
            return Err(GenerateError::Unable { who: WHO, what: "it needs a picture to follow" });
        };
        let source = encode_png(&fitted(parent, order)?);
        let batch = Batch {
            order,
            model: "cosmos-transfer2.5".to_owned(),
            mode: Mode::VideoToWorld,
            price: self.settings.price,
        };
        let (mut files, mut blocked) = (Vec::new(), 0);
        for i in 0..order.count {
            let spec = self.spec(order, order.seed.wrapping_add(u64::from(i)));
            let outcome = match &self.runner {
                Runner::Command(command) => runner::run(command, &self.settings, &spec, &source).await?,
                Runner::Http(http) => post(http, spec, &source).await?,
            };
            match outcome {
                Outcome::File(bytes) if is_video(&bytes) => {
                    files.push(runner::first_frame(&self.settings, &bytes).await?);
                }
                Outcome::File(bytes) => files.push(bytes),
                Outcome::Blocked => blocked += 1,
                Outcome::Nothing => {}
            }
        }
        let mut made = batch.made(files, &[]);
        let missing = made.pictures.iter_mut().filter(|picture| matches!(picture, Err(crate::Refusal::Missing)));
        for picture in missing.take(blocked) {
            *picture = Err(crate::Refusal::SafetyFilter);
        }
        // It worked for what its guardrail then held back.
        made.paid += blocked as u32;
        made.cost = self.settings.price.times(made.paid);
        Ok(made)
    }

    /// The spec without its picture.
    fn spec(&self, order: &Order, seed: u64) -> Value {
        let mut spec = json!({
            "name": NAME,
            "prompt": order.prompt,
            // Its seeds are C integers.
            "seed": seed & 0x7fff_ffff,
            "guidance": self.settings.guidance,
            "num_steps": self.settings.steps,
            "max_frames": 1,
            "num_video_frames_per_chunk": 1,
        });
        if !order.negative.is_empty() {
            spec["negative_prompt"] = json!(order.negative);
        }
        // How closely the outlines are followed is what strength is elsewhere, the other way round.
        let weight = order.parent.as_ref().map_or(1.0, |parent| 1.0 - parent.strength / 2.0);
        spec[&self.settings.control] = json!({ "control_weight": (f64::from(weight) * 100.0).round() / 100.0 });
        spec
    }
}

async fn post(http: &Http, mut spec: Value, source: &[u8]) -> Result<Outcome, GenerateError> {
    spec["b64_image"] = json!(STANDARD.encode(source));
    let answer = http.post_json("", &spec, http.deadline()).await?;
    let found = ["b64_image", "b64_video", "image", "video"].into_iter().find_map(|name| answer[name].as_str());
    let Some(text) = found else { return Ok(Outcome::Nothing) };
    let text = text.split_once("base64,").map_or(text, |(_, bytes)| bytes);
    let bytes = STANDARD.decode(text.trim());
    bytes.map(Outcome::File).map_err(|_| GenerateError::Answer { who: WHO, why: "its base64 is none".to_owned() })
}

/// ISO media files (mp4) name their kind at byte 4.
fn is_video(bytes: &[u8]) -> bool {
    bytes.get(4..8) == Some(b"ftyp")
}

/// The parent cut to the order's shape about its middle, and resized.
fn fitted(parent: &Parent, order: &Order) -> Result<Picture, GenerateError> {
    let limits = DecodeLimits { bytes: 32 << 20, ..DecodeLimits::default() };
    let picture = decode(&parent.bytes, &limits)
        .map_err(|error| GenerateError::Turned { who: WHO, why: format!("its parent is no picture: {error}") })?
        .picture;
    let (width, height) = (u64::from(picture.width()), u64::from(picture.height()));
    let (wide, high) = (u64::from(order.width), u64::from(order.height));
    // The largest part of that shape.
    let (cut_w, cut_h) = if width * high > height * wide {
        ((height * wide / high).max(1), height)
    } else {
        (width, (width * high / wide).max(1))
    };
    let (x0, y0) = ((width - cut_w) / 2, (height - cut_h) / 2);
    let mut rgb = Vec::with_capacity((cut_w * cut_h * 3) as usize);
    for y in y0..y0 + cut_h {
        let from = 3 * (y * width + x0) as usize;
        rgb.extend_from_slice(&picture.rgb()[from..from + 3 * cut_w as usize]);
    }
    let cut = Picture::new(cut_w as u32, cut_h as u32, rgb).expect("a part of a picture: this is a bug");
    Ok(resize_bilinear(&cut, order.width, order.height))
}

impl Generator for Cosmos {
    fn name(&self) -> &'static str {
        WHO
    }

    fn abilities(&self) -> Abilities {
        // One picture takes minutes.
        Abilities { text_to_image: false, image_to_image: true, negative: true, builds_slices: false, most: 1 }
    }

    fn price(&self) -> Usd {
        self.settings.price
    }

    fn make<'a>(&'a self, order: &'a Order) -> BoxFuture<'a, Result<Made, GenerateError>> {
        self.order(order).boxed()
    }

    fn check(&self) -> BoxFuture<'_, Result<Presence, GenerateError>> {
        async {
            let model = Some("cosmos-transfer2.5".to_owned());
            match &self.runner {
                Runner::Command(command) => {
                    let notes = runner::there(command, &self.settings.ffmpeg)?;
                    Ok(Presence { model, notes })
                }
                // There is no question that costs nothing: that somebody listens has to do.
                Runner::Http(http) => {
                    http.listens().await?;
                    Ok(Presence { model, notes: vec!["somebody listens there; nothing was asked".to_owned()] })
                }
            }
        }
        .boxed()
    }
}

/// A path as an argument.
fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
