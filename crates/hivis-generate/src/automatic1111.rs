//! AUTOMATIC1111's web UI, started with `--api` (`modules/api/api.py`, version 1.10): `/sdapi/v1/txt2img` and `/img2img`.
//!
//! The answer comes when the last picture is made, with the pictures as base64 and a JSON text `info` that has the seeds.
//! Forks that keep its API (Forge, SD.Next) answer the same.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use hivis_types::Usd;
use serde_json::{Value, json};

use crate::generator::Batch;
use crate::http::Http;
use crate::{Abilities, GenerateError, Generator, Made, Mode, Order, Presence, Server};

const WHO: &str = "automatic1111";
/// Seeds above this are not sent: samplers of older versions take 32 bits.
const SEEDS: u64 = u32::MAX as u64;
/// A check is for a person who waits.
const CHECK: Duration = Duration::from_secs(10);

/// A client of one server.
#[derive(Clone, Debug)]
pub struct Automatic1111 {
    http: Http,
    checkpoint: Option<String>,
    sampler: String,
    price: Usd,
}

impl Automatic1111 {
    /// `checkpoint` without a name is the one that is loaded; `sampler` is `Euler` without one, as SDXL's own pipeline has it.
    pub fn new(
        server: &Server,
        checkpoint: Option<&str>,
        sampler: Option<&str>,
        price: Usd,
    ) -> Result<Self, GenerateError> {
        Ok(Self {
            http: Http::new(WHO, server)?,
            checkpoint: checkpoint.map(str::to_owned),
            sampler: sampler.unwrap_or("Euler").to_owned(),
            price,
        })
    }

    async fn order(&self, order: &Order) -> Result<Made, GenerateError> {
        let until = self.http.deadline();
        let seed = order.seed & SEEDS;
        let mut body = json!({
            "prompt": order.prompt,
            "negative_prompt": order.negative,
            "seed": seed,
            "steps": order.steps,
            "cfg_scale": order.guidance,
            "width": order.width,
            "height": order.height,
            // One after the other: several at once need several times the memory.
            "batch_size": 1,
            "n_iter": order.count,
            "sampler_name": self.sampler,
            "send_images": true,
            "save_images": false,
        });
        if let Some(checkpoint) = &self.checkpoint {
            body["override_settings"] = json!({ "sd_model_checkpoint": checkpoint });
            // Loading a checkpoint takes a minute; the next order wants the same one.
            body["override_settings_restore_afterwards"] = json!(false);
        }
        let (path, mode) = match &order.parent {
            Some(parent) => {
                body["init_images"] = json!([STANDARD.encode(&parent.bytes)]);
                body["denoising_strength"] = json!(parent.strength);
                // Crop to the wanted shape and resize, so that nothing is squeezed.
                body["resize_mode"] = json!(1);
                ("sdapi/v1/img2img", Mode::ImageToImage)
            }
            None => ("sdapi/v1/txt2img", Mode::TextToImage),
        };
        let answer = self.http.post_json(path, &body, until).await?;
        let odd = |why: &str| GenerateError::Answer { who: WHO, why: why.to_owned() };
        let images = answer["images"].as_array().ok_or_else(|| odd("it has no list `images`"))?;
        let info: Value = answer["info"].as_str().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        // Where grids are on, the first picture is all of them in one.
        let first = info["index_of_first_image"].as_u64().unwrap_or_default() as usize;
        let files = images.iter().skip(first).map(file).collect();
        let seeds: Vec<u64> = info["all_seeds"].as_array().into_iter().flatten().filter_map(Value::as_u64).collect();
        let model = info["sd_model_name"].as_str().map(str::to_owned).or_else(|| self.checkpoint.clone());
        let model = model.unwrap_or_else(|| "unknown checkpoint".to_owned());
        let usual: Vec<u64> = (0..u64::from(order.count)).map(|i| (seed + i) & SEEDS).collect();
        let seeds = if seeds.is_empty() { &usual } else { &seeds };
        Ok(Batch { order, model, mode, price: self.price }.made(files, seeds))
    }

    async fn presence(&self) -> Result<Presence, GenerateError> {
        let until = Instant::now() + CHECK.min(self.http.patience.whole);
        let options = self.http.get_json("sdapi/v1/options", until).await?;
        let progress = self.http.get_json("sdapi/v1/progress?skip_current_image=true", until).await?;
        let model = options["sd_model_checkpoint"].as_str().map(str::to_owned);
        let busy = progress["state"]["job_count"].as_i64().unwrap_or_default() > 0;
        let mut notes = Vec::new();
        if busy {
            let share = 100.0 * progress["progress"].as_f64().unwrap_or_default();
            notes.push(format!("busy, {share:.0}% done"));
        }
        Ok(Presence { model: self.checkpoint.clone().or(model), notes })
    }
}

/// The bytes of one picture; what is no base64 is no picture, and is told so by its look.
fn file(image: &Value) -> Vec<u8> {
    let text = image.as_str().unwrap_or_default();
    let text = text.split_once("base64,").map_or(text, |(_, bytes)| bytes);
    STANDARD.decode(text.trim()).unwrap_or_default()
}

impl Generator for Automatic1111 {
    fn name(&self) -> &'static str {
        WHO
    }

    fn abilities(&self) -> Abilities {
        Abilities { text_to_image: true, image_to_image: true, negative: true, builds_slices: false, most: 8 }
    }

    fn price(&self) -> Usd {
        self.price
    }

    fn make<'a>(&'a self, order: &'a Order) -> BoxFuture<'a, Result<Made, GenerateError>> {
        self.order(order).boxed()
    }

    fn check(&self) -> BoxFuture<'_, Result<Presence, GenerateError>> {
        self.presence().boxed()
    }
}
