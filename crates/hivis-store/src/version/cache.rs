//! DVC's cache of the repository: the pictures as links, each version's table and `.dir`.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;

use super::dvc::{self, DirEntry};
use super::{Step, Versions, link, side_by_side};
use crate::ledger::versions::{DataVersion, VersionPicture};
use crate::{Md5, StoreError, disk};

/// A version's folder as DVC sees it.
pub(crate) struct Folder {
    /// Its `.dir`.
    pub(crate) dir: Md5,
    /// The bytes of that.
    pub(crate) dir_bytes: Vec<u8>,
    /// Its `metadata.jsonl`.
    pub(crate) table: Md5,
    /// The bytes of that.
    pub(crate) table_bytes: Vec<u8>,
}

impl Folder {
    /// The folder of these pictures.
    pub(crate) fn of(pictures: &[VersionPicture]) -> Self {
        let mut table_bytes = Vec::new();
        for picture in pictures {
            table_bytes.extend_from_slice(picture.line.as_bytes());
            table_bytes.push(b'\n');
        }
        let table = Md5::of(&table_bytes);
        let file = |picture: &VersionPicture| DirEntry { md5: picture.md5, path: format!("pictures/{}", picture.name) };
        let mut entries: Vec<DirEntry> = pictures.iter().map(file).collect();
        entries.push(DirEntry { md5: table, path: "metadata.jsonl".to_owned() });
        let dir_bytes = dvc::dir_bytes(&mut entries);
        Self { dir: Md5::of(&dir_bytes), dir_bytes, table, table_bytes }
    }
}

impl Versions {
    pub(crate) fn cache(&self) -> PathBuf {
        self.folder.join(".dvc/cache/files/md5")
    }

    /// Where the cache has the file with this MD5.
    pub(crate) fn cached(&self, md5: Md5) -> PathBuf {
        let name = md5.to_string();
        self.cache().join(&name[..2]).join(&name[2..])
    }

    /// Where the cache has that `.dir`.
    pub(crate) fn cached_dir(&self, md5: Md5) -> PathBuf {
        let mut path = self.cached(md5).into_os_string();
        path.push(".dir");
        path.into()
    }

    /// Gives the cache all that a version needs and that is not there.
    pub(crate) fn fill_cache(&self, version: &DataVersion, pictures: &[VersionPicture]) -> Result<Folder, StoreError> {
        disk::create_private_folder(&self.folder)?;
        fs::create_dir_all(self.cache())?;
        let there = self.cached_names()?;
        let missing: Vec<&VersionPicture> = pictures.iter().filter(|picture| !there.contains(&picture.md5)).collect();
        let put = |picture: &&VersionPicture| link::somehow(&picture.path, &self.cached(picture.md5));
        for done in side_by_side(self.options.threads, &missing, put) {
            done?;
        }
        self.stop(Step::Links)?;
        let folder = Folder::of(pictures);
        Self::write_cache(&self.cached(folder.table), &folder.table_bytes)?;
        Self::write_cache(&self.cached_dir(folder.dir), &folder.dir_bytes)?;
        if disk::sync_file_system(&self.folder).is_err() {
            // Only Linux can sync all of it; elsewhere a lost link is made again by the next cut or by fsck.
            tracing::debug!(version = %version.name, "the cache is not synced");
        }
        self.stop(Step::Folder)?;
        Ok(folder)
    }

    /// The MD5 of every plain file in the cache, by its name alone.
    pub(crate) fn cached_names(&self) -> io::Result<HashSet<Md5>> {
        let mut names = HashSet::new();
        for folder in subfolders(&self.cache())? {
            let prefix = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
            for entry in fs::read_dir(&folder)? {
                let name = entry?.file_name();
                names.extend(name.to_str().and_then(|rest| dvc::md5(&format!("{prefix}{rest}"))));
            }
        }
        Ok(names)
    }

    /// Writes a file of the cache that is not an object; one that is there with other bytes is replaced.
    pub(crate) fn write_cache(path: &Path, bytes: &[u8]) -> io::Result<()> {
        use std::os::unix::fs::PermissionsExt as _;
        if link::read(path)?.is_some_and(|there| there == bytes) {
            return Ok(());
        }
        fs::create_dir_all(path.parent().expect("a file of the cache has a folder: this is a bug"))?;
        disk::replace_file(path, bytes)?;
        fs::set_permissions(path, std::fs::Permissions::from_mode(0o444))
    }
}

/// The folders in a folder; none when it is not there.
fn subfolders(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut folders = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            folders.push(entry.path());
        }
    }
    folders.sort();
    Ok(folders)
}
