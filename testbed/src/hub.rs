//! A small Hugging Face Hub on loopback: listing, gated repositories, files behind a "CDN" on another port, and faults on
//! demand. `hivis-hub`'s tests hold it against the official Python client.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Response, StatusCode, Uri, header};
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

/// The token that may read everything.
pub const GOOD_TOKEN: &str = "hf_goodTokenOfTheTest";
/// A token that is known and has accepted no licence.
pub const STRANGER_TOKEN: &str = "hf_strangerTokenOfTheTest";
/// From so many bytes on a file lies in large-file storage.
pub const LARGE: usize = 1000;
/// Entries of a page of the listing.
const PAGE: usize = 3;

/// What goes wrong once.
#[derive(Clone, Debug)]
pub enum Fault {
    /// This status, with these headers, instead of an answer.
    Status(u16, Vec<(&'static str, String)>),
    /// The connection ends after so many bytes of the body.
    Cut(usize),
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
    /// `GET` or `HEAD`.
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
    files: BTreeMap<String, Vec<u8>>,
}

#[derive(Debug, Default)]
struct World {
    cdn: String,
    /// By `models/owner/name` or `datasets/owner/name`.
    repos: BTreeMap<String, Repo>,
    /// A part of the path, and what goes wrong there next.
    faults: Vec<(String, Fault)>,
    seen: Vec<Seen>,
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
        let repo = Repo { commit: commit.clone(), gated, files };
        lock(&self.world).repos.insert(key.to_owned(), repo);
        commit
    }

    /// The next request whose path holds `part` goes wrong; several wait for each other.
    pub fn fault(&self, part: &str, fault: Fault) {
        lock(&self.world).faults.push((part.to_owned(), fault));
    }

    /// Faults that nobody has met yet.
    pub fn faults_left(&self) -> usize {
        lock(&self.world).faults.len()
    }

    /// All requests since the last call.
    pub fn seen(&self) -> Vec<Seen> {
        std::mem::take(&mut lock(&self.world).seen)
    }
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
    at.map(|at| world.faults.remove(at).1)
}

fn answer(status: u16, headers: &[(&str, String)], body: Body) -> Response<Body> {
    let mut response = Response::builder().status(StatusCode::from_u16(status).expect("a status"));
    for (name, value) in headers {
        response = response.header(*name, value);
    }
    response.body(body).expect("an answer")
}

fn error(status: u16, code: &str, message: &str) -> Response<Body> {
    let headers = [("x-error-code", code.to_owned()), ("x-error-message", message.to_owned())];
    answer(status, &headers, Body::from(json!({ "error": message }).to_string()))
}

async fn on_hub(State(world): State<Shared>, method: Method, uri: Uri, headers: HeaderMap) -> Response<Body> {
    let mut world = lock(&world);
    let fault = note(&mut world, false, &method, &uri, &headers);
    if let Some(Fault::Status(status, with)) = &fault {
        return answer(*status, with, Body::from("trouble"));
    }
    let path = decoded(uri.path());
    let parts: Vec<&str> = uri.path().trim_start_matches('/').split('/').collect();
    // api/{kind}/{owner}/{name}/{question}/..., or [datasets/]{owner}/{name}/resolve/{revision}/...
    let (api, rest) = if parts[0] == "api" { (true, &parts[1..]) } else { (false, &parts[..]) };
    let (kind, rest) = match rest[0] {
        "models" | "datasets" if api => (rest[0], &rest[1..]),
        "datasets" => ("datasets", &rest[1..]),
        _ => ("models", rest),
    };
    let [owner, name, question, revision, file @ ..] = rest else { return error(404, "", &path) };
    let token = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).map(|v| v.replace("Bearer ", ""));
    if token.as_ref().is_some_and(|t| t != GOOD_TOKEN && t != STRANGER_TOKEN) {
        return error(401, "", "Invalid credentials in Authorization header");
    }
    let Some(repo) = world.repos.get(&format!("{kind}/{owner}/{name}")) else {
        return error(if token.is_some() { 404 } else { 401 }, "RepoNotFound", "Repository not found");
    };
    let revision = decoded(revision);
    if revision != "main" && revision != repo.commit {
        return error(404, "RevisionNotFound", "Invalid rev id");
    }
    match *question {
        "revision" => {
            let siblings: Vec<Value> = repo.files.keys().map(|f| json!({ "rfilename": f })).collect();
            let id = format!("{owner}/{name}");
            let info = json!({ "_id": "1", "id": id, "modelId": id, "sha": repo.commit, "private": false,
                "gated": repo.gated, "disabled": false, "downloads": 0, "likes": 0, "tags": [], "siblings": siblings });
            answer(200, &[("content-type", "application/json".into())], Body::from(info.to_string()))
        }
        "tree" => tree(repo, &uri, &headers, fault.as_ref()),
        "resolve" if repo.gated && token.as_deref() != Some(GOOD_TOKEN) => {
            error(if token.is_some() { 403 } else { 401 }, "GatedRepo", "Access to this repository is restricted")
        }
        "resolve" => {
            let name = decoded(&file.join("/"));
            let Some(bytes) = repo.files.get(&name) else { return error(404, "EntryNotFound", "Entry not found") };
            let mut with = vec![("x-repo-commit", repo.commit.clone())];
            if bytes.len() >= LARGE {
                let sha256 = hex::encode(Sha256::digest(bytes));
                with.push(("x-linked-etag", format!("\"{sha256}\"")));
                with.push(("x-linked-size", bytes.len().to_string()));
                with.push(("location", format!("{}/{sha256}?Signature=secret", world.cdn)));
                return answer(302, &with, Body::from("see there"));
            }
            with.push(("etag", format!("\"{}\"", blob_id(bytes))));
            send(bytes, &headers, fault.as_ref(), with)
        }
        _ => error(404, "", &path),
    }
}

