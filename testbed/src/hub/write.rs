//! What the Hub does with what is sent: repositories, large-file storage, commits.

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Response, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use super::{GOOD_TOKEN, Repo, World, answer, blob_id, error, is_large, token};

/// What a model's card may name.
const LICENCES: [&str; 5] = ["mit", "apache-2.0", "cc-by-4.0", "unknown", "other"];

/// What was sent.
pub(super) struct Told<'a> {
    /// Decoded.
    pub(super) path: String,
    /// Where it was sent to.
    pub(super) host: String,
    pub(super) headers: &'a HeaderMap,
    pub(super) sent: Bytes,
}

fn said(value: &Value) -> Response<Body> {
    answer(200, &[("content-type", "application/json".to_owned())], Body::from(value.to_string()))
}

/// Refuses who may not write.
fn refused(headers: &HeaderMap) -> Option<Response<Body>> {
    match token(headers) {
        None => Some(error(401, "", "Invalid username or password.")),
        Some(token) if token == GOOD_TOKEN => None,
        Some(token) if token == super::STRANGER_TOKEN => Some(error(403, "", "You don't have the rights")),
        Some(_) => Some(error(401, "", "Invalid credentials in Authorization header")),
    }
}

/// The API, Git LFS, and the end of an upload in parts.
pub(super) fn hub(world: &mut World, told: &Told<'_>) -> Response<Body> {
    let json = || serde_json::from_slice::<Value>(&told.sent).unwrap_or_default();
    let parts: Vec<&str> = told.path.trim_start_matches('/').split('/').collect();
    // A signed address: no token.
    if let ["complete", oid] = parts[..] {
        return complete(world, oid, &json());
    }
    if let ["api", "validate-yaml"] = parts[..] {
        return card_trouble(json()["content"].as_str().unwrap_or_default()).map_or_else(
            || said(&json!({ "errors": [], "warnings": [] })),
            |why| {
                let body = json!({ "errors": [{ "message": why }], "warnings": [] });
                answer(400, &[("content-type", "application/json".to_owned())], Body::from(body.to_string()))
            },
        );
    }
    if let Some(refused) = refused(told.headers) {
        return refused;
    }
    match parts[..] {
        ["api", "repos", "create"] => create(world, told, &json()),
        ["api", kind, owner, name, "preupload", "main"] => match world.repos.get(&format!("{kind}/{owner}/{name}")) {
            Some(repo) => preupload(repo, &json()),
            None => error(404, "RepoNotFound", "Repository not found"),
        },
        ["api", kind, owner, name, "commit", "main"] => {
            commit(world, &format!("{kind}/{owner}/{name}"), &format!("{}/{owner}/{name}", told.host), &told.sent)
        }
        [_owner, _name, "info", "lfs", "objects", "batch"] => batch(world, &told.host, &told.path, &json()),
        [_owner, _name, "info", "lfs", "verify"] => {
            let (oid, size) = (json()["oid"].clone(), json()["size"].as_u64());
            let there = oid.as_str().and_then(|oid| world.objects.get(oid)).map(|bytes| bytes.len() as u64);
            if there.is_some() && there == size { said(&json!({})) } else { error(404, "", "no such object") }
        }
        _ => error(404, "", &told.path),
    }
}

/// The storage behind signed addresses; a second kind of authorisation is refused, as S3 does.
pub(super) fn cdn(world: &mut World, told: &Told<'_>) -> Response<Body> {
    if told.headers.contains_key(header::AUTHORIZATION) {
        return answer(400, &[], Body::from("Only one auth mechanism allowed"));
    }
    let length = told.headers.get(header::CONTENT_LENGTH).and_then(|l| l.to_str().ok()?.parse::<usize>().ok());
    if length != Some(told.sent.len()) {
        return answer(411, &[], Body::from("MissingContentLength"));
    }
    let parts: Vec<&str> = told.path.trim_start_matches('/').split('/').collect();
    match parts[..] {
        ["put", oid] => {
            if hex::encode(Sha256::digest(&told.sent)) != oid {
                return answer(400, &[], Body::from("BadDigest"));
            }
            world.sent.push(oid.to_owned());
            world.objects.insert(oid.to_owned(), told.sent.to_vec());
            answer(200, &[("etag", format!("\"{}\"", etag(&told.sent)))], Body::empty())
        }
        ["part", oid, upload, number] => {
            let number: usize = number.parse().unwrap_or_default();
            let Some((open, parts)) = world.parts.get_mut(oid) else { return error(404, "", "NoSuchUpload") };
            if open.to_string() != upload || number == 0 || number > parts.len() {
                return error(404, "", "NoSuchUpload");
            }
            parts[number - 1] = Some(told.sent.to_vec());
            world.sent.push(format!("{oid}#{number}"));
            answer(200, &[("etag", format!("\"{}\"", etag(&told.sent)))], Body::empty())
        }
        _ => error(404, "", &told.path),
    }
}

