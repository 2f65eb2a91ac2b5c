//! Do the pictures on the disk and the rows of the ledger agree?

use std::path::PathBuf;

use serde::Serialize;

use crate::{Home, Ledger, ObjectId, StoreError};

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
    /// Files that no row names.
    pub orphans: Vec<PathBuf>,
}

impl FsckReport {
    /// True when nothing is wrong; orphans waste room but harm nothing.
    pub fn is_sound(&self) -> bool {
        self.missing.is_empty() && self.damaged.is_empty()
    }
}

impl Home {
    /// Compares pictures and rows.
    pub async fn fsck(&self, _ledger: &Ledger, _options: FsckOptions) -> Result<FsckReport, StoreError> {
        todo!()
    }
}
