//! `releases/`: immutable folders, and one pointer that is replaced in one step.

use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use fs_err as fs;
use hivis_types::{Precision, ReleaseId};
use sha2::{Digest as _, Sha256};

use crate::{Manifest, ReleaseFile, StoreError, disk};

/// The manifest's name in a release's folder.
const MANIFEST: &str = "release.toml";
/// The pointer's name among the folders. No release can be called so: see [`Releases::install`].
const POINTER: &str = "current";
/// Held while the pointer is replaced.
const POINTER_LOCK: &str = ".pointer.lock";

/// Held by whoever moves the pointer; let go when dropped, or when the process ends.
#[derive(Debug)]
pub struct PromotionLock {
    _file: std::fs::File,
}

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

    /// The folder itself; `current` in it is the pointer to watch.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Describes a file for its manifest: its hash and length.
    pub fn describe(file: &Path, precision: Option<Precision>) -> Result<ReleaseFile, StoreError> {
        let (sha256, bytes) = hash(file)?;
        Ok(ReleaseFile { sha256, bytes, precision })
    }

    /// Writes `release.toml` into a staging folder.
    pub fn write_manifest(staging: &Path, manifest: &Manifest) -> Result<(), StoreError> {
        let path = staging.join(MANIFEST);
        let text = toml::to_string(manifest)
            .map_err(|error| StoreError::BadManifest { path: path.clone(), reason: error.to_string() })?;
        Ok(disk::replace_file(&path, text.as_bytes())?)
    }

    /// Moves a staging folder with its `release.toml` into place as `id`. Refused when `id` exists, when a file is not
    /// what the manifest says, and when there is one that it does not list.
    pub fn install(&self, staging: &Path, id: &ReleaseId) -> Result<Release, StoreError> {
        let target = self.folder.join(id.as_str());
        if id.as_str() == POINTER || target.exists() {
            return Err(StoreError::ReleaseExists { id: id.clone() });
        }
        let manifest = read(staging, id)?;
        for entry in fs::read_dir(staging)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if name != MANIFEST && !manifest.files.contains_key(&name) {
                let reason = format!("the folder has a file `{name}` that it does not list");
                return Err(StoreError::BadManifest { path: staging.join(MANIFEST), reason });
            }
        }
        for name in manifest.files.keys().map(String::as_str).chain([MANIFEST]) {
            let path = staging.join(name);
            fs::set_permissions(&path, std::fs::Permissions::from_mode(0o444))?;
            fs::File::open(&path)?.sync_all()?;
        }
        disk::sync_folder(staging)?;
        // A rename refuses a target folder that has files, so of two installers one wins.
        match fs::rename(staging, &target) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {
                return Err(StoreError::ReleaseExists { id: id.clone() });
            }
            Err(error) => return Err(error.into()),
        }
        disk::sync_folder(&self.folder)?;
        Ok(Release { folder: target, manifest })
    }

    /// Reads a release and checks every file of it against its hash.
    pub fn load(&self, id: &ReleaseId) -> Result<Release, StoreError> {
        let folder = self.folder.join(id.as_str());
        if !folder.is_dir() {
            return Err(StoreError::NoSuchRelease { id: id.to_string(), folder: self.folder.clone() });
        }
        Ok(Release { manifest: read(&folder, id)?, folder })
    }

    /// What a release says of itself; its files are not looked at.
    pub fn manifest(&self, id: &ReleaseId) -> Result<Manifest, StoreError> {
        let folder = self.folder.join(id.as_str());
        if !folder.is_dir() {
            return Err(StoreError::NoSuchRelease { id: id.to_string(), folder: self.folder.clone() });
        }
        parse(&folder, id)
    }

    /// The names of all releases, sorted.
    pub fn list(&self) -> Result<Vec<ReleaseId>, StoreError> {
        let mut ids = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            if let Ok(id) = ReleaseId::new(entry.file_name().to_string_lossy())
                && entry.path().join(MANIFEST).is_file()
            {
                ids.push(id);
            }
        }
        ids.sort();
        Ok(ids)
    }

    /// The release that the pointer names; `None` when none was set yet.
    pub fn current(&self) -> Result<Option<ReleaseId>, StoreError> {
        let path = self.folder.join(POINTER);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        match ReleaseId::new(text.trim()) {
            Ok(id) => Ok(Some(id)),
            Err(error) => Err(StoreError::BadManifest { path, reason: error.to_string() }),
        }
    }

    /// Takes the right to move the pointer; refused while another process has it.
    pub fn promotion_lock(&self) -> Result<PromotionLock, StoreError> {
        let file = self.lock_file(".promotion.lock")?;
        match file.try_lock() {
            Ok(()) => Ok(PromotionLock { _file: file }),
            Err(std::fs::TryLockError::WouldBlock) => Err(StoreError::PromotionRunning),
            Err(std::fs::TryLockError::Error(source)) => Err(source.into()),
        }
    }

    /// Points at `id`, which must be installed; readers see the old name or the new one.
    pub fn set_current(&self, id: &ReleaseId) -> Result<(), StoreError> {
        let _moving = self.wait_for(POINTER_LOCK)?;
        self.write_pointer(id)
    }

    /// Points at `id` if the pointer still names `from`; false, and nothing is changed, when it names another.
    pub fn replace_current(&self, from: &ReleaseId, id: &ReleaseId) -> Result<bool, StoreError> {
        let _moving = self.wait_for(POINTER_LOCK)?;
        if self.current()?.as_ref() != Some(from) {
            return Ok(false);
        }
        self.write_pointer(id).map(|()| true)
    }

    /// Waits for a lock of the folder that is only ever held for a short piece of work.
    pub(crate) fn wait_for(&self, name: &str) -> Result<std::fs::File, StoreError> {
        let file = self.lock_file(name)?;
        file.lock()?;
        Ok(file)
    }

    fn lock_file(&self, name: &str) -> Result<std::fs::File, StoreError> {
        let path = self.folder.join(name);
        Ok(fs::OpenOptions::new().write(true).create(true).truncate(false).open(path)?.into_file())
    }

    fn write_pointer(&self, id: &ReleaseId) -> Result<(), StoreError> {
        if !self.folder.join(id.as_str()).join(MANIFEST).is_file() {
            return Err(StoreError::NoSuchRelease { id: id.to_string(), folder: self.folder.clone() });
        }
        Ok(disk::replace_file(&self.folder.join(POINTER), format!("{id}\n").as_bytes())?)
    }
}

