//! What the user changed with DVC: `dvc add data`, then a commit on our branch.

use std::collections::HashMap;
use std::path::PathBuf;

use super::dvc;
use super::link;
use super::repository::tip;
use super::{VersionError, Versions};
use crate::ledger::versions::VersionPicture;
use crate::{Md5, ObjectId, StoreError};

/// A picture of the user's folder that the newest version does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditedFile {
    /// Its path within the folder, such as `pictures/mine.jpg`.
    pub path: String,
    /// Its address by its name in the `.dir`.
    pub md5: Md5,
    /// Where its bytes are.
    pub file: PathBuf,
    /// Its identity, when the home has it already.
    pub known: Option<ObjectId>,
}

/// The user's folder beside the newest version.
#[derive(Clone, Debug)]
pub struct Edited {
    /// The commit.
    pub commit: String,
    /// The name of its `.dir`.
    pub dir: Md5,
    /// New pictures, by path.
    pub added: Vec<EditedFile>,
    /// Pictures of the newest version that are gone.
    pub removed: Vec<VersionPicture>,
    /// Pictures of the newest version that are there, with their path now.
    pub kept: Vec<(VersionPicture, String)>,
    /// The text of its `metadata.jsonl`, when it has one.
    pub table: Option<String>,
}

impl Versions {
    /// What the branch's `data.dvc` holds that the newest version does not; `None` when it is the newest version's.
    pub async fn edited(&self) -> Result<Option<Edited>, StoreError> {
        let git = self.git().await?;
        if !self.has_git() {
            return Ok(None);
        }
        let (Some(commit), Some(tracked)) = (tip(&git).await?, self.tracked(&git).await?) else { return Ok(None) };
        let Some(newest) = self.ledger.latest_version().await? else { return Ok(None) };
        if newest.dir == Some(tracked.dir) {
            return Ok(None);
        }
        let path = self.cached_dir(tracked.dir);
        let name = format!("{}.dir", tracked.dir);
        let bytes = link::read(&path)?.ok_or_else(|| missing(&name))?;
        if Md5::of(&bytes) != tracked.dir {
            return Err(VersionError::BadDvc { path: name, reason: "it is damaged in the cache".to_owned() }.into());
        }
        let known = self.ledger.identities().await?;
        let mut before: HashMap<Md5, VersionPicture> = HashMap::new();
        for picture in self.ledger.version_pictures(&newest).await? {
            before.insert(picture.md5, picture);
        }
        let mut edited =
            Edited { commit, dir: tracked.dir, added: Vec::new(), removed: Vec::new(), kept: Vec::new(), table: None };
        for entry in dvc::read_dir(&name, &bytes)? {
            if entry.path == "metadata.jsonl" {
                let bytes = link::read(&self.cached(entry.md5))?.ok_or_else(|| missing(&entry.path))?;
                let bad = |_| VersionError::BadDvc { path: entry.path.clone(), reason: "it is no text".to_owned() };
                edited.table = Some(String::from_utf8(bytes).map_err(bad)?);
                continue;
            }
            if let Some(picture) = before.remove(&entry.md5) {
                edited.kept.push((picture, entry.path));
                continue;
            }
            let known = known.get(&entry.md5).copied();
            let file = if known.is_some() { self.objects.path(entry.md5) } else { self.cached(entry.md5) };
            if !file.exists() {
                return Err(missing(&entry.path).into());
            }
            edited.added.push(EditedFile { path: entry.path, md5: entry.md5, file, known });
        }
        edited.removed = before.into_values().collect();
        edited.removed.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Some(edited))
    }

    /// The next version goes on top of this folder of the user's, which was taken over.
    pub fn accept(&mut self, edited: &Edited) {
        self.accepted = Some(edited.dir);
    }
}

fn missing(path: &str) -> VersionError {
    let reason = "its bytes are not in the cache: `dvc push` them where they are, then `hivis data version pull`";
    VersionError::BadDvc { path: path.to_owned(), reason: reason.to_owned() }
}
