//! The contents of all backups at a place, each once, named by their SHA-256.

use std::collections::HashMap;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use fs_err as fs;
use object_store::buffered::BufWriter;
use object_store::path::Path as Key;
use sha2::{Digest as _, Sha256};
use tokio::io::AsyncWriteExt as _;

use crate::backup::place::Place;
use crate::{ObjectId, StoreError};

const FOLDER: &str = "pool";
/// Larger files are never held in memory whole; also the size of a part on S3 (10,000 parts: 160 GB a file).
const PART: usize = 16 << 20;
/// Parts of one file that are under way at once.
const PARTS: usize = 3;

/// What a place holds.
pub(crate) struct Pool<'a> {
    place: &'a Place,
    there: HashMap<ObjectId, u64>,
}

/// A file that was put into the pool.
pub(crate) struct Pooled {
    pub(crate) id: ObjectId,
    pub(crate) bytes: u64,
    /// False when the pool had it.
    pub(crate) new: bool,
}

impl<'a> Pool<'a> {
    /// Looks at what is there.
    pub(crate) async fn open(place: &'a Place) -> Result<Self, StoreError> {
        let keys = place.list(FOLDER).await?;
        let there = keys.into_iter().filter_map(|(key, bytes)| Some((id(&key)?, bytes))).collect();
        Ok(Self { place, there })
    }

    /// True when the content is there in its full length.
    pub(crate) fn has(&self, id: ObjectId, bytes: u64) -> bool {
        self.there.get(&id) == Some(&bytes)
    }

    /// Writes a content whose SHA-256 is known.
    pub(crate) async fn put(&self, id: ObjectId, bytes: Vec<u8>) -> Result<(), StoreError> {
        self.place.write(&key(id), bytes.into()).await
    }

    /// Puts a content unless it is there.
    pub(crate) async fn put_bytes(&self, content: Vec<u8>) -> Result<Pooled, StoreError> {
        let (id, bytes) = (ObjectId::of(&content), content.len() as u64);
        let new = !self.has(id, bytes);
        if new {
            self.put(id, content).await?;
        }
        Ok(Pooled { id, bytes, new })
    }

    /// Puts a file of any size; `None` when it is gone, or changed while it was read.
    pub(crate) async fn put_file(&self, path: &Path) -> Result<Option<Pooled>, StoreError> {
        let small = match fs::metadata(path) {
            Ok(metadata) => metadata.len() <= PART as u64,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        if small {
            let bytes = match blocking(path.to_owned(), fs::read).await {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(error.into()),
            };
            return self.put_bytes(bytes).await.map(Some);
        }
        let (id, bytes) = blocking(path.to_owned(), hash).await?;
        if self.has(id, bytes) {
            return Ok(Some(Pooled { id, bytes, new: false }));
        }
        let same = self.put_parts(path, id).await?;
        Ok(same.then_some(Pooled { id, bytes, new: true }))
    }

    /// Writes a large file; false, and nothing is written, when its SHA-256 is another one now.
    async fn put_parts(&self, path: &Path, id: ObjectId) -> Result<bool, StoreError> {
        let mut writer =
            BufWriter::with_capacity(self.place.store().clone(), key(id), PART).with_max_concurrency(PARTS);
        let mut file = fs::File::open(path)?.into_file();
        let mut hasher = Sha256::new();
        loop {
            let (back, part) = tokio::task::spawn_blocking(move || {
                let mut part = Vec::new();
                let read = file.by_ref().take(PART as u64).read_to_end(&mut part);
                (file, read.map(|_| part))
            })
            .await
            .expect("reading does not panic: this is a bug");
            file = back;
            let part = part?;
            if part.is_empty() {
                break;
            }
            hasher.update(&part);
            writer.put(Bytes::from(part)).await.map_err(|e| self.place.error(e))?;
        }
        if hasher.finalize()[..] != id.0 {
            writer.abort().await.map_err(|e| self.place.error(e))?;
            return Ok(false);
        }
        writer.shutdown().await?;
        Ok(true)
    }
}

/// Where a content lies.
pub(crate) fn key(id: ObjectId) -> Key {
    let name = id.to_string();
    Key::from(format!("{FOLDER}/{}/{name}", &name[..2]))
}

/// Every content at a place.
pub(crate) async fn list(place: &Place) -> Result<Vec<ObjectId>, StoreError> {
    Ok(place.list(FOLDER).await?.iter().filter_map(|(key, _)| id(key)).collect())
}

fn id(key: &Key) -> Option<ObjectId> {
    let mut id = [0; 32];
    hex::decode_to_slice(key.filename()?, &mut id).ok()?;
    Some(ObjectId(id))
}

fn hash(path: PathBuf) -> io::Result<(ObjectId, u64)> {
    let mut hasher = Sha256::new();
    let bytes = io::copy(&mut fs::File::open(path)?, &mut hasher)?;
    Ok((ObjectId(hasher.finalize().into()), bytes))
}

async fn blocking<T: Send + 'static>(
    path: PathBuf,
    work: impl FnOnce(PathBuf) -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(move || work(path)).await.expect("reading does not panic: this is a bug")
}
