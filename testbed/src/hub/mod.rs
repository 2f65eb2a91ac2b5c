//! A small Hugging Face Hub on loopback: listing, gated repositories, files behind a "CDN" on another port, uploads with
//! large-file storage, commits, and faults on demand. `hivis-hub`'s tests hold it against the official Python client,
//! both ways.

mod read;
mod write;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, Response, StatusCode, Uri, header};
use futures_util::StreamExt as _;
use serde_json::json;
use sha1::Sha1;
use sha2::Digest as _;

/// The token that may read everything.
pub const GOOD_TOKEN: &str = "hf_goodTokenOfTheTest";
/// A token that is known and has accepted no licence.
pub const STRANGER_TOKEN: &str = "hf_strangerTokenOfTheTest";
/// From so many bytes on a file lies in large-file storage, but for Markdown and TOML.
pub const LARGE: usize = 1000;
/// What an upload may have.
const MAX_BODY: usize = 1 << 30;

/// What goes wrong once.
#[derive(Clone, Debug)]
pub enum Fault {
    /// This status, with these headers, instead of an answer.
    Status(u16, Vec<(&'static str, String)>),
    /// The connection ends after so many bytes of the body: of the answer's for a GET, of what is sent otherwise.
    Cut(usize),
    /// What is asked is done, and the connection ends before the answer.
    Lost,
    /// One byte of the body is another one.
    Corrupt,
    /// The whole file comes although a part was asked for.
    NoRange,
}

/// One request as it came.
#[derive(Clone, Debug)]
pub struct Seen {
    /// On the port of the "CDN".
    pub cdn: bool,
    /// `GET`, `HEAD`, `POST` or `PUT`.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The header `Authorization`.
    pub authorization: Option<String>,
    /// The header `Range`.
    pub range: Option<String>,
}

#[derive(Clone, Debug, Default)]
struct Repo {
    commit: String,
    gated: bool,
    private: bool,
    files: BTreeMap<String, Vec<u8>>,
    /// Summaries of the commits that came over the wire.
    log: Vec<String>,
}

/// An upload in parts: its number, as one may begin anew, and what has come.
type Parts = (usize, Vec<Option<Vec<u8>>>);

/// How large files come in.
#[derive(Clone, Copy, Debug, Default)]
pub struct Storage {
    /// Objects of more bytes come in parts of so many; 0: never.
    pub part: usize,
    /// Wants to be asked whether an object is whole.
    pub verify: bool,
    /// Takes Xet only.
    pub xet: bool,
    /// A commit leaves its last file out.
    pub forgets: bool,
}

#[derive(Debug, Default)]
struct World {
    cdn: String,
    /// By `models/owner/name` or `datasets/owner/name`.
    repos: BTreeMap<String, Repo>,
    /// A part of the path, and what goes wrong there next.
    faults: Vec<(String, Fault)>,
    /// How many requests are let through first.
    fault_at: Option<(usize, Fault)>,
    seen: Vec<Seen>,
    storage: Storage,
    /// Objects that were uploaded, by SHA-256.
    objects: BTreeMap<String, Vec<u8>>,
    /// Uploads in parts, by SHA-256.
    parts: BTreeMap<String, Parts>,
    /// Objects that came whole, and parts of others (`OID#2`), each time.
    sent: Vec<String>,
}

/// The server; it ends with the process.
#[derive(Clone, Debug)]
pub struct FakeHub {
    address: SocketAddr,
    world: Shared,
}

type Shared = Arc<Mutex<World>>;

fn lock(world: &Shared) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

impl FakeHub {
    /// Starts it on two ports of loopback, on a thread of its own.
    pub fn start() -> Self {
        let (send, receive) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let bind = async || tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
                let (hub, cdn) = (bind().await, bind().await);
                let address = hub.local_addr().expect("an address");
                let world = Shared::default();
                lock(&world).cdn = format!("http://{}", cdn.local_addr().expect("an address"));
                send.send(Self { address, world: world.clone() }).expect("the test waits");
                let hub_app = Router::new().fallback(on_hub).with_state(world.clone());
                let cdn_app = Router::new().fallback(on_cdn).with_state(world);
                let (one, other) = (axum::serve(hub, hub_app), axum::serve(cdn, cdn_app));
                let _ = futures_util::future::join(one.into_future(), other.into_future()).await;
            });
        });
        receive.recv().expect("the server starts")
    }

    /// What goes into `HF_ENDPOINT`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Puts a repository there (`models/owner/name` or `datasets/owner/name`), or a new commit of it; gives the commit.
    pub fn put(&self, key: &str, gated: bool, files: &[(&str, Vec<u8>)]) -> String {
        let files: BTreeMap<String, Vec<u8>> = files.iter().map(|(n, b)| ((*n).to_owned(), b.clone())).collect();
        let mut hash = Sha1::new();
        for (name, bytes) in &files {
            hash.update(name);
            hash.update(blob_id(bytes));
        }
        let commit = hex::encode(hash.finalize());
        let repo = Repo { commit: commit.clone(), gated, files, ..Repo::default() };
        lock(&self.world).repos.insert(key.to_owned(), repo);
        commit
    }

    /// Only who is allowed to may see it.
    pub fn hide(&self, key: &str) {
        lock(&self.world).repos.get_mut(key).expect("the repository is there").private = true;
    }

    /// How large files come in from now on.
    pub fn set_storage(&self, storage: Storage) {
        lock(&self.world).storage = storage;
    }

    /// The files of a repository by name; none when there is no such repository.
    pub fn files(&self, key: &str) -> BTreeMap<String, Vec<u8>> {
        lock(&self.world).repos.get(key).map(|repo| repo.files.clone()).unwrap_or_default()
    }

    /// The newest commit.
    pub fn commit(&self, key: &str) -> String {
        lock(&self.world).repos.get(key).map(|repo| repo.commit.clone()).unwrap_or_default()
    }

    /// Summaries of the commits that came over the wire, oldest first.
    pub fn log(&self, key: &str) -> Vec<String> {
        lock(&self.world).repos.get(key).map(|repo| repo.log.clone()).unwrap_or_default()
    }

    /// The SHA-256 of each object that came whole since the last call, and `SHA-256#N` for each part.
    pub fn sent(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.world).sent)
    }

    /// So many requests are let through, and the next one goes wrong.
    pub fn fault_at(&self, requests: usize, fault: Fault) {
        lock(&self.world).fault_at = Some((requests, fault));
    }

    /// The next request whose path holds `part` goes wrong; several wait for each other.
    pub fn fault(&self, part: &str, fault: Fault) {
        lock(&self.world).faults.push((part.to_owned(), fault));
    }

    /// Faults that nobody has met yet.
    pub fn faults_left(&self) -> usize {
        let world = lock(&self.world);
        world.faults.len() + usize::from(world.fault_at.is_some())
    }

    /// All requests since the last call.
    pub fn seen(&self) -> Vec<Seen> {
        std::mem::take(&mut lock(&self.world).seen)
    }
}

