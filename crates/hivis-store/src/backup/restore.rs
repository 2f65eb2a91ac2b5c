//! Making a home of a backup.

use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use fs_err as fs;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use object_store::ObjectStoreExt as _;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use tokio::io::AsyncWriteExt as _;

use crate::backup::manifest::{self, BackupHead, Entry, Lost, Manifest};
use crate::backup::place::Place;
use crate::backup::{CopyEvent, MARK, SIDE_BY_SIDE, Show, half_restored, pool};
use crate::disk::{self, Disk as _, LocalDisk};
use crate::{FsckOptions, FsckReport, Home, ObjectId, StoreError};

/// What became of a restore.
#[derive(Clone, Debug, Serialize)]
pub struct RestoreReport {
    /// The backup.
    pub manifest: String,
    /// When it was made.
    pub made: Timestamp,
    /// Files that were restored.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// What the backup does not hold as its manifest says.
    pub bad: Vec<Lost>,
    /// What the home had lost already when the backup was made.
    pub lost: Vec<Lost>,
    /// What fsck says of the restored home.
    pub fsck: FsckReport,
}

impl RestoreReport {
    /// True when nothing at all is missing.
    pub fn is_whole(&self) -> bool {
        self.bad.is_empty() && self.lost.is_empty() && self.fsck.is_sound()
    }
}

impl Place {
    /// The backups here by name, oldest first; what cannot be read comes with its reason.
    pub async fn backups(&self) -> Result<Vec<(String, Result<BackupHead, StoreError>)>, StoreError> {
        let mut all = Vec::new();
        for name in manifest::names(self).await? {
            let head = Manifest::read(self, &name).await.map(|manifest| manifest.head);
            all.push((name, head));
        }
        Ok(all)
    }
}

/// Makes the empty or absent folder `home` a home again, of the newest backup or the one named `at`. Every file is checked
/// against its SHA-256, then fsck runs; the folder is no home before that. Damaged and missing files are named in the
/// report and left out, but without the ledger there is no home.
pub async fn restore(
    place: &Place,
    home: &Path,
    at: Option<&str>,
    show: Show<'_>,
) -> Result<RestoreReport, StoreError> {
    let names = manifest::names(place).await?;
    let found = at.map_or_else(|| names.last(), |at| names.iter().find(|name| *name == at));
    let none = at.map_or_else(|| "there is none".to_owned(), |at| format!("there is no {at}"));
    let name = found.ok_or_else(|| StoreError::BadBackup { backup: format!("at {place}"), reason: none })?;
    let Manifest { head, mut entries } = Manifest::read(place, name).await?;
    let bad_backup = |reason: String| StoreError::BadBackup { backup: format!("{place} {name}"), reason };
    let ledger = entries.iter().position(|entry| entry.path == "ledger.db").map(|at| entries.remove(at));
    let ledger = ledger.ok_or_else(|| bad_backup("it has no ledger".to_owned()))?;

    prepare(home, name, head.bytes)?;
    show(CopyEvent::Planned { files: head.files, bytes: head.bytes, there: 0 });
    let mut bad = Vec::new();
    let copies = stream::iter(&entries).map(async |entry| bring(place, home, entry).await.map(|wrong| (entry, wrong)));
    let mut copies = copies.buffer_unordered(SIDE_BY_SIDE);
    while let Some((entry, wrong)) = copies.try_next().await? {
        show(CopyEvent::Bytes(entry.bytes));
        bad.extend(wrong.map(|why| Lost { path: entry.path.clone(), why: why.to_owned() }));
    }
    bad.sort_by(|a: &Lost, b| a.path.cmp(&b.path));
    // The ledger last: without it the folder is no home.
    if let Some(why) = bring(place, home, &ledger).await? {
        return Err(bad_backup(format!("its ledger is {why}")));
    }
    show(CopyEvent::Bytes(ledger.bytes));
    disk::sync_file_system(home)?;

    let opened = Home::open_restored(home)?;
    let ledger = opened.ledger().await?;
    let fsck = opened.fsck(&ledger, FsckOptions { hashes: true, remove_orphans: false }).await?;
    ledger.close().await;
    fs::remove_file(home.join(MARK))?;
    disk::sync_folder(home)?;
    let files = head.files - bad.len() as u64;
    let gone = |entry: &&Entry| bad.iter().any(|b| b.path == entry.path);
    let bytes = head.bytes - entries.iter().filter(gone).map(|entry| entry.bytes).sum::<u64>();
    Ok(RestoreReport { manifest: name.clone(), made: head.made, files, bytes, bad, lost: head.lost, fsck })
}

