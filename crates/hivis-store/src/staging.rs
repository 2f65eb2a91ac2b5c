//! Where a release is built, and which version it gets.

use std::fs::File;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use fs_err as fs;
use hivis_types::{ReleaseId, Version};

use crate::{Manifest, Releases, StoreError};

/// How the name of a folder begins that a release is built in.
const PREFIX: &str = ".new-";
/// Held for an instant by who makes such a folder, and by who has claimed a version until the release is installed.
const LOCK: &str = ".build.lock";

/// A folder on the releases' disk to build one in. It goes with the value, unless it was installed; after a crash it goes
/// when the next one is made.
#[derive(Debug)]
pub struct Staging {
    folder: PathBuf,
    /// A lock on the folder itself: it says that the builder lives.
    _lock: File,
}

impl Deref for Staging {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // Installed, it has another name; what cannot be removed now is removed by the next builder.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A version that no other release of the home gets while this is held: keep it until the release is installed.
#[derive(Debug)]
pub struct VersionClaim {
    /// The version.
    pub version: Version,
    _lock: File,
}

impl Releases {
    /// Makes an empty folder on the same disk to build a release in; then write its manifest and
    /// [`install`](Self::install) it. Folders whose builders died are removed.
    pub fn staging(&self, id: &ReleaseId) -> Result<Staging, StoreError> {
        let _making = self.wait_for(LOCK)?;
        for entry in fs::read_dir(self.folder())? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(PREFIX) && File::open(entry.path())?.try_lock().is_ok() {
                fs::remove_dir_all(entry.path())?;
            }
        }
        let folder = self.folder().join(format!("{PREFIX}{id}-{}", std::process::id()));
        fs::create_dir(&folder)?;
        let lock = File::open(&folder)?;
        lock.lock()?;
        Ok(Staging { folder, _lock: lock })
    }

    /// The version of the release that `manifest` describes. A family's first is X.0.0 with an X of its own, its next
    /// head X.Y+1.0, and another form of the head of `parent` X.Y.Z+1. Waits for other builders.
    pub fn claim_version(&self, manifest: &Manifest, parent: Option<Version>) -> Result<VersionClaim, StoreError> {
        let lock = self.wait_for(LOCK)?;
        let mut all = Vec::new();
        for id in self.list()? {
            let other = self.manifest(&id)?;
            all.extend(other.version.map(|version| (version, other.family() == manifest.family())));
        }
        let newest = |of: &dyn Fn(&Version, bool) -> bool| {
            all.iter().filter(|(version, family)| of(version, *family)).map(|(version, _)| *version).max()
        };
        let version = if let Some(parent) = parent {
            let head = (parent.major, parent.minor);
            let last = newest(&|v, _| (v.major, v.minor) == head).unwrap_or(parent);
            Version { patch: last.patch + 1, ..last }
        } else if let Some(last) = newest(&|_, family| family) {
            Version { major: last.major, minor: last.minor + 1, patch: 0 }
        } else {
            Version::first_of(newest(&|_, _| true).map_or(1, |last| last.major + 1))
        };
        Ok(VersionClaim { version, _lock: lock })
    }
}
