//! Removing versions that are no longer wanted. Links go, recordings never do.

use std::collections::HashSet;
use std::io;
use std::path::PathBuf;

use serde::Serialize;

use super::link;
use super::{VersionName, Versions};
use crate::ledger::versions::{DataVersion, VersionState};
use crate::{Md5, StoreError};

/// What to keep.
#[derive(Clone, Debug)]
pub struct GcOptions {
    /// So many of the newest.
    pub keep: usize,
    /// Those that a release, an exam or a training names.
    pub used: HashSet<VersionName>,
    /// Only say what would go.
    pub dry_run: bool,
}

/// What went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct GcReport {
    /// Versions that went.
    pub removed: Vec<VersionName>,
    /// Older versions that stay because something names them.
    pub used: Vec<VersionName>,
    /// Versions that are left.
    pub kept: u64,
    /// Names in the cache that went.
    pub links: u64,
    /// Bytes that were freed: of files that had no other name.
    pub bytes: u64,
    /// Rows that went.
    pub rows: u64,
}

impl Versions {
    /// Removes versions beyond the newest ones, unless something names them: their rows, tags, and what of the cache only
    /// they needed. The newest stays always; their entries in the change log and their commits stay too.
    pub async fn gc(&self, options: &GcOptions) -> Result<GcReport, StoreError> {
        self.finish().await?;
        let versions = self.ledger.versions().await?;
        let cut = versions.iter().filter(|version| version.state == VersionState::Cut);
        let (mut kept, mut gone) = (Vec::new(), Vec::new());
        let mut report = GcReport::default();
        for (at, version) in cut.enumerate() {
            if at < options.keep.max(1) {
                kept.push(version);
            } else if options.used.contains(&version.name) {
                report.used.push(version.name);
                kept.push(version);
            } else {
                gone.push(version);
            }
        }
        report.removed = gone.iter().map(|version| version.name).collect();
        report.kept = kept.len() as u64;
        if gone.is_empty() {
            return Ok(report);
        }
        let needed = self.files_of(&kept).await?;
        let unneeded: HashSet<PathBuf> = self.files_of(&gone).await?.difference(&needed).cloned().collect();
        for path in &unneeded {
            use std::os::unix::fs::MetadataExt as _;
            match std::fs::metadata(path) {
                Ok(file) => {
                    report.links += 1;
                    report.bytes += if file.nlink() == 1 { file.len() } else { 0 };
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error.into()),
            }
        }
        if options.dry_run {
            return Ok(report);
        }
        // Rows first: what is left of a removed version when the power goes is a link too many.
        let ids: Vec<i64> = gone.iter().map(|version| version.id).collect();
        report.rows = self.ledger.remove_versions(&ids).await?;
        if self.has_git()
            && let Ok(git) = self.git().await
        {
            for version in &gone {
                git.run(&["update-ref", "-d", &format!("refs/tags/{}", version.name)]).await?;
            }
        }
        for path in unneeded {
            link::remove(&path)?;
        }
        Ok(report)
    }

    /// What the cache holds for these versions.
    async fn files_of(&self, versions: &[&DataVersion]) -> Result<HashSet<PathBuf>, StoreError> {
        let mut files = HashSet::new();
        let mut seen: HashSet<Md5> = HashSet::new();
        for version in versions {
            files.extend(version.dir.map(|dir| self.cached_dir(dir)));
            files.extend(version.table.map(|table| self.cached(table)));
            seen.extend(self.ledger.version_pictures(version).await?.into_iter().map(|picture| picture.md5));
        }
        files.extend(seen.into_iter().map(|md5| self.cached(md5)));
        Ok(files)
    }
}
