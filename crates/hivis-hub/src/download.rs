//! One file: from where it stopped to the right checksum.

use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use fs_err as fs;
use futures_util::StreamExt as _;
use hivis_http::printable;
use reqwest::header;
use reqwest::{Response, StatusCode, Url};

use crate::checksum::Hasher;
use crate::client::{Trouble, again, connection};
use crate::path::{PARTIAL, encoded};
use crate::pull::Event;
use crate::{Hub, HubError, HubFile, Repo};

/// A connection that brought so much was worth it: the tries begin anew.
const WORTH: u64 = 1 << 20;

/// Where a file comes from.
pub(crate) struct Source<'a> {
    pub(crate) hub: &'a Hub,
    pub(crate) repo: &'a Repo,
    pub(crate) commit: &'a str,
}

/// A file that is being written.
struct Partial {
    path: PathBuf,
    file: fs::File,
    hasher: Hasher,
    at: u64,
}

impl Source<'_> {
    /// Loads `file` to `path`. What an earlier run left is taken up: the address names a commit, so the bytes are the
    /// same ones, and the checksum at the end is of all of them.
    pub(crate) async fn load(
        &self,
        file: &HubFile,
        path: &Path,
        told: &(dyn Fn(Event) + Sync),
    ) -> Result<(), HubError> {
        let page = self.repo.page();
        let url = self.hub.address(&format!("{page}/resolve/{}/{}", self.commit, encoded(&file.name, true)))?;
        let mut partial = Partial::open(file, path)?;
        told(Event::Bytes(partial.at));
        let mut tries = self.hub.tries();
        while partial.at < file.size {
            let before = partial.at;
            if let Err(trouble) = self.some(file, &url, &mut partial, told).await {
                if partial.at >= before + WORTH {
                    tries.progress();
                }
                again(&mut tries, trouble, told).await?;
            }
        }
        partial.finish(file, path)
    }

    /// One connection's worth.
    async fn some(
        &self,
        file: &HubFile,
        url: &Url,
        partial: &mut Partial,
        told: &(dyn Fn(Event) + Sync),
    ) -> Result<(), Trouble> {
        let from = (partial.at > 0).then_some(partial.at);
        let response = self.hub.ask(self.repo, &file.name, url.clone(), from).await?;
        if from.is_some() && !continues(&response, partial.at) {
            // The server does not know ranges: the whole file comes once more.
            partial.restart(file).map_err(io)?;
        }
        let mut chunks = response.bytes_stream();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|source| connection(&file.name, source))?;
            if chunk.len() as u64 > file.size - partial.at {
                partial.restart(file).map_err(io)?;
                let why = format!("more than its {} bytes came", file.size);
                return Err(Trouble::Lasting(HubError::Answer { what: printable(&file.name), why }));
            }
            partial.write(&chunk).map_err(io)?;
            told(Event::Bytes(chunk.len() as u64));
        }
        if partial.at < file.size {
            let cut = HubError::CutOff { name: printable(&file.name), at: partial.at, size: file.size };
            return Err(Trouble::Passing(cut, None));
        }
        Ok(())
    }
}

/// True for a 206 that begins at `at`.
fn continues(response: &Response, at: u64) -> bool {
    let range = response.headers().get(header::CONTENT_RANGE).and_then(|range| range.to_str().ok());
    let first = range.and_then(|range| range.strip_prefix("bytes ")?.split('-').next()?.parse::<u64>().ok());
    response.status() == StatusCode::PARTIAL_CONTENT && first == Some(at)
}

fn io(error: std::io::Error) -> Trouble {
    Trouble::Lasting(error.into())
}

impl Partial {
    fn open(file: &HubFile, path: &Path) -> Result<Self, HubError> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut name = path.as_os_str().to_owned();
        name.push(PARTIAL);
        let path = PathBuf::from(name);
        let mut hasher = Hasher::new(&file.checksum, file.size);
        let mut options = fs::OpenOptions::new();
        let mut opened = options.read(true).write(true).create(true).truncate(false).open(&path)?;
        let mut at = opened.metadata()?.len();
        if at > file.size {
            opened.set_len(0)?;
            at = 0;
        } else if at > 0 {
            at = hasher.update_from(&path)?;
        }
        opened.seek(SeekFrom::Start(at))?;
        Ok(Self { path, file: opened, hasher, at })
    }

    fn restart(&mut self, file: &HubFile) -> std::io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.hasher = Hasher::new(&file.checksum, file.size);
        self.at = 0;
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.file.write_all(bytes)?;
        self.hasher.update(bytes);
        self.at += bytes.len() as u64;
        Ok(())
    }

    /// Gives the file its name when its bytes are right, and removes them when not.
    fn finish(self, file: &HubFile, path: &Path) -> Result<(), HubError> {
        let found = self.hasher.finish();
        if found != file.checksum {
            fs::remove_file(&self.path)?;
            return Err(HubError::Checksum {
                name: printable(&file.name),
                kind: found.name(),
                expected: file.checksum.hex(),
                found: found.hex(),
            });
        }
        self.file.sync_all()?;
        drop(self.file);
        fs::rename(&self.path, path)?;
        Ok(())
    }
}
