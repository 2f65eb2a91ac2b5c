//! The ledger: SQLite in WAL mode, one connection that writes and a few that read. One module a table group.

pub(crate) mod filter;
pub(crate) mod labels;
pub(crate) mod rows;
pub(crate) mod summary;
pub(crate) mod tail;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sqlx::sqlite::SqlitePool;

use crate::{Objects, StoreError};

/// The ledger of one home. Clones share the connections.
#[derive(Clone, Debug)]
pub struct Ledger {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    objects: Objects,
    readers: SqlitePool,
    /// `None` when a newer hivis wrote the ledger.
    writer: Option<SqlitePool>,
}

impl Ledger {
    pub(crate) async fn open(_path: &Path, _objects: &Objects) -> Result<Self, StoreError> {
        todo!()
    }

    /// Fails with the hint when the ledger is of a newer hivis, so open for reading only: a server must not start.
    pub fn writable(&self) -> Result<(), StoreError> {
        todo!()
    }

    /// Closes all connections, after the work that runs.
    pub async fn close(&self) {
        todo!()
    }
}