/// Whether a file lies in large-file storage.
fn is_large(name: &str, bytes: usize) -> bool {
    let text = [".md", ".toml"].iter().any(|end| name.ends_with(end));
    bytes >= LARGE && !text
}

fn blob_id(bytes: &[u8]) -> String {
    let mut hash = Sha1::new();
    hash.update(format!("blob {}\0", bytes.len()));
    hash.update(bytes);
    hex::encode(hash.finalize())
}

/// What came, written down; and the fault that it meets.
fn note(world: &mut World, cdn: bool, method: &Method, uri: &Uri, headers: &HeaderMap) -> Option<Fault> {
    let text = |name| headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
    let path = uri.path_and_query().map(|p| p.as_str().to_owned()).unwrap_or_default();
    let at = world.faults.iter().position(|(part, _)| path.contains(part.as_str()));
    world.seen.push(Seen {
        cdn,
        method: method.to_string(),
        path,
        authorization: text(header::AUTHORIZATION),
        range: text(header::RANGE),
    });
    match &mut world.fault_at {
        Some((0, _)) => return world.fault_at.take().map(|(_, fault)| fault),
        Some((left, _)) => *left -= 1,
        None => {}
    }
    at.map(|at| world.faults.remove(at).1)
}

/// Ends the connection without an answer: its task dies, and nobody is told.
fn hang_up() -> ! {
    std::panic::resume_unwind(Box::new("the connection is cut"))
}

/// The body, or its first bytes and then no connection any more.
async fn body(body: Body, fault: Option<&Fault>) -> Bytes {
    if let Some(&Fault::Cut(after)) = fault {
        let (mut chunks, mut came) = (body.into_data_stream(), 0);
        while came < after {
            match chunks.next().await {
                Some(Ok(chunk)) => came += chunk.len(),
                _ => break,
            }
        }
        hang_up();
    }
    axum::body::to_bytes(body, MAX_BODY).await.unwrap_or_default()
}

async fn on_hub(State(world): State<Shared>, request: Request) -> Response<Body> {
    on(world, request, false).await
}

async fn on_cdn(State(world): State<Shared>, request: Request) -> Response<Body> {
    on(world, request, true).await
}

async fn on(world: Shared, request: Request, cdn: bool) -> Response<Body> {
    let (head, sent) = request.into_parts();
    let fault = note(&mut lock(&world), cdn, &head.method, &head.uri, &head.headers);
    if let Some(Fault::Status(status, with)) = &fault {
        // Read first: an answer before the end of a body may be lost with the connection.
        body(sent, None).await;
        return answer(*status, with, Body::from("trouble"));
    }
    if head.method == Method::GET || head.method == Method::HEAD {
        let world = lock(&world);
        let asked = read::Asked { uri: &head.uri, headers: &head.headers, fault: fault.as_ref() };
        return if cdn { read::cdn(&world, &asked) } else { read::hub(&world, &asked) };
    }
    let sent = body(sent, fault.as_ref()).await;
    let host = head.headers.get(header::HOST).and_then(|h| h.to_str().ok()).unwrap_or_default();
    let told =
        write::Told { path: decoded(head.uri.path()), host: format!("http://{host}"), headers: &head.headers, sent };
    let answer = if cdn { write::cdn(&mut lock(&world), &told) } else { write::hub(&mut lock(&world), &told) };
    if matches!(fault, Some(Fault::Lost)) {
        hang_up();
    }
    answer
}

fn answer(status: u16, headers: &[(&str, String)], body: Body) -> Response<Body> {
    let mut response = Response::builder().status(StatusCode::from_u16(status).expect("a status"));
    for (name, value) in headers {
        response = response.header(*name, value);
    }
    response.body(body).expect("an answer")
}

/// The token, when there is one.
fn token(headers: &HeaderMap) -> Option<String> {
    headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).map(|v| v.replace("Bearer ", ""))
}

fn error(status: u16, code: &str, message: &str) -> Response<Body> {
    let headers = [("x-error-code", code.to_owned()), ("x-error-message", message.to_owned())];
    answer(status, &headers, Body::from(json!({ "error": message }).to_string()))
}

fn decoded(text: &str) -> String {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let pair = [bytes.next().unwrap_or(b'0'), bytes.next().unwrap_or(b'0')];
            out.extend(hex::decode(pair).unwrap_or_default());
        } else {
            out.push(byte);
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
