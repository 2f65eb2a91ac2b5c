//! Image generators on loopback that answer as AUTOMATIC1111, ComfyUI and an OpenAI-compatible server do, with pictures
//! that differ by seed, and with faults on demand. `hivis-generate`'s tests hold them against the clients `webuiapi` and
//! `openai`.

mod automatic1111;
mod comfyui;
mod openai;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use hivis_image::encode_png;
use hivis_types::Picture;
use serde_json::Value;

/// The name and password of a server that wants them, and the key of one that wants a key.
pub const USER: &str = "painter";
/// See [`USER`].
pub const PASSWORD: &str = "a-secret-password";
/// The key of the OpenAI-compatible server.
pub const KEY: &str = "sk-a-secret-key";
/// The one checkpoint, and model.
pub const CHECKPOINT: &str = "sd_xl_base_1.0.safetensors";

/// What goes wrong once.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// The answer comes so late.
    Slow(Duration),
    /// This status, with these headers, instead of an answer.
    Status(u16, Vec<(&'static str, String)>),
    /// A page for people, with status 200.
    Html,
    /// The answer ends in its middle.
    Half,
    /// This text, with status 200.
    Body(String),
    /// The next picture is black, as a safety filter leaves it.
    Black,
    /// The next picture has another size.
    Size(u32, u32),
    /// The next picture is no picture.
    Rubbish,
    /// So many pictures instead of those that were asked for.
    Count(usize),
    /// The work itself fails.
    Failure,
}

/// Which server is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Automatic1111 { login: bool },
    Comfyui,
    Openai,
}

/// One question as it came.
#[derive(Clone, Debug)]
pub struct Asked {
    /// `POST /prompt`
    pub what: String,
    /// The header `Authorization`.
    pub authorization: Option<String>,
    /// The body, where it is JSON.
    pub json: Value,
}

struct World {
    kind: Kind,
    /// A part of `METHOD /path`, and what goes wrong there next.
    faults: Vec<(String, Fault)>,
    asked: Vec<Asked>,
    /// ComfyUI: uploaded files, prompts with what is left of their time, and saved files.
    files: BTreeMap<String, Vec<u8>>,
    prompts: BTreeMap<String, (u32, Value)>,
    numbered: u64,
    /// What the model says next.
    words: VecDeque<String>,
}

type Shared = Arc<Mutex<World>>;

/// A server; it ends with the process.
#[derive(Clone)]
pub struct FakeGenerator {
    address: SocketAddr,
    world: Shared,
}

fn lock(world: &Shared) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

impl FakeGenerator {
    /// AUTOMATIC1111 with `--api`, and with `--api-auth` when `login` is wanted.
    pub fn automatic1111(login: bool) -> Self {
        Self::start(Kind::Automatic1111 { login })
    }

    /// ComfyUI.
    pub fn comfyui() -> Self {
        Self::start(Kind::Comfyui)
    }

    /// A server of chat completions under `/v1`.
    pub fn openai() -> Self {
        Self::start(Kind::Openai)
    }

    fn start(kind: Kind) -> Self {
        let (send, receive) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
                let address = listener.local_addr().expect("an address");
                let world = World {
                    kind,
                    faults: Vec::new(),
                    asked: Vec::new(),
                    files: BTreeMap::new(),
                    prompts: BTreeMap::new(),
                    numbered: 0,
                    words: VecDeque::new(),
                };
                let world: Shared = Arc::new(Mutex::new(world));
                send.send(Self { address, world: world.clone() }).expect("the test waits");
                let limit = axum::extract::DefaultBodyLimit::max(64 << 20);
                let app = Router::new().fallback(answer).layer(limit).with_state(world);
                axum::serve(listener, app).await.expect("it serves");
            });
        });
        receive.recv().expect("the server starts")
    }

    /// Its address; of the OpenAI-compatible one with `/v1`.
    pub fn url(&self) -> String {
        let path = if lock(&self.world).kind == Kind::Openai { "/v1" } else { "" };
        format!("http://{}{path}", self.address)
    }

    /// The next question whose `METHOD /path` holds `part` goes wrong; several wait for each other.
    pub fn fault(&self, part: &str, fault: Fault) {
        lock(&self.world).faults.push((part.to_owned(), fault));
    }

    /// Faults that nobody has met yet.
    pub fn faults_left(&self) -> usize {
        lock(&self.world).faults.len()
    }

    /// All questions since the last call.
    pub fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut lock(&self.world).asked)
    }

    /// What the model says next.
    pub fn say(&self, words: &str) {
        lock(&self.world).words.push_back(words.to_owned());
    }
}

