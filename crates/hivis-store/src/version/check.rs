//! Are the versions what the ledger says: every byte, every link, every tag?

use std::collections::HashSet;
use std::path::Path;

use serde::Serialize;

use super::cache::Folder;
use super::link;
use super::repository::show;
use super::{VersionError, VersionName, Versions, dvc, side_by_side};
use crate::ledger::versions::{DataVersion, VersionPicture, VersionState};
use crate::{Md5, ObjectId, StoreError};

const PULL: &str = "`hivis data version pull` brings it from a remote; importing the same picture again does too";
const REPAIR: &str = "`hivis data fsck --repair` makes it again";
const REBUILD: &str = "`hivis data version rebuild` makes the repository anew";

/// What to do beside looking.
#[derive(Clone, Copy, Debug, Default)]
pub struct CheckOptions {
    /// Make again what can be made of the ledger and of good copies. Nothing is ever removed but bytes that are wrong.
    pub repair: bool,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Trouble {
    /// The first version that it concerns.
    pub version: Option<VersionName>,
    /// The file, tag or commit.
    pub what: String,
    /// What is wrong with it.
    pub wrong: String,
    /// What mends it.
    pub mend: &'static str,
    /// True when it was mended just now.
    pub mended: bool,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CheckReport {
    /// Versions that were looked at.
    pub versions: u64,
    /// Their pictures, each once.
    pub pictures: u64,
    /// Bytes of those.
    pub bytes: u64,
    /// What is wrong.
    pub troubles: Vec<Trouble>,
    /// Why commits and tags were not looked at, when they were not.
    pub no_git: Option<String>,
}

impl CheckReport {
    /// True when nothing is wrong any more.
    pub fn is_sound(&self) -> bool {
        self.troubles.iter().all(|trouble| trouble.mended)
    }
}

/// What one picture is.
enum Found {
    Good,
    Wrong { object: bool, wrong: String, mended: bool },
}

impl Versions {
    /// Reads every object of every version (SHA-256 and MD5), and compares links, `.dir` files, commits and tags with the
    /// ledger.
    pub async fn check(&self, options: CheckOptions) -> Result<CheckReport, StoreError> {
        let mut report = CheckReport::default();
        let half = self.ledger.versions().await?.into_iter().find(|v| v.state == VersionState::Cutting);
        if let Some(half) = half {
            let mended = options.repair;
            if mended {
                self.finish().await?;
            }
            report.trouble(Some(half.name), half.name.to_string(), ("it is only half cut", REPAIR), mended);
        }
        let mut versions = self.ledger.versions().await?;
        versions.retain(|version| version.state == VersionState::Cut);
        versions.reverse();
        let mut seen: HashSet<ObjectId> = HashSet::new();
        for version in &versions {
            report.versions += 1;
            let mut pictures = self.ledger.version_pictures(version).await?;
            self.check_folder(&mut report, version, &pictures, options)?;
            pictures.retain(|picture| seen.insert(picture.id));
            self.check_pictures(&mut report, version.name, &pictures, options)?;
        }
        match self.check_git(&mut report, &versions, options).await {
            Err(StoreError::Version(error @ VersionError::NoGit { .. })) => report.no_git = Some(error.to_string()),
            other => other?,
        }
        Ok(report)
    }

    /// The cache's `.dir` and `metadata.jsonl`.
    fn check_folder(
        &self,
        report: &mut CheckReport,
        version: &DataVersion,
        pictures: &[VersionPicture],
        options: CheckOptions,
    ) -> Result<(), StoreError> {
        let folder = Folder::of(pictures);
        if version.dir != Some(folder.dir) || version.table != Some(folder.table) {
            let wrong = ("the ledger's rows do not give the folder that was cut", "restore the ledger from a backup");
            report.trouble(Some(version.name), version.name.to_string(), wrong, false);
            return Ok(());
        }
        let files =
            [(self.cached_dir(folder.dir), &folder.dir_bytes), (self.cached(folder.table), &folder.table_bytes)];
        for (path, bytes) in files {
            let wrong = match link::read(&path)? {
                Some(there) if there == *bytes => continue,
                Some(_) => "it holds other bytes",
                None => "it is missing in the cache",
            };
            if options.repair {
                Self::write_cache(&path, bytes)?;
            }
            report.trouble(Some(version.name), path.display().to_string(), (wrong, REPAIR), options.repair);
        }
        Ok(())
    }

    fn check_pictures(
        &self,
        report: &mut CheckReport,
        version: VersionName,
        pictures: &[VersionPicture],
        options: CheckOptions,
    ) -> Result<(), StoreError> {
        let look = |picture: &VersionPicture| self.check_picture(picture, options.repair);
        let found = side_by_side(self.options.threads, pictures, look);
        for (picture, found) in pictures.iter().zip(found) {
            report.pictures += 1;
            report.bytes += picture.bytes;
            if let Found::Wrong { object, wrong, mended } = found? {
                let (path, mend) =
                    if object { (picture.path.clone(), PULL) } else { (self.cached(picture.md5), REPAIR) };
                report.trouble(Some(version), path.display().to_string(), (&wrong, mend), mended);
            }
        }
        Ok(())
    }

    /// An object and the cache's name of it.
    fn check_picture(&self, picture: &VersionPicture, repair: bool) -> Result<Found, StoreError> {
        let is_good = |bytes: &[u8]| ObjectId::of(bytes) == picture.id && Md5::of(bytes) == picture.md5;
        let cached = self.cached(picture.md5);
        let object = link::read(&picture.path)?;
        if !object.as_deref().is_some_and(is_good) {
            let wrong = match &object {
                Some(bytes) => format!("damaged: its SHA-256 is {}, not {}", ObjectId::of(bytes), picture.id),
                None => "missing".to_owned(),
            };
            // The cache may hold a copy of its own that is good.
            let copy = link::read(&cached)?.filter(|bytes| is_good(bytes));
            let mended = match copy.filter(|_| repair) {
                Some(bytes) => self.objects.put(&bytes).map(|_| true)?,
                None => false,
            };
            return Ok(Found::Wrong { object: true, wrong, mended });
        }
        if cached.exists() && (link::same_file(&picture.path, &cached)? || same_bytes(&cached, object.as_deref())?) {
            return Ok(Found::Good);
        }
        let wrong =
            if cached.exists() { "the cache holds other bytes under this name" } else { "it is missing in the cache" };
        if repair {
            link::remove(&cached)?;
            link::somehow(&picture.path, &cached)?;
        }
        Ok(Found::Wrong { object: false, wrong: wrong.to_owned(), mended: repair })
    }

    /// Commits and tags.
    async fn check_git(
        &self,
        report: &mut CheckReport,
        versions: &[DataVersion],
        options: CheckOptions,
    ) -> Result<(), StoreError> {
        if versions.is_empty() {
            return Ok(());
        }
        let git = self.git().await?;
        let mut missing = Vec::new();
        for version in versions {
            let tag = format!("refs/tags/{}^{{commit}}", version.name);
            let commit =
                if self.has_git() { git.ask(&["rev-parse", "--verify", "--quiet", &tag]).await } else { Ok(None) };
            let found = match commit {
                Ok(Some(commit)) => show(&git, &commit, "data.dvc").await,
                Ok(None) => {
                    missing.push(version.name);
                    continue;
                }
                Err(error) => Err(error),
            };
            let tracked = found.and_then(|text| text.map(|text| dvc::read_data_dvc(&text)).transpose());
            let wrong = match tracked {
                Ok(Some(tracked)) if Some(tracked.dir) == version.dir => continue,
                Ok(Some(tracked)) => format!("its data.dvc names {}.dir", tracked.dir),
                Ok(None) => "it has no data.dvc".to_owned(),
                Err(error) => error.to_string(),
            };
            report.trouble(Some(version.name), format!("tag {}", version.name), (&wrong, REBUILD), false);
        }
        if missing.is_empty() {
            return Ok(());
        }
        let mended = options.repair && self.commit_all().await.is_ok();
        for name in missing {
            report.trouble(Some(name), format!("tag {name}"), ("it is not in the repository", REPAIR), mended);
        }
        Ok(())
    }
}

impl CheckReport {
    fn trouble(&mut self, version: Option<VersionName>, what: String, wrong: (&str, &'static str), mended: bool) {
        self.troubles.push(Trouble { version, what, wrong: wrong.0.to_owned(), mend: wrong.1, mended });
    }
}

fn same_bytes(path: &Path, bytes: Option<&[u8]>) -> std::io::Result<bool> {
    Ok(link::read(path)?.as_deref() == bytes)
}