/// Reads the manifest of `folder` and checks that it is `id`'s.
fn parse(folder: &Path, id: &ReleaseId) -> Result<Manifest, StoreError> {
    let path = folder.join(MANIFEST);
    let text = fs::read_to_string(&path)?;
    let bad = |reason: String| StoreError::BadManifest { path: path.clone(), reason };
    let manifest: Manifest = toml::from_str(&text).map_err(|error| bad(error.to_string()))?;
    if manifest.id != *id {
        return Err(bad(format!("it is of `{}`, not of `{id}`", manifest.id)));
    }
    Ok(manifest)
}

/// [`parse`], and checks that all its files are what it says.
fn read(folder: &Path, id: &ReleaseId) -> Result<Manifest, StoreError> {
    let path = folder.join(MANIFEST);
    let bad = |reason: String| StoreError::BadManifest { path: path.clone(), reason };
    let manifest = parse(folder, id)?;
    for (name, file) in &manifest.files {
        if name == MANIFEST || name.starts_with('.') || name.contains(['/', '\\']) {
            return Err(bad(format!("`{name}` is no plain file name")));
        }
        let path = folder.join(name);
        let found = match hash(&path) {
            Ok((found, _)) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => "no file".to_owned(),
            Err(error) => return Err(error.into()),
        };
        if found != file.sha256 {
            return Err(StoreError::CorruptRelease { path, expected: file.sha256.clone(), found });
        }
    }
    Ok(manifest)
}

/// SHA-256 in hex, and length.
fn hash(path: &Path) -> io::Result<(String, u64)> {
    let mut hasher = Sha256::new();
    let bytes = io::copy(&mut fs::File::open(path)?, &mut hasher)?;
    Ok((hex::encode(hasher.finalize()), bytes))
}
