//! `releases/`: immutable folders and one pointer that is replaced in one step.

use std::path::{Path, PathBuf};

use hivis_types::{Precision, ReleaseId};

use crate::{Manifest, ReleaseFile, StoreError};

/// The folder of releases.
#[derive(Clone, Debug)]
pub struct Releases {
    folder: PathBuf,
}

/// One release, its files checked against its manifest.
#[derive(Clone, Debug)]
pub struct Release {
    /// Its folder.
    pub folder: PathBuf,
    /// Its `release.toml`.
    pub manifest: Manifest,
}

impl Release {
    /// The path of the graph of this precision, when the release has one.
    pub fn graph(&self, precision: Precision) -> Option<PathBuf> {
        self.manifest.graph(precision).map(|name| self.folder.join(name))
    }
}

impl Releases {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Makes an empty folder on the same disk to build a release in; then call [`Releases::install`].
    pub fn staging(&self, _id: &ReleaseId) -> Result<PathBuf, StoreError> {
        todo!()
    }

    /// Describes a file of a staging folder for its manifest.
    pub fn describe(_file: &Path, _precision: Option<Precision>) -> Result<ReleaseFile, StoreError> {
        todo!()
    }

    /// Writes `release.toml` into a staging folder.
    pub fn write_manifest(_staging: &Path, _manifest: &Manifest) -> Result<(), StoreError> {
        todo!()
    }

    /// Moves a staging folder with its `release.toml` into place as `id`; refused when `id` exists or a hash is wrong.
    pub fn install(&self, _staging: &Path, _id: &ReleaseId) -> Result<Release, StoreError> {
        todo!()
    }

    /// Reads a release and checks every file of it against its hash.
    pub fn load(&self, _id: &ReleaseId) -> Result<Release, StoreError> {
        todo!()
    }

    /// The names of all releases, sorted.
    pub fn list(&self) -> Result<Vec<ReleaseId>, StoreError> {
        todo!()
    }

    /// The release that the pointer names; `None` when none was set yet.
    pub fn current(&self) -> Result<Option<ReleaseId>, StoreError> {
        todo!()
    }

    /// Points at `id`, which must be installed.
    pub fn set_current(&self, _id: &ReleaseId) -> Result<(), StoreError> {
        todo!()
    }
}