/// What a handler gives.
enum Reply {
    Json(u16, Value),
    Bytes(&'static str, Vec<u8>),
}

async fn answer(State(world): State<Shared>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let what = format!("{method} {}", uri.path());
    let authorization = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).map(str::to_owned);
    let json: Value = serde_json::from_slice(&body).unwrap_or_default();
    let (reply, fault) = {
        let mut world = lock(&world);
        let at = world.faults.iter().position(|(part, _)| what.contains(part.as_str()));
        let fault = at.map(|at| world.faults.remove(at).1);
        world.asked.push(Asked { what: what.clone(), authorization: authorization.clone(), json: json.clone() });
        let question =
            Question { what: &what, query: uri.query().unwrap_or_default(), authorization, json, body: &body };
        let turned_away = matches!(fault, Some(Fault::Status(..) | Fault::Html | Fault::Body(_)));
        let reply = match world.kind {
            _ if turned_away => Reply::Json(200, Value::Null),
            Kind::Automatic1111 { login } => automatic1111::answer(&mut world, &question, login, fault.as_ref()),
            Kind::Comfyui => comfyui::answer(&mut world, &question, fault.as_ref()),
            Kind::Openai => openai::answer(&mut world, &question, fault.as_ref()),
        };
        (reply, fault)
    };
    match fault {
        Some(Fault::Slow(time)) => tokio::time::sleep(time).await,
        Some(Fault::Status(status, with)) => {
            let mut response = (StatusCode::from_u16(status).expect("a status"), "trouble").into_response();
            for (name, value) in with {
                response.headers_mut().insert(name, value.parse().expect("a header"));
            }
            return response;
        }
        Some(Fault::Html) => {
            let page = "<!DOCTYPE html><html><body>busy</body></html>";
            return ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response();
        }
        Some(Fault::Body(text)) => return text.into_response(),
        _ => {}
    }
    let (status, kind, bytes) = match reply {
        Reply::Json(status, value) => (status, "application/json", value.to_string().into_bytes()),
        Reply::Bytes(kind, bytes) => (200, kind, bytes),
    };
    let (status, kind) = (StatusCode::from_u16(status).expect("a status"), [(header::CONTENT_TYPE, kind)]);
    if fault == Some(Fault::Half) {
        let half = Bytes::from(bytes[..bytes.len() / 2].to_vec());
        let cut = futures_util::stream::iter([Ok(half), Err(std::io::Error::other("cut"))]);
        return (status, kind, Body::from_stream(cut)).into_response();
    }
    (status, kind, bytes).into_response()
}

/// One question, taken apart.
struct Question<'a> {
    what: &'a str,
    query: &'a str,
    authorization: Option<String>,
    json: Value,
    body: &'a [u8],
}

impl Question<'_> {
    /// A parameter of the query, decoded as far as our names need it.
    fn parameter(&self, name: &str) -> String {
        let pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        let found = pairs.into_iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value);
        found.replace("%2F", "/").replace('+', " ")
    }
}

/// The picture of a seed: smooth, bright, and different for each.
fn painted(width: u32, height: u32, seed: u64) -> Vec<u8> {
    let mut picture = Picture::filled(width, height, [90, 110, 130]);
    let mix = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes();
    for (i, value) in picture.rgb_mut().iter_mut().enumerate() {
        *value = value.wrapping_add(mix[i / 3 % 8] / 4).wrapping_add((i / 48 % 16) as u8);
    }
    encode_png(&picture)
}

/// The same, gone wrong.
fn painted_with(fault: Option<&Fault>, (width, height): (u32, u32), seed: u64) -> Vec<u8> {
    match fault {
        Some(Fault::Black) => encode_png(&Picture::filled(width, height, [0, 0, 0])),
        Some(Fault::Size(width, height)) => painted(*width, *height, seed),
        Some(Fault::Rubbish) => b"this is no picture".to_vec(),
        _ => painted(width, height, seed),
    }
}