/// Takes the folder for this restore: an empty one, or one where the same restore was cut off.
fn prepare(home: &Path, name: &str, bytes: u64) -> Result<(), StoreError> {
    disk::create_private_folder(home)?;
    if let Some(kind) = disk::network_file_system(home)? {
        return Err(StoreError::NetworkFileSystem { path: home.to_owned(), kind });
    }
    match half_restored(home)? {
        Some(half) if half == name => return Ok(()),
        Some(backup) => return Err(StoreError::HalfRestored { path: home.to_owned(), backup }),
        None => {}
    }
    for entry in fs::read_dir(home)? {
        let stranger = entry?.file_name().to_string_lossy().into_owned();
        if stranger != "lost+found" {
            return Err(StoreError::NotEmpty { path: home.to_owned(), stranger });
        }
    }
    let free = LocalDisk.free_bytes(home)?;
    if free < bytes {
        return Err(StoreError::NoRoom { path: home.to_owned(), need: bytes, free });
    }
    Ok(disk::replace_file(&home.join(MARK), name.as_bytes())?)
}

/// Brings one file into the home, or says what is wrong with it.
async fn bring(place: &Place, home: &Path, entry: &Entry) -> Result<Option<&'static str>, StoreError> {
    let target = home.join(&entry.path);
    if matches(&target, entry).await? {
        return Ok(None);
    }
    let folder = target.parent().expect("a file of the home has a folder: this is a bug");
    fs::create_dir_all(folder)?;
    let content = match place.store().get(&pool::key(entry.sha256)).await {
        Ok(content) => content,
        Err(object_store::Error::NotFound { .. }) => return Ok(Some("missing")),
        Err(error) => return Err(place.error(error)),
    };
    remove(&target)?;
    let mut file = tokio::fs::File::create(&target).await?;
    let mut hasher = Sha256::new();
    let (mut stream, mut bytes) = (content.into_stream(), 0);
    while let Some(part) = stream.try_next().await.map_err(|e| place.error(e))? {
        hasher.update(&part);
        bytes += part.len() as u64;
        file.write_all(&part).await?;
    }
    file.flush().await?;
    if (ObjectId(hasher.finalize().into()), bytes) != (entry.sha256, entry.bytes) {
        remove(&target)?;
        return Ok(Some("damaged"));
    }
    // As they were: nobody writes to pictures and releases.
    let lasting = entry.path.starts_with("objects/") || entry.path.starts_with("releases/");
    let mode = if lasting && entry.path != "releases/current" { 0o444 } else { 0o600 };
    fs::set_permissions(&target, std::fs::Permissions::from_mode(mode))?;
    Ok(None)
}

/// True when an earlier try brought this file.
async fn matches(target: &Path, entry: &Entry) -> Result<bool, StoreError> {
    let (target, bytes, sha256) = (target.to_owned(), entry.bytes, entry.sha256);
    let look = tokio::task::spawn_blocking(move || {
        match fs::metadata(&target) {
            Ok(metadata) if metadata.len() == bytes => {}
            Ok(_) => return Ok(false),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        }
        let mut hasher = Sha256::new();
        io::copy(&mut fs::File::open(&target)?, &mut hasher)?;
        Ok(hasher.finalize()[..] == sha256.0)
    });
    Ok(look.await.expect("reading does not panic: this is a bug")?)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