fn etag(bytes: &[u8]) -> String {
    hex::encode(Sha1::digest(bytes))
}

fn create(world: &mut World, told: &Told<'_>, wish: &Value) -> Response<Body> {
    let (owner, name) = (wish["organization"].as_str().unwrap_or("someone"), wish["name"].as_str().unwrap_or_default());
    let kind = wish["type"].as_str().unwrap_or("model");
    let key = format!("{kind}s/{owner}/{name}");
    let body = json!({ "url": format!("{}/{owner}/{name}", told.host), "name": format!("{owner}/{name}") });
    if world.repos.contains_key(&key) {
        let mut body = body;
        body["error"] = json!("You already created this model repo");
        return answer(409, &[("content-type", "application/json".to_owned())], Body::from(body.to_string()));
    }
    let attributes = b"*.safetensors filter=lfs diff=lfs merge=lfs -text\n".to_vec();
    let files = [(".gitattributes".to_owned(), attributes)].into();
    let commit = next_commit("", &key, &files);
    let private = wish["visibility"] == "private";
    world.repos.insert(key, Repo { commit, private, files, ..Repo::default() });
    said(&body)
}

fn next_commit(parent: &str, summary: &str, files: &std::collections::BTreeMap<String, Vec<u8>>) -> String {
    let mut hash = Sha1::new();
    hash.update(parent);
    hash.update(summary);
    for (name, bytes) in files {
        hash.update(name);
        hash.update(blob_id(bytes));
    }
    hex::encode(hash.finalize())
}

fn preupload(repo: &Repo, asked: &Value) -> Response<Body> {
    let ignored = |name: &str| {
        let ignore = repo.files.get(".gitignore").map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        ignore.is_some_and(|ignore| ignore.lines().any(|line| line == name))
    };
    let files = asked["files"].as_array().into_iter().flatten().map(|file| {
        let name = file["path"].as_str().unwrap_or_default();
        let large = is_large(name, file["size"].as_u64().unwrap_or_default() as usize);
        let oid = repo
            .files
            .get(name)
            .map(|bytes| if is_large(name, bytes.len()) { hex::encode(Sha256::digest(bytes)) } else { blob_id(bytes) });
        json!({ "path": name, "uploadMode": if large { "lfs" } else { "regular" }, "shouldIgnore": ignored(name),
            "oid": oid })
    });
    said(&json!({ "files": files.collect::<Vec<_>>() }))
}

fn batch(world: &mut World, host: &str, path: &str, asked: &Value) -> Response<Body> {
    if world.storage.xet {
        let objects: Vec<Value> = asked["objects"].as_array().cloned().unwrap_or_default();
        return said(&json!({ "transfer": "xet", "objects": objects }));
    }
    let mut objects = Vec::new();
    for object in asked["objects"].as_array().into_iter().flatten() {
        let (oid, size) = (object["oid"].as_str().unwrap_or_default(), object["size"].as_u64().unwrap_or_default());
        let mut told = json!({ "oid": oid, "size": size });
        if !world.objects.contains_key(oid) {
            let part = world.storage.part as u64;
            let mut actions = json!({ "upload": { "href": format!("{}/put/{oid}?Signature=secret", world.cdn) } });
            if part > 0 && size > part {
                let count = size.div_ceil(part) as usize;
                let upload = world.parts.get(oid).map_or(0, |(upload, _)| upload + 1);
                world.parts.insert(oid.to_owned(), (upload, vec![None; count]));
                let mut header = json!({ "chunk_size": part.to_string() });
                for number in 1..=count {
                    let to = format!("{}/part/{oid}/{upload}/{number}?Signature=secret", world.cdn);
                    header[number.to_string()] = json!(to);
                }
                let href = format!("{host}/complete/{oid}?Signature=secret");
                actions = json!({ "upload": { "href": href, "header": header } });
            }
            if world.storage.verify {
                actions["verify"] = json!({ "href": host.to_owned() + &path.replace("objects/batch", "verify") });
            }
            told["actions"] = actions;
        }
        objects.push(told);
    }
    said(&json!({ "transfer": "basic", "objects": objects }))
}

