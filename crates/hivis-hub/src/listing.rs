//! What a repository holds at a revision.

use std::collections::BTreeMap;

use hivis_http::printable;
use serde::Deserialize;

use crate::checksum::Checksum;
use crate::path::encoded;
use crate::pull::Event;
use crate::repo::{check_revision, is_commit};
use crate::{Hub, HubError, Repo};

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubFile {
    /// Its name, with `/` between folders; not checked yet.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// What its bytes come to.
    pub checksum: Checksum,
}

/// The files of one commit, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// 40 hexadecimal digits.
    pub commit: String,
    /// Only who is allowed to may see it.
    pub private: bool,
    /// All files.
    pub files: Vec<HubFile>,
}

impl Listing {
    /// The file of that name.
    pub fn file(&self, name: &str) -> Option<&HubFile> {
        self.files.iter().find(|file| file.name == name)
    }
}

#[derive(Deserialize)]
struct Info {
    sha: String,
    #[serde(default)]
    private: bool,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "type")]
    kind: String,
    path: String,
    #[serde(default)]
    size: u64,
    #[serde(default)]
    oid: String,
    lfs: Option<Large>,
}

#[derive(Deserialize)]
struct Large {
    oid: String,
    size: u64,
}

impl Hub {
    /// The commit that `revision` names and its files; at most `most` of them.
    pub async fn list(
        &self,
        repo: &Repo,
        revision: &str,
        most: usize,
        told: &(dyn Fn(Event) + Sync),
    ) -> Result<Listing, HubError> {
        check_revision(revision)?;
        let root = format!("api/{}/{}", repo.kind().plural(), repo.id());
        let info = self.address(&format!("{root}/revision/{}", encoded(revision, false)))?;
        let Info { sha, private } = self.json(repo, &info, told).await?.0;
        let commit = sha.to_ascii_lowercase();
        if !is_commit(&commit) {
            let why = format!("`{}` is no commit", printable(&commit));
            return Err(HubError::Answer { what: root, why });
        }
        let mut files = BTreeMap::new();
        let mut next = Some(self.address(&format!("{root}/tree/{commit}?recursive=true&expand=false"))?);
        let mut pages = 0;
        while let Some(url) = next {
            let (entries, following) = self.json::<Vec<Entry>>(repo, &url, told).await?;
            for entry in entries.into_iter().filter(|entry| entry.kind == "file") {
                let file = entry.file().map_err(|why| HubError::Answer { what: root.clone(), why })?;
                files.insert(file.name.clone(), file);
            }
            pages += 1;
            if files.len() > most || pages > most {
                return Err(HubError::Limit { what: self.page(repo), limit: format!("{most} files") });
            }
            next = following;
        }
        Ok(Listing { commit, private, files: files.into_values().collect() })
    }
}

impl Entry {
    fn file(self) -> Result<HubFile, String> {
        let wrong = |oid: &str| format!("`{}` is no checksum of {}", printable(oid), printable(&self.path));
        let (size, checksum) = match &self.lfs {
            Some(large) => {
                let hex = large.oid.strip_prefix("sha256:").unwrap_or(&large.oid);
                (large.size, Checksum::Sha256(digits(hex).ok_or_else(|| wrong(hex))?))
            }
            None => (self.size, Checksum::GitBlob(digits(&self.oid).ok_or_else(|| wrong(&self.oid))?)),
        };
        Ok(HubFile { name: self.path, size, checksum })
    }
}

fn digits<const N: usize>(hex: &str) -> Option<[u8; N]> {
    let mut out = [0; N];
    hex::decode_to_slice(hex, &mut out).ok().map(|()| out)
}
