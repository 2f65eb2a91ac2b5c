//! Backups of a home, to a folder or to S3, taken while a server runs; and homes made of them.
//!
//! A place holds `pool/ab/<SHA-256>`, each content once, and `manifests/<time>-<its own SHA-256>.jsonl`, which say where in
//! a home each content lies. What the pool has is not copied again. A manifest is written last, so a backup that was cut
//! off is none, and no backup ever touches what an older one needs.
//!
//! The ledger's copy is made by SQLite (`VACUUM INTO`: one state of it, while others write). Retention may take pictures
//! during a backup: those are marked as removed in the copy too, so what is restored always fits together.
//!
//! What is in a backup: the ledger, pictures, releases and their pointer, configuration, permits and accounts (hashes of
//! passwords and tokens), splits, runs, exams and reports. What never is: wallets, the folders `cache` and `hub` (made or
//! pulled again), logs and locks.

pub(crate) mod manifest;
pub(crate) mod place;
pub(crate) mod pool;
pub(crate) mod restore;
pub(crate) mod snapshot;
pub(crate) mod take;

use std::io;
use std::path::Path;

use fs_err as fs;

/// Files that are copied side by side.
const SIDE_BY_SIDE: usize = 8;

/// Stands in a home while it is being restored, and names the manifest.
const MARK: &str = "restore.unfinished";

/// How far a backup or a restore is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyEvent {
    /// What is to be done, told once.
    Planned {
        /// Files of the backup, pictures among them.
        files: u64,
        /// Bytes that are to be read or written.
        bytes: u64,
        /// Bytes that lie at the target already.
        there: u64,
    },
    /// So many bytes more are done.
    Bytes(u64),
}

/// Is told how far it is.
pub type Show<'a> = &'a (dyn Fn(CopyEvent) + Sync);

/// The manifest of a restore that was cut off in this folder.
pub(crate) fn half_restored(home: &Path) -> io::Result<Option<String>> {
    match fs::read_to_string(home.join(MARK)) {
        Ok(text) => Ok(Some(text.trim().to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
