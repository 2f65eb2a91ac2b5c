//! What the Hub answers to a GET: a repository's state, its listing, its files, and objects from the "CDN".

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Response, Uri, header};
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{Fault, GOOD_TOKEN, Repo, STRANGER_TOKEN, World, answer, blob_id, decoded, error, is_large, token};

/// Entries of a page of the listing.
const PAGE: usize = 3;

/// A question.
pub(super) struct Asked<'a> {
    pub(super) uri: &'a Uri,
    pub(super) headers: &'a HeaderMap,
    pub(super) fault: Option<&'a Fault>,
}

/// What the API and the repositories' pages answer.
pub(super) fn hub(world: &World, asked: &Asked<'_>) -> Response<Body> {
    let &Asked { uri, headers, fault } = asked;
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
    let token = token(headers);
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
            let info = json!({ "_id": "1", "id": id, "modelId": id, "sha": repo.commit, "private": repo.private,
                "gated": repo.gated, "disabled": false, "downloads": 0, "likes": 0, "tags": [], "siblings": siblings });
            answer(200, &[("content-type", "application/json".into())], Body::from(info.to_string()))
        }
        "tree" => tree(repo, asked),
        "resolve" if repo.gated && token.as_deref() != Some(GOOD_TOKEN) => {
            error(if token.is_some() { 403 } else { 401 }, "GatedRepo", "Access to this repository is restricted")
        }
        "resolve" => {
            let name = decoded(&file.join("/"));
            let Some(bytes) = repo.files.get(&name) else { return error(404, "EntryNotFound", "Entry not found") };
            let mut with = vec![("x-repo-commit", repo.commit.clone())];
            if is_large(&name, bytes.len()) {
                let sha256 = hex::encode(Sha256::digest(bytes));
                with.push(("x-linked-etag", format!("\"{sha256}\"")));
                with.push(("x-linked-size", bytes.len().to_string()));
                with.push(("location", format!("{}/{sha256}?Signature=secret", world.cdn)));
                return answer(302, &with, Body::from("see there"));
            }
            with.push(("etag", format!("\"{}\"", blob_id(bytes))));
            send(bytes, headers, fault, with)
        }
        _ => error(404, "", &path),
    }
}

/// A page of the listing; the next one's address is in `Link`.
fn tree(repo: &Repo, asked: &Asked<'_>) -> Response<Body> {
    let &Asked { uri, headers, fault } = asked;
    let query = uri.query().unwrap_or_default();
    let cursor = query.split('&').find_map(|pair| pair.strip_prefix("cursor="));
    let from: usize = cursor.and_then(|c| c.parse().ok()).unwrap_or(0);
    let folders = repo.files.keys().filter_map(|f| Some(f.rsplit_once('/')?.0.to_owned()));
    let folders: std::collections::BTreeSet<String> = folders.collect();
    let folders = folders.iter().map(|f| json!({ "type": "directory", "oid": "0", "size": 0, "path": f }));
    let files = repo.files.iter().map(|(name, bytes)| {
        let mut entry = json!({ "type": "file", "oid": blob_id(bytes), "size": bytes.len(), "path": name });
        if is_large(name, bytes.len()) {
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

/// An object, or a part of it.
pub(super) fn cdn(world: &World, asked: &Asked<'_>) -> Response<Body> {
    let wanted = asked.uri.path().trim_start_matches('/').to_owned();
    let files = world.repos.values().flat_map(|repo| repo.files.values());
    let found = files.filter(|bytes| hex::encode(Sha256::digest(bytes)) == wanted).max();
    found.map_or_else(|| error(404, "", "no such object"), |bytes| send(bytes, asked.headers, asked.fault, Vec::new()))
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
