//! ComfyUI (`server.py`): a graph of nodes in API format goes to `/prompt`, its end is seen in `/history/ID`, its
//! pictures come from `/view`.
//!
//! The graphs are data (`graphs/*.json`): SDXL as the validator runs it, with the standard nodes only. A graph makes one
//! picture, so an order of several is several prompts: each has its own seed, and one that fails refuses one picture.

use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use hivis_http::printable;
use hivis_types::Usd;
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::generator::Batch;
use crate::http::{Again, Call, Http, MOST_FILE, MOST_JSON};
use crate::{Abilities, GenerateError, Generator, Made, Mode, Order, Presence, Server};

const WHO: &str = "comfyui";
const TEXT_TO_IMAGE: &str = include_str!("../graphs/text-to-image.json");
const IMAGE_TO_IMAGE: &str = include_str!("../graphs/image-to-image.json");
/// The node of the graphs that saves.
const SAVED: &str = "saved";
/// SDXL as its makers name the file.
const CHECKPOINT: &str = "sd_xl_base_1.0.safetensors";
/// Between two looks at a prompt: short at first, for fast servers, longer for slow ones.
const LOOKS: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));
/// A check is for a person who waits.
const CHECK: Duration = Duration::from_secs(10);

/// A client of one server.
#[derive(Clone, Debug)]
pub struct Comfyui {
    http: Http,
    checkpoint: String,
    sampler: Option<String>,
    price: Usd,
}

impl Comfyui {
    /// `checkpoint` is `sd_xl_base_1.0.safetensors` without a name, `sampler` is `euler`.
    pub fn new(
        server: &Server,
        checkpoint: Option<&str>,
        sampler: Option<&str>,
        price: Usd,
    ) -> Result<Self, GenerateError> {
        Ok(Self {
            http: Http::new(WHO, server)?,
            checkpoint: checkpoint.unwrap_or(CHECKPOINT).to_owned(),
            sampler: sampler.map(str::to_owned),
            price,
        })
    }

    async fn order(&self, order: &Order) -> Result<Made, GenerateError> {
        let until = self.http.deadline();
        let source = match &order.parent {
            Some(parent) => Some(self.upload(&parent.bytes, until).await?),
            None => None,
        };
        let mode = if source.is_some() { Mode::ImageToImage } else { Mode::TextToImage };
        let batch = Batch { order, model: self.checkpoint.clone(), mode, price: self.price };
        let (mut files, mut seeds) = (Vec::new(), Vec::new());
        for i in 0..u64::from(order.count) {
            let seed = order.seed.wrapping_add(i);
            match self.one(order, (seed, source.as_deref()), until).await {
                Ok(pictures) => {
                    seeds.extend(pictures.iter().map(|_| seed));
                    files.extend(pictures);
                }
                // What is made already is worth more than the error.
                Err(error) if files.is_empty() => return Err(error),
                Err(error) => {
                    tracing::warn!(made = files.len(), asked = order.count, "{error}: keeping what is there");
                    break;
                }
            }
        }
        Ok(batch.made(files, &seeds))
    }

    /// Sends the source; gives its name there. The same bytes have the same name, so sending them again does no harm.
    async fn upload(&self, bytes: &[u8], until: Instant) -> Result<String, GenerateError> {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for byte in bytes {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
        let name = format!("hivis-{hash:016x}-{}.png", bytes.len());
        let build = || {
            let part = Part::bytes(bytes.to_vec()).file_name(name.clone());
            let form = Form::new().part("image", part).text("overwrite", "true");
            Ok(self.http.request(Method::POST, "upload/image")?.multipart(form))
        };
        let call = Call { again: Again::Always, most: MOST_JSON, until };
        let answer = self.http.json(self.http.call(&call, &build).await?)?;
        let found = answer["name"].as_str().ok_or_else(|| odd("the upload has no `name`"))?;
        match answer["subfolder"].as_str() {
            Some(folder) if !folder.is_empty() => Ok(format!("{folder}/{found}")),
            _ => Ok(found.to_owned()),
        }
    }

    /// One prompt to its end; gives the pictures that it saved.
    async fn one(
        &self,
        order: &Order,
        (seed, source): (u64, Option<&str>),
        until: Instant,
    ) -> Result<Vec<Vec<u8>>, GenerateError> {
        let graph = self.graph(order, seed, source);
        let answer = match self.http.post_json("prompt", &json!({ "prompt": graph }), until).await {
            Err(GenerateError::Status { status: 400, said, .. }) => {
                return Err(GenerateError::Turned { who: WHO, why: said });
            }
            other => other?,
        };
        if let Some(why) = node_errors(&answer) {
            return Err(GenerateError::Turned { who: WHO, why });
        }
        let id = answer["prompt_id"].as_str().ok_or_else(|| odd("it has no `prompt_id`"))?.to_owned();
        if !id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
            return Err(odd("its `prompt_id` is none"));
        }
        let done = self.end_of(&id, until).await?;
        let mut files = Vec::new();
        for image in done["outputs"][SAVED]["images"].as_array().into_iter().flatten() {
            let field = |name: &str| image[name].as_str().unwrap_or_default().to_owned();
            let query = [("filename", field("filename")), ("subfolder", field("subfolder")), ("type", field("type"))];
            let call = Call { again: Again::Always, most: MOST_FILE, until };
            let build = || Ok(self.http.request(Method::GET, "view")?.query(&query));
            files.push(self.http.call(&call, &build).await?.1);
        }
        Ok(files)
    }