/// A page of the listing; the next one's address is in `Link`.
fn tree(repo: &Repo, uri: &Uri, headers: &HeaderMap, fault: Option<&Fault>) -> Response<Body> {
    let query = uri.query().unwrap_or_default();
    let cursor = query.split('&').find_map(|pair| pair.strip_prefix("cursor="));
    let from: usize = cursor.and_then(|c| c.parse().ok()).unwrap_or(0);
    let folders = repo.files.keys().filter_map(|f| Some(f.rsplit_once('/')?.0.to_owned()));
    let folders: std::collections::BTreeSet<String> = folders.collect();
    let folders = folders.iter().map(|f| json!({ "type": "directory", "oid": "0", "size": 0, "path": f }));
    let files = repo.files.iter().map(|(name, bytes)| {
        let mut entry = json!({ "type": "file", "oid": blob_id(bytes), "size": bytes.len(), "path": name });
        if bytes.len() >= LARGE {
            let sha256 = hex::encode(Sha256::digest(bytes));
            entry["lfs"] = json!({ "oid": sha256, "size": bytes.len(), "pointerSize": 134 });
        }
        entry
    });
    let all: Vec<Value> = folders.chain(files).collect();
    let page: Vec<&Value> = all.iter().skip(from).take(PAGE).collect();
    let mut with = vec![("content-type", "application/json".to_owned())];
    if from + PAGE < all.len() {
        let host = headers.get(header::HOST).and_then(|h| h.to_str().ok()).unwrap_or_default();
        let next = format!("http://{host}{}?recursive=true&cursor={}", uri.path(), from + PAGE);
        with.push(("link", format!("<{next}>; rel=\"next\"")));
    }
    answer(200, &with, faulty(json!(page).to_string().into_bytes(), fault))
}

async fn on_cdn(State(world): State<Shared>, method: Method, uri: Uri, headers: HeaderMap) -> Response<Body> {
    let mut world = lock(&world);
    let fault = note(&mut world, true, &method, &uri, &headers);
    if let Some(Fault::Status(status, with)) = &fault {
        return answer(*status, with, Body::from("trouble"));
    }
    let wanted = uri.path().trim_start_matches('/').to_owned();
    let files = world.repos.values().flat_map(|repo| repo.files.values());
    let found = files.filter(|bytes| hex::encode(Sha256::digest(bytes)) == wanted).max().cloned();
    found.map_or_else(|| error(404, "", "no such object"), |bytes| send(&bytes, &headers, fault.as_ref(), Vec::new()))
}

/// A file, or the part of it that was asked for, with its fault.
fn send(
    bytes: &[u8],
    headers: &HeaderMap,
    fault: Option<&Fault>,
    mut with: Vec<(&'static str, String)>,
) -> Response<Body> {
    let range = headers.get(header::RANGE).and_then(|r| r.to_str().ok()).and_then(|r| r.strip_prefix("bytes="));
    let from = range.and_then(|r| r.split('-').next()?.parse::<usize>().ok());
    let from = from.filter(|_| !matches!(fault, Some(Fault::NoRange)));
    if from.is_some_and(|from| from >= bytes.len()) {
        return answer(416, &with, Body::empty());
    }
    let body = bytes[from.unwrap_or(0)..].to_vec();
    with.push(("accept-ranges", "bytes".into()));
    with.push(("content-length", body.len().to_string()));
    if let Some(from) = from {
        with.push(("content-range", format!("bytes {from}-{}/{}", bytes.len() - 1, bytes.len())));
    }
    let body = faulty(body, fault);
    answer(if from.is_some() { 206 } else { 200 }, &with, body)
}

/// A body, with what goes wrong with it.
fn faulty(mut body: Vec<u8>, fault: Option<&Fault>) -> Body {
    match fault {
        Some(&Fault::Cut(after)) => {
            body.truncate(after);
            // An error that comes at once would take what is not yet sent with it.
            let end = async {
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                Err(std::io::Error::other("the connection is cut"))
            };
            let sent = stream::iter([Ok(Bytes::from(body))]);
            Body::from_stream(sent.chain(stream::once(end)))
        }
        Some(Fault::Corrupt) => {
            let middle = body.len() / 2;
            body[middle] ^= 0x55;
            Body::from(body)
        }
        _ => Body::from(body),
    }
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
