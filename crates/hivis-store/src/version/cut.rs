//! Cutting a version: its rows, then everything that follows from them.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{VersionError, Versions, side_by_side};
use crate::ledger::versions::{Change, DataVersion, NewContent, NewVersion, VersionState};
use crate::{ObjectId, StoreError};

/// What a power cut can come after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// The version's rows are in the ledger.
    Rows,
    /// Its pictures are linked into the cache.
    Links,
    /// Its `metadata.jsonl` and `.dir` are in the cache.
    Folder,
    /// git has its commit, which nothing names yet.
    Commit,
    /// The working tree and the index are the version's.
    Tree,
    /// The branch names it.
    Branch,
    /// Its tag does.
    Tag,
}

impl Step {
    /// All, in their order.
    pub const ALL: [Self; 7] =
        [Self::Rows, Self::Links, Self::Folder, Self::Commit, Self::Tree, Self::Branch, Self::Tag];
}

/// A version that was cut.
#[derive(Clone, Debug, Serialize)]
pub struct CutDone {
    /// The version.
    pub version: DataVersion,
    /// Why the repository has no commit of it, when it has none.
    pub no_commit: Option<String>,
    /// Rows that it cost.
    pub rows: u64,
}

impl Versions {
    /// Cuts a version. The content must be in the home; a picture that is missing there is an error, and nothing is cut.
    pub async fn cut(&self, new: &NewVersion) -> Result<CutDone, StoreError> {
        self.finish().await?;
        self.ready().await?;
        // Held until the rows name the pictures, so that retention does not take one in between.
        let guard = self.objects.share()?;
        let known = self.ledger.addresses().await?;
        let mut names = HashSet::with_capacity(new.pictures.len());
        if let Some(twice) = new.pictures.iter().find(|content| !names.insert(&*content.name)) {
            return Err(VersionError::SameName { name: twice.name.clone() }.into());
        }
        let bytes = self.check_there(&new.pictures, &known)?;
        let last = self.ledger.versions().await?.into_iter().next();
        let before = match &last {
            Some(last) => self.ledger.version_pictures(last).await?,
            None => Vec::new(),
        };
        let before: HashMap<ObjectId, (String, String)> =
            before.into_iter().map(|picture| (picture.id, (picture.name, picture.line))).collect();
        let mut opened = Vec::new();
        let mut stays = HashSet::with_capacity(before.len());
        for content in &new.pictures {
            match before.get(&content.id) {
                Some((name, line)) if *name == content.name && *line == content.line => {
                    stays.insert(content.id);
                }
                _ => opened.push(content),
            }
        }
        let closed = before.keys().filter(|id| !stays.contains(id)).copied().collect();
        let change = Change { closed, opened };
        let rows = (change.closed.len() + change.opened.len()) as u64;
        self.ledger.begin_version(new, bytes, &change).await?;
        drop(guard);
        self.stop(Step::Rows)?;
        let (version, no_commit) = self.finish().await?.expect("it was just begun: this is a bug");
        Ok(CutDone { version, no_commit, rows })
    }

    /// Brings a version that was left half cut to its end, or takes it back when the home lost one of its pictures. Gives
    /// the version, when there was one and it is whole now, and why git has no commit of it.
    pub async fn finish(&self) -> Result<Option<(DataVersion, Option<String>)>, StoreError> {
        let newest = self.ledger.versions().await?.into_iter().next();
        let Some(version) = newest.filter(|version| version.state == VersionState::Cutting) else { return Ok(None) };
        let pictures = self.ledger.version_pictures(&version).await?;
        let gone = pictures.iter().find(|p| std::fs::metadata(&p.path).map_or(true, |m| m.len() != p.bytes));
        if let Some(gone) = gone {
            tracing::warn!(version = %version.name, picture = %gone.id, "a half cut version is taken back: a picture is lost");
            self.ledger.take_back_version(version.id).await?;
            return Ok(None);
        }
        let folder = self.fill_cache(&version, &pictures)?;
        self.ledger.set_version_dir(version.id, folder.dir, folder.table).await?;
        let no_commit = match self.commit_all().await {
            Ok(()) => None,
            Err(StoreError::Version(error @ VersionError::NoGit { .. })) => {
                self.write_files_without_git().await?;
                Some(error.to_string())
            }
            Err(error) => return Err(error),
        };
        self.ledger.end_version(version.id).await?;
        let version = self.ledger.versions().await?.into_iter().find(|v| v.id == version.id);
        Ok(version.map(|version| (version, no_commit)))
    }

    /// Looks whether every picture is there in its length; gives the bytes of all.
    fn check_there(
        &self,
        pictures: &[NewContent],
        known: &HashMap<ObjectId, (crate::Md5, u64)>,
    ) -> Result<u64, StoreError> {
        let look = |content: &NewContent| {
            let Some((md5, bytes)) = known.get(&content.id) else {
                return Err((Path::new(&content.id.to_string()).to_owned(), "missing".to_owned()));
            };
            let path = self.objects.path(*md5);
            match std::fs::metadata(&path) {
                Ok(file) if file.len() == *bytes => Ok(*bytes),
                Ok(file) => Err((path, format!("{} bytes long, not {bytes}", file.len()))),
                Err(_) => Err((path, "missing".to_owned())),
            }
        };
        let mut sum = 0;
        let mut lost: Option<(usize, std::path::PathBuf, String)> = None;
        for found in side_by_side(self.options.threads, pictures, look) {
            match (found, &mut lost) {
                (Ok(bytes), _) => sum += bytes,
                (Err(_), Some((count, ..))) => *count += 1,
                (Err((path, why)), none) => *none = Some((1, path, why)),
            }
        }
        match lost {
            Some((count, path, why)) => Err(VersionError::Lost { count, path, why }.into()),
            None => Ok(sum),
        }
    }

    pub(crate) fn stop(&self, after: Step) -> Result<(), VersionError> {
        if self.options.stop_after == Some(after) { Err(VersionError::Stopped(after)) } else { Ok(()) }
    }
}