fn complete(world: &mut World, oid: &str, told: &Value) -> Response<Body> {
    let Some((_, parts)) = world.parts.get(oid) else { return error(404, "", "NoSuchUpload") };
    let named = told["parts"].as_array().cloned().unwrap_or_default();
    let whole: Option<Vec<&Vec<u8>>> = parts.iter().map(Option::as_ref).collect();
    let Some(whole) = whole.filter(|whole| whole.len() == named.len()) else {
        return answer(400, &[], Body::from("InvalidPart"));
    };
    for ((number, part), named) in (1..).zip(&whole).zip(&named) {
        if named["partNumber"] != number || named["etag"] != format!("\"{}\"", etag(part)) {
            return answer(400, &[], Body::from("InvalidPart"));
        }
    }
    let bytes: Vec<u8> = whole.into_iter().flatten().copied().collect();
    if hex::encode(Sha256::digest(&bytes)) != oid {
        return answer(400, &[], Body::from("BadDigest"));
    }
    world.objects.insert(oid.to_owned(), bytes);
    said(&json!({ "success": true }))
}

fn commit(world: &mut World, key: &str, page: &str, sent: &[u8]) -> Response<Body> {
    let forgets = world.storage.forgets;
    let Some(repo) = world.repos.get_mut(key) else { return error(404, "RepoNotFound", "Repository not found") };
    let (mut files, mut summary) = (repo.files.clone(), String::new());
    for line in sent.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let line: Value = serde_json::from_slice(line).unwrap_or_default();
        let value = &line["value"];
        let name = value["path"].as_str().unwrap_or_default().to_owned();
        match line["key"].as_str() {
            Some("header") => {
                value["summary"].as_str().unwrap_or_default().clone_into(&mut summary);
                if value["parentCommit"].as_str().is_some_and(|parent| parent != repo.commit) {
                    return error(412, "", "A commit has happened since. Please refresh and try again.");
                }
            }
            Some("file") => {
                let bytes = STANDARD.decode(value["content"].as_str().unwrap_or_default()).unwrap_or_default();
                if name == "README.md"
                    && let Some(why) = card_trouble(&String::from_utf8_lossy(&bytes))
                {
                    return error(400, "", &why);
                }
                files.insert(name, bytes);
            }
            Some("lfsFile") => match world.objects.get(value["oid"].as_str().unwrap_or_default()) {
                Some(bytes) => _ = files.insert(name, bytes.clone()),
                None => return error(400, "", "LFS pointer pointed to a file that does not exist"),
            },
            Some("deletedFile") => {
                if files.remove(&name).is_none() {
                    return error(404, "EntryNotFound", "A file with this name doesn't exist");
                }
            }
            _ => return error(400, "", "a line of the commit is not understood"),
        }
    }
    if summary.is_empty() {
        return error(400, "", "a commit has a summary");
    }
    if forgets {
        files.pop_last();
    }
    repo.commit = next_commit(&repo.commit, &summary, &files);
    repo.files = files;
    repo.log.push(summary);
    said(&json!({ "success": true, "commitOid": repo.commit, "commitUrl": format!("{page}/commit/{}", repo.commit),
        "hookOutput": "" }))
}

/// What is wrong with a card's front matter; only what a fake can know.
fn card_trouble(card: &str) -> Option<String> {
    let matter = card.strip_prefix("---\n")?.split_once("\n---\n")?.0;
    let mut lines = matter.lines().skip_while(|line| !line.starts_with("license:"));
    let first = lines.next()?.trim_start_matches("license:").trim().to_owned();
    let listed = lines.take_while(|line| line.starts_with("- ")).map(|line| line[2..].trim().to_owned());
    let named = if first.is_empty() { listed.collect() } else { vec![first] };
    let odd = named.iter().find(|name| !LICENCES.contains(&name.as_str()))?;
    Some(format!("\"license\" must be one of {LICENCES:?}, not {odd}"))
}
