//! A model that sees, behind any OpenAI-compatible `/chat/completions`: it says what a hard picture shows, and rewrites
//! that to the wanted label, as the validator does with BLIP-2 and Llama.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hivis_http::printable;
use hivis_image::{DecodeLimits, decode, encode_jpeg, resize_bilinear};
use hivis_types::{Label, Usd};
use serde_json::{Value, json};

use crate::http::Http;
use crate::{GenerateError, Presence, Refusal, Server};

const WHO: &str = "vision";
/// The longer side of a picture that is sent, pixels: enough for a street, and a bounded price.
const SIDE: u32 = 768;
/// Tokens of an answer at most.
const TOKENS_OUT: i64 = 200;
/// Tokens of a question at most: a picture of 768 x 768 is some 800 to 1,500 with the usual models.
const TOKENS_IN: i64 = 4000;
/// Letters of a caption that are kept; SDXL reads some 300.
const LETTERS: usize = 1200;
/// A check is for a person who waits.
const CHECK: Duration = Duration::from_secs(10);

const CAPTION: &str = "Say in at most two plain sentences what this street photograph shows: the road, traffic, \
    buildings, weather, light, and any work on the road. Begin with the scene itself, without opening words.";
const ROADWORK: &str = "Rewrite it so that roadwork takes place in the scene: say which cones, barriers, signs, machines \
    or workers there are and where they stand.";
const CLEAR: &str = "Rewrite it so that the road is clear and the traffic normal: leave out every cone, barrier, sign, \
    machine and worker of a work site, and do not name them at all.";
const STYLE: &str = "Keep the place, the weather and the light. It must read as a realistic photograph of a dashboard \
    camera. At most 60 words. Answer with the new description only.";

/// A client of one model.
#[derive(Clone, Debug)]
pub struct Vision {
    http: Http,
    model: String,
    input: Usd,
    output: Usd,
}

/// What it said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spoken {
    /// The text.
    pub text: String,
    /// What it cost.
    pub cost: Usd,
}

impl Vision {
    /// Prices are for a million tokens, in and out.
    pub fn new(server: &Server, model: &str, (input, output): (Usd, Usd)) -> Result<Self, GenerateError> {
        Ok(Self { http: Http::new(WHO, server)?, model: model.to_owned(), input, output })
    }

    /// The most that one call can cost.
    pub fn price(&self) -> Usd {
        self.cost(TOKENS_IN, TOKENS_OUT)
    }

    /// What a picture shows.
    pub async fn caption(&self, picture: &[u8]) -> Result<Spoken, GenerateError> {
        let limits = DecodeLimits { bytes: 32 << 20, ..DecodeLimits::default() };
        let decoded = decode(picture, &limits).map_err(|error| GenerateError::Turned {
            who: WHO,
            why: Refusal::NotAPicture(error.to_string()).to_string(),
        })?;
        let picture = decoded.picture;
        let longer = picture.width().max(picture.height());
        let small = if longer > SIDE {
            let side = |length: u32| (u64::from(length) * u64::from(SIDE) / u64::from(longer)).max(1) as u32;
            resize_bilinear(&picture, side(picture.width()), side(picture.height()))
        } else {
            picture
        };
        let url = format!("data:image/jpeg;base64,{}", STANDARD.encode(encode_jpeg(&small)));
        self.ask(&json!([
            { "type": "text", "text": CAPTION },
            { "type": "image_url", "image_url": { "url": url } },
        ]))
        .await
    }

    /// A caption, changed to the wanted label.
    pub async fn rewrite(&self, caption: &str, wanted: Label) -> Result<Spoken, GenerateError> {
        let change = match wanted {
            Label::Roadwork => ROADWORK,
            Label::Clear => CLEAR,
        };
        let text = format!("This describes a street photograph:\n{caption}\n\n{change} {STYLE}");
        self.ask(&json!(text)).await
    }

    /// Whether the model is there.
    pub async fn check(&self) -> Result<Presence, GenerateError> {
        let until = Instant::now() + CHECK.min(self.http.patience.whole);
        let list = self.http.get_json("models", until).await?;
        let names: Vec<&str> =
            list["data"].as_array().into_iter().flatten().filter_map(|model| model["id"].as_str()).collect();
        if !names.contains(&&*self.model) {
            let why = format!("it has no model `{}`; it has: {}", self.model, printable(&names.join(", ")));
            return Err(GenerateError::Turned { who: WHO, why });
        }
        Ok(Presence { model: Some(self.model.clone()), notes: Vec::new() })
    }

    async fn ask(&self, content: &Value) -> Result<Spoken, GenerateError> {
        let body = json!({
            "model": self.model,
            "messages": [{ "role": "user", "content": content }],
            "max_tokens": TOKENS_OUT,
            "temperature": 0.2,
        });
        let answer = self.http.post_json("chat/completions", &body, self.http.deadline()).await?;
        let odd = |why: &str| GenerateError::Answer { who: WHO, why: why.to_owned() };
        let choice = answer.pointer("/choices/0").ok_or_else(|| odd("it has no choice"))?;
        match choice["finish_reason"].as_str() {
            Some("content_filter") => {
                return Err(GenerateError::Failed { who: WHO, why: "its safety filter".to_owned() });
            }
            Some("length") => return Err(odd("it ends in the middle of a sentence")),
            _ => {}
        }
        let text = choice.pointer("/message/content").and_then(Value::as_str).unwrap_or_default();
        let text: String = text.trim().trim_matches('"').trim().chars().take(LETTERS).collect();
        if text.is_empty() {
            return Err(odd("it says nothing"));
        }
        let tokens = |name: &str| answer["usage"][name].as_i64().filter(|count| *count >= 0);
        let cost = match (tokens("prompt_tokens"), tokens("completion_tokens")) {
            (Some(input), Some(output)) => self.cost(input, output),
            _ => self.price(),
        };
        Ok(Spoken { text, cost })
    }

    /// Rounded up: what is owed is never less than it is.
    fn cost(&self, input: i64, output: i64) -> Usd {
        let owed = i128::from(input) * i128::from(self.input.0) + i128::from(output) * i128::from(self.output.0);
        Usd(i64::try_from((owed + 999_999) / 1_000_000).unwrap_or(i64::MAX))
    }
}
