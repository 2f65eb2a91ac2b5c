//! Large files into the Hub's storage: the LFS batch, then each object whole (`basic`) or in parts (`multipart`).
//!
//! A batch gives every part a new address, so parts cannot be taken up by a later run: what was cut is sent again from
//! its first part, what was complete is not sent again. Inside a run each part has its own tries.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::stream;
use hivis_http::printable;
use reqwest::header;
use reqwest::{Body, Response, StatusCode, Url};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::{BRANCH, Content, Local};
use crate::client::{Trouble, again, connection, wanted_wait};
use crate::post::{LFS, Post};
use crate::pull::Event;
use crate::{Hub, HubError, Repo};

/// Sent at a time.
const BLOCK: u64 = 256 << 10;
/// More parts than S3 takes.
const MAX_PARTS: u64 = 10_000;

#[derive(Deserialize)]
struct Batch {
    transfer: Option<String>,
    objects: Vec<Object>,
}

#[derive(Deserialize)]
struct Object {
    oid: String,
    actions: Option<Actions>,
    error: Option<ObjectError>,
}

#[derive(Deserialize)]
struct ObjectError {
    #[serde(default)]
    message: String,
}

#[derive(Deserialize)]
struct Actions {
    upload: Option<Action>,
    verify: Option<Action>,
}

#[derive(Deserialize)]
struct Action {
    href: String,
    #[serde(default)]
    header: Option<BTreeMap<String, Value>>,
}

/// A part of a file, and where it goes.
struct Piece<'a> {
    file: &'a Local,
    from: u64,
    length: u64,
    url: Url,
}

impl Hub {
    /// Brings the files into large-file storage; gives the bytes that had to be sent.
    pub(super) async fn send_large(
        &self,
        repo: &Repo,
        files: &[&Local],
        told: &(dyn Fn(Event) + Sync),
    ) -> Result<u64, HubError> {
        let mut sent = 0;
        if files.is_empty() {
            return Ok(sent);
        }
        let mut wanted = self.batch(repo, files, told).await?;
        for file in files {
            let mut again = true;
            // Two files with the same bytes are one object.
            let mut actions = wanted.remove(&file.oid()).flatten();
            while let Some(there) = actions.take() {
                match self.send_object(repo, file, &there, told).await {
                    Ok(()) => sent += file.size,
                    Err(HubError::Expired { .. }) if again => {
                        again = false;
                        actions = self.batch(repo, &[file], told).await?.remove(&file.oid()).flatten();
                    }
                    Err(error) => return Err(error),
                }
            }
            told(Event::Done { name: file.name.clone() });
        }
        Ok(sent)
    }

    /// What has to be done for each object; nothing for those that are there.
    async fn batch(
        &self,
        repo: &Repo,
        files: &[&Local],
        told: &(dyn Fn(Event) + Sync),
    ) -> Result<BTreeMap<String, Option<Actions>>, HubError> {
        let path = format!("{}.git/info/lfs/objects/batch", repo.page());
        let objects: Vec<Value> = files.iter().map(|f| json!({ "oid": f.oid(), "size": f.size })).collect();
        let body = json!({ "operation": "upload", "transfers": ["basic", "multipart"], "objects": objects,
            "hash_algo": "sha256", "ref": { "name": BRANCH } });
        let post = Post { url: self.address(&path)?, media: LFS, body: body.to_string().into_bytes() };
        let batch: Batch = self.post(repo, &post, told).await?;
        let xet = || HubError::XetOnly { page: self.page(repo) };
        if batch.transfer.as_deref() == Some("xet") {
            return Err(xet());
        }
        let mut wanted = BTreeMap::new();
        for object in batch.objects {
            if let Some(error) = object.error {
                if error.message.to_ascii_lowercase().contains("xet") {
                    return Err(xet());
                }
                let name = files.iter().find(|f| f.oid() == object.oid).map_or("a file", |f| f.name.as_str());
                return Err(HubError::Object { name: name.to_owned(), why: self.without_token(&error.message) });
            }
            wanted.insert(object.oid, object.actions);
        }
        match files.iter().find(|file| !wanted.contains_key(&file.oid())) {
            None => Ok(wanted),
            Some(file) => Err(HubError::Answer { what: path, why: format!("it leaves {} out", file.name) }),
        }
    }

