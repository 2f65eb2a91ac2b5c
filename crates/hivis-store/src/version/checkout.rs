//! A version as a folder of files.

use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;
use serde::Serialize;

use super::cache::Folder;
use super::link::{self, LinkType};
use super::{VersionError, side_by_side};
use crate::ledger::versions::{DataVersion, VersionPicture};
use crate::{Home, Ledger, ObjectId, StoreError, disk};

/// What was checked out.
#[derive(Clone, Debug, Serialize)]
pub struct CheckoutReport {
    /// The folder.
    pub folder: PathBuf,
    /// Pictures in it.
    pub pictures: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How they came there.
    pub link: LinkType,
}

impl Home {
    /// Writes a version to `folder`, which is empty or not there: `metadata.jsonl` and `pictures/`, every picture's SHA-256
    /// checked, its mode 0444. The folder is there whole or not at all.
    pub async fn checkout_version(
        &self,
        ledger: &Ledger,
        version: &DataVersion,
        folder: &Path,
        link: LinkType,
    ) -> Result<CheckoutReport, StoreError> {
        let folder = std::path::absolute(folder)?;
        let parent = folder.parent().ok_or_else(|| VersionError::NotEmpty { folder: folder.clone() })?.to_owned();
        let taken = || VersionError::NotEmpty { folder: folder.clone() };
        match fs::read_dir(&folder).map(|mut entries| entries.next().is_some()) {
            Ok(true) => return Err(taken().into()),
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => return Err(taken().into()),
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        fs::create_dir_all(&parent)?;
        let pictures = ledger.version_pictures(version).await?;
        let beside = parent.join(format!(".{}.{}.partial", version.name, std::process::id()));
        let objects = self.objects().clone();
        // Held so that no picture goes while it is linked.
        let guard = objects.share()?;
        let (target, bytes) = (folder.clone(), version.bytes);
        let done = tokio::task::spawn_blocking(move || {
            let _guard = guard;
            let written = write(&beside, &pictures, link).and_then(|()| Ok(fs::rename(&beside, &target)?));
            if written.is_err() {
                let _ = std::fs::remove_dir_all(&beside);
            }
            written?;
            disk::sync_folder(&parent)?;
            Ok::<_, StoreError>(pictures.len() as u64)
        });
        let pictures = done.await.expect("writing files does not panic: this is a bug")?;
        Ok(CheckoutReport { folder, pictures, bytes, link })
    }
}

fn write(folder: &Path, pictures: &[VersionPicture], link: LinkType) -> Result<(), StoreError> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    let files = folder.join("pictures");
    fs::create_dir_all(&files)?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let one = |picture: &VersionPicture| {
        let path = &picture.path;
        let bytes = link::read(path)?.ok_or_else(|| StoreError::MissingObject { path: path.clone() })?;
        let found = ObjectId::of(&bytes);
        if found != picture.id {
            let (expected, found) = (picture.id.to_string(), found.to_string());
            return Err(StoreError::DamagedObject { path: path.clone(), expected, found });
        }
        Ok(link::exactly(link, path, &files.join(&picture.name), &bytes)?)
    };
    for done in side_by_side(threads, pictures, one) {
        done?;
    }
    let table = folder.join("metadata.jsonl");
    link::exactly(LinkType::Copy, Path::new(""), &table, &Folder::of(pictures).table_bytes)?;
    match disk::sync_file_system(folder) {
        Err(error) if error.kind() != io::ErrorKind::Unsupported => Err(error.into()),
        _ => Ok(()),
    }
}