    /// Looks into the history until the prompt is there: it is only when it has ended, one way or the other.
    async fn end_of(&self, id: &str, until: Instant) -> Result<Value, GenerateError> {
        let mut pause = LOOKS.0;
        loop {
            let mut history = self.http.get_json(&format!("history/{id}"), until).await?;
            if let Some(entry) = history.get_mut(id) {
                let status = &entry["status"];
                if status["status_str"] == "error" {
                    return Err(GenerateError::Failed { who: WHO, why: execution_error(status) });
                }
                if status["completed"].as_bool() != Some(false) {
                    return Ok(entry.take());
                }
            }
            if Instant::now() + pause >= until {
                return Err(GenerateError::Slow { who: WHO, after: self.http.patience.whole });
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LOOKS.1);
        }
    }

    /// The graph of one picture. Texts are values of a JSON tree, so no word of a prompt can break out of it.
    fn graph(&self, order: &Order, seed: u64, source: Option<&str>) -> Value {
        let text = if source.is_some() { IMAGE_TO_IMAGE } else { TEXT_TO_IMAGE };
        let mut graph: Value = serde_json::from_str(text).expect("a test reads it: this is a bug");
        let mut set = |node: &str, input: &str, value: Value| graph[node]["inputs"][input] = value;
        set("model", "ckpt_name", json!(self.checkpoint));
        set("wanted", "text", json!(order.prompt));
        set("banned", "text", json!(order.negative));
        set("sampler", "seed", json!(seed));
        set("sampler", "steps", json!(order.steps));
        set("sampler", "cfg", json!(order.guidance));
        if let Some(sampler) = &self.sampler {
            set("sampler", "sampler_name", json!(sampler));
        }
        let canvas = if source.is_some() { "fitted" } else { "canvas" };
        set(canvas, "width", json!(order.width));
        set(canvas, "height", json!(order.height));
        if let (Some(source), Some(parent)) = (source, &order.parent) {
            set("source", "image", json!(source));
            set("sampler", "denoise", json!(parent.strength));
        }
        graph
    }

    async fn presence(&self) -> Result<Presence, GenerateError> {
        let until = Instant::now() + CHECK.min(self.http.patience.whole);
        let info = self.http.get_json("object_info/CheckpointLoaderSimple", until).await?;
        let queue = self.http.get_json("queue", until).await?;
        let known = &info["CheckpointLoaderSimple"]["input"]["required"]["ckpt_name"][0];
        let names: Vec<&str> = known.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        if !names.contains(&&*self.checkpoint) {
            let why = format!("it has no checkpoint `{}`; it has: {}", self.checkpoint, printable(&names.join(", ")));
            return Err(GenerateError::Turned { who: WHO, why });
        }
        let count = |name: &str| queue[name].as_array().map_or(0, Vec::len);
        let waiting = count("queue_running") + count("queue_pending");
        let notes = if waiting > 0 { vec![format!("{waiting} prompts before ours")] } else { Vec::new() };
        Ok(Presence { model: Some(self.checkpoint.clone()), notes })
    }
}

fn odd(why: &str) -> GenerateError {
    GenerateError::Answer { who: WHO, why: why.to_owned() }
}

/// The first complaint about a node: `{"sampler": {"errors": [{"message": ..., "details": ...}], "class_type": ...}}`.
pub(crate) fn node_errors(answer: &Value) -> Option<String> {
    let (node, wrong) = answer.get("node_errors")?.as_object()?.iter().next()?;
    let text = |name: &str| wrong["errors"][0][name].as_str().unwrap_or_default();
    Some(printable(&format!("node {node}: {} {}", text("message"), text("details"))))
}

/// `messages` is a list of `[event, data]`; an execution error names its node.
fn execution_error(status: &Value) -> String {
    let messages = status["messages"].as_array().into_iter().flatten();
    let found = messages.filter(|message| message[0] == "execution_error").map(|message| &message[1]).next();
    let text = |name: &str| found.and_then(|data| data[name].as_str()).unwrap_or_default();
    match found {
        Some(_) => printable(&format!("node {}: {}", text("node_type"), text("exception_message"))),
        None => "the prompt was interrupted".to_owned(),
    }
}

impl Generator for Comfyui {
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