    async fn send_object(
        &self,
        repo: &Repo,
        file: &Local,
        actions: &Actions,
        told: &(dyn Fn(Event) + Sync),
    ) -> Result<(), HubError> {
        let Some(upload) = &actions.upload else { return Ok(()) };
        let url = self.target(file, &upload.href)?;
        let header = upload.header.clone().unwrap_or_default();
        if let Some(size) = header.get("chunk_size") {
            let parts = self.pieces(file, size, &header)?;
            let mut done = Vec::with_capacity(parts.len());
            for (n, piece) in parts.into_iter().enumerate() {
                let response = self.put(repo, &piece, told).await?;
                let etag = response.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok());
                let etag = etag.filter(|tag| !tag.is_empty());
                let etag = etag.ok_or_else(|| odd(file, format!("part {} came to no ETag", n + 1)))?;
                done.push(json!({ "partNumber": n + 1, "etag": etag }));
            }
            let body = json!({ "oid": file.oid(), "parts": done }).to_string().into_bytes();
            self.post_bytes(repo, &Post { url, media: LFS, body }, told).await?;
        } else {
            self.put(repo, &Piece { file, from: 0, length: file.size, url }, told).await?;
        }
        if let Some(verify) = &actions.verify {
            let body = json!({ "oid": file.oid(), "size": file.size }).to_string().into_bytes();
            let url = self.target(file, &verify.href)?;
            self.post_bytes(repo, &Post { url, media: crate::post::JSON, body }, told).await?;
        }
        Ok(())
    }

    /// The parts in their order: the header names their addresses by number.
    fn pieces<'a>(
        &self,
        file: &'a Local,
        size: &Value,
        header: &BTreeMap<String, Value>,
    ) -> Result<Vec<Piece<'a>>, HubError> {
        let size = size.as_u64().or_else(|| size.as_str()?.parse().ok()).filter(|size| *size > 0);
        let size = size.ok_or_else(|| odd(file, "its chunk_size is no number".into()))?;
        let count = file.size.div_ceil(size);
        let mut addresses = BTreeMap::new();
        for (name, value) in header {
            if let (Ok(number), Some(address)) = (name.parse::<u64>(), value.as_str()) {
                addresses.insert(number, address);
            }
        }
        if count > MAX_PARTS || addresses.len() as u64 != count {
            let why = format!("{} parts are named for {} bytes in parts of {size}", addresses.len(), file.size);
            return Err(odd(file, why));
        }
        let piece = |(n, address): (u64, &str)| {
            let from = n * size;
            Ok(Piece { file, from, length: size.min(file.size - from), url: self.target(file, address)? })
        };
        (0..).zip(addresses.into_values()).map(piece).collect()
    }

    /// An address that the Hub gave: never in clear when the Hub itself is not.
    fn target(&self, file: &Local, address: &str) -> Result<Url, HubError> {
        let url = self.endpoint.join(address).map_err(|e| odd(file, format!("its address is none: {e}")))?;
        if url.scheme() != "https" && url.scheme() != self.endpoint.scheme() {
            return Err(odd(file, "its address is not https".into()));
        }
        Ok(url)
    }

    async fn put(&self, repo: &Repo, piece: &Piece<'_>, told: &(dyn Fn(Event) + Sync)) -> Result<Response, HubError> {
        let mut tries = self.tries();
        // What was told already: a part that is sent again is not counted again.
        let mut high = 0;
        loop {
            match self.put_once(repo, piece, &mut high, told).await {
                Ok(response) => return Ok(response),
                Err(trouble) => again(&mut tries, trouble, told).await?,
            }
        }
    }

    /// Sends one part; a connection that takes nothing and says nothing for as long as we are patient is dead.
    async fn put_once(
        &self,
        repo: &Repo,
        piece: &Piece<'_>,
        high: &mut u64,
        told: &(dyn Fn(Event) + Sync),
    ) -> Result<Response, Trouble> {
        let name = &piece.file.name;
        let (send, mut receive) = mpsc::unbounded_channel();
        let body = body(Arc::new(piece.file.content.clone()), (piece.from, piece.length), send);
        let request = self.sender.put(piece.url.clone()).header(header::CONTENT_LENGTH, piece.length).body(body);
        let sending = request.send();
        tokio::pin!(sending);
        let mut open = true;
        let response = loop {
            tokio::select! {
                answer = &mut sending => break answer.map_err(|source| connection(name, source))?,
                more = receive.recv(), if open => match more {
                    Some(at) if at > *high => {
                        told(Event::Bytes(at - *high));
                        *high = at;
                    }
                    Some(_) => {}
                    None => open = false,
                },
                () = tokio::time::sleep(self.patience.silence) => {
                    let cut = HubError::CutOff { name: printable(name), at: piece.from + *high, size: piece.file.size };
                    return Err(Trouble::Passing(cut, None));
                }
            }
        };
        let status = response.status();
        match status {
            _ if status.is_success() => {
                told(Event::Bytes(piece.length - *high));
                *high = piece.length;
                Ok(response)
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Err(Trouble::Lasting(HubError::Expired { name: name.clone(), status: status.as_u16() }))
            }
            StatusCode::TOO_MANY_REQUESTS => {
                let wait = wanted_wait(response.headers());
                Err(Trouble::Passing(HubError::TooManyRequests { wait }, wait))
            }
            _ => Err(self.not_taken(repo, name, response).await),
        }
    }
}

/// The bytes of a part as a stream; how far it is goes to `told`.
fn body(content: Arc<Content>, (from, length): (u64, u64), told: mpsc::UnboundedSender<u64>) -> Body {
    let blocks = stream::try_unfold(0, move |at| {
        let (content, told) = (content.clone(), told.clone());
        async move {
            // Nobody listens once the answer is there.
            let _ = told.send(at);
            if at == length {
                return Ok::<_, std::io::Error>(None);
            }
            let size = BLOCK.min(length - at);
            let read = tokio::task::spawn_blocking(move || content.part(from + at, size as usize)).await;
            let block = read.map_err(std::io::Error::other)??;
            Ok(Some((block, at + size)))
        }
    });
    Body::wrap_stream(blocks)
}

fn odd(file: &Local, why: String) -> HubError {
    HubError::Answer { what: format!("sending {}", file.name), why }
}
