//! Do the pictures on the disk and the rows of the ledger agree?

use std::collections::HashSet;
use std::io;
use std::path::PathBuf;

use fs_err as fs;
use serde::Serialize;

use crate::ledger::objects::ObjectRow;
use crate::{Home, Ledger, ObjectId, Objects, StoreError};

/// What to look at, and whether to mend.
#[derive(Clone, Copy, Debug, Default)]
pub struct FsckOptions {
    /// Read every picture and check its SHA-256.
    pub hashes: bool,
    /// Remove files that no row names (left by a crash); nothing else is ever removed.
    pub remove_orphans: bool,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FsckReport {
    /// Pictures that the ledger says are there.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Pictures whose file is gone.
    pub missing: Vec<ObjectId>,
    /// Pictures whose file holds other bytes.
    pub damaged: Vec<ObjectId>,
    /// Files that no row names, unfinished ones among them; removed when that was asked for.
    pub orphans: Vec<PathBuf>,
}

impl FsckReport {
    /// True when nothing is wrong; orphans waste room but harm nothing.
    pub fn is_sound(&self) -> bool {
        self.missing.is_empty() && self.damaged.is_empty()
    }
}

impl Home {
    /// Compares pictures and rows, one 256th of them at a time; recording waits for the end of such a part.
    pub async fn fsck(&self, ledger: &Ledger, options: FsckOptions) -> Result<FsckReport, StoreError> {
        let mut report = FsckReport::default();
        for first in 0..=u8::MAX {
            // Alone: a picture whose row is about to be committed must not pass for an orphan.
            let alone = self.objects().alone().await?;
            let rows = ledger.objects_with_prefix(first).await?;
            let objects = self.objects().clone();
            let part = tokio::task::spawn_blocking(move || {
                let _alone = alone;
                check(&objects, first, rows, options)
            });
            report.add(part.await.expect("checking pictures does not panic: this is a bug")?);
        }
        let _alone = self.objects().alone().await?;
        report.add(check_unfinished(self.objects(), options)?);
        Ok(report)
    }
}

impl FsckReport {
    fn add(&mut self, part: Self) {
        self.objects += part.objects;
        self.bytes += part.bytes;
        self.missing.extend(part.missing);
        self.damaged.extend(part.damaged);
        self.orphans.extend(part.orphans);
    }

    fn orphan(&mut self, path: PathBuf, options: FsckOptions) -> io::Result<()> {
        if options.remove_orphans {
            fs::remove_file(&path)?;
        }
        self.orphans.push(path);
        Ok(())
    }
}

fn check(objects: &Objects, first: u8, rows: Vec<ObjectRow>, options: FsckOptions) -> Result<FsckReport, StoreError> {
    let mut report = FsckReport { objects: rows.len() as u64, ..FsckReport::default() };
    let mut named = HashSet::new();
    for row in rows {
        report.bytes += row.bytes;
        let path = objects.path(row.md5);
        match fs::metadata(&path) {
            Ok(metadata) if metadata.len() != row.bytes => report.damaged.push(row.id),
            Ok(_) if options.hashes => match objects.get(row.id, row.md5) {
                Ok(_) => {}
                Err(StoreError::DamagedObject { .. }) => report.damaged.push(row.id),
                Err(error) => return Err(error),
            },
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => report.missing.push(row.id),
            Err(error) => return Err(error.into()),
        }
        named.insert(path);
    }
    for path in files(&objects.prefix_folder(first))? {
        if !named.contains(&path) {
            report.orphan(path, options)?;
        }
    }
    Ok(report)
}

/// Files that were never moved into place: whoever wrote them was killed.
fn check_unfinished(objects: &Objects, options: FsckOptions) -> Result<FsckReport, StoreError> {
    let mut report = FsckReport::default();
    for path in files(&objects.temporary_folder())? {
        report.orphan(path, options)?;
    }
    Ok(report)
}

fn files(folder: &std::path::Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(folder) {
        Ok(entries) => {
            let mut paths = entries.map(|e| e.map(|e| e.path())).collect::<io::Result<Vec<_>>>()?;
            paths.sort();
            Ok(paths)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}
