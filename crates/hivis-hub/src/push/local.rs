//! A file that is to be sent: its size, its checksums, and its bytes part by part.

use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fs_err as fs;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use crate::path::below;
use crate::{Checksum, HubError, Listing};

/// So many first bytes let the Hub guess what a file is.
const SAMPLE: usize = 512;
const BLOCK: usize = 1 << 20;

/// Where a file's bytes are.
#[derive(Clone, Debug)]
pub enum Content {
    /// Here.
    Bytes(Vec<u8>),
    /// On the disk; it must not change meanwhile.
    File(PathBuf),
}

/// A file of a push.
#[derive(Clone, Debug)]
pub struct PushFile {
    /// Its name in the repository, with `/` between folders.
    pub name: String,
    /// Its bytes.
    pub content: Content,
}

/// A file whose checksums are known.
pub(super) struct Local {
    pub(super) name: String,
    pub(super) content: Content,
    pub(super) size: u64,
    pub(super) sha256: [u8; 32],
    blob: [u8; 20],
    sample: Vec<u8>,
}

/// Reads every file once, away from the runtime's threads.
pub(super) async fn read(files: Vec<PushFile>) -> Result<Vec<Local>, HubError> {
    let all = tokio::task::spawn_blocking(move || files.into_iter().map(Local::read).collect()).await;
    all.expect("reading files does not panic: this is a bug")
}

impl Local {
    fn read(PushFile { name, content }: PushFile) -> Result<Self, HubError> {
        // A name that we would not take from the Hub is none to send.
        below(std::path::Path::new(""), &name)?;
        let failed = |source| HubError::Source { path: content.path(&name), source };
        let size = match &content {
            Content::Bytes(bytes) => bytes.len() as u64,
            Content::File(path) => fs::metadata(path).map_err(failed)?.len(),
        };
        let (mut sha256, mut blob) = (Sha256::new(), Sha1::new_with_prefix(format!("blob {size}\0")));
        let mut sample = Vec::new();
        let mut at = 0;
        while at < size {
            let block = content.part(at, BLOCK.min((size - at) as usize)).map_err(failed)?;
            if at == 0 {
                sample.extend_from_slice(&block[..block.len().min(SAMPLE)]);
            }
            sha256.update(&block);
            blob.update(&block);
            at += block.len() as u64;
        }
        Ok(Self { name, content, size, sha256: sha256.finalize().into(), blob: blob.finalize().into(), sample })
    }

    /// True when the list has this file with these bytes.
    pub(super) fn is_in(&self, listing: &Listing) -> bool {
        listing.file(&self.name).is_some_and(|there| {
            there.size == self.size
                && match &there.checksum {
                    Checksum::Sha256(hash) => *hash == self.sha256,
                    Checksum::GitBlob(hash) => *hash == self.blob,
                }
        })
    }

    pub(super) fn oid(&self) -> String {
        hex::encode(self.sha256)
    }

    pub(super) fn sample_base64(&self) -> String {
        STANDARD.encode(&self.sample)
    }

    /// All bytes; for small files only.
    pub(super) fn all(&self) -> Result<Vec<u8>, HubError> {
        let failed = |source| HubError::Source { path: self.content.path(&self.name), source };
        self.content.part(0, self.size as usize).map_err(failed)
    }
}

impl Content {
    fn path(&self, name: &str) -> PathBuf {
        match self {
            Self::Bytes(_) => PathBuf::from(name),
            Self::File(path) => path.clone(),
        }
    }

    /// `length` bytes from byte `at` on.
    pub(super) fn part(&self, at: u64, length: usize) -> std::io::Result<Vec<u8>> {
        match self {
            Self::Bytes(bytes) => Ok(bytes[at as usize..at as usize + length].to_vec()),
            Self::File(path) => {
                let mut file = fs::File::open(path)?;
                file.seek(SeekFrom::Start(at))?;
                let mut part = vec![0; length];
                file.read_exact(&mut part)?;
                Ok(part)
            }
        }
    }
}
