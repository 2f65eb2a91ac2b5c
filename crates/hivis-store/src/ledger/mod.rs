//! The ledger: SQLite in WAL mode, one connection that writes and a few that read. One module a table group.

pub(crate) mod alerts;
pub(crate) mod audit;
pub(crate) mod batches;
pub(crate) mod bridges;
pub(crate) mod bulk;
pub(crate) mod columns;
pub(crate) mod datasets;
pub(crate) mod drift;
pub(crate) mod earnings;
pub(crate) mod features;
pub(crate) mod filter;
pub(crate) mod gate;
pub(crate) mod generated;
pub(crate) mod insert;
pub(crate) mod jobs;
pub(crate) mod labels;
pub(crate) mod log;
pub(crate) mod looking;
pub(crate) mod migrate;
pub(crate) mod mining;
pub(crate) mod minutes;
pub(crate) mod morning;
pub(crate) mod objects;
pub(crate) mod picture_names;
pub(crate) mod pictures;
pub(crate) mod promotions;
pub(crate) mod publications;
pub(crate) mod rank;
pub(crate) mod read;
pub(crate) mod recent;
pub(crate) mod reviews;
pub(crate) mod rows;
pub(crate) mod samples;
pub(crate) mod shown;
pub(crate) mod spend;
pub(crate) mod stations;
pub(crate) mod summary;
pub(crate) mod tail;
pub(crate) mod test_looks;
pub(crate) mod trace;
pub(crate) mod versions;
mod writing;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::ConnectOptions as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};

use crate::ledger::writing::Writing;
use crate::{Objects, StoreError};

/// How long a statement waits for another process's transaction.
const BUSY: Duration = Duration::from_secs(5);
/// How long a caller waits for a connection; longer than a transaction that itself waits.
const ACQUIRE: Duration = Duration::from_secs(30);
/// Connections that read.
const READERS: u32 = 4;

/// The ledger of one home. Clones share the connections.
#[derive(Clone, Debug)]
pub struct Ledger {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    objects: Objects,
    version: i64,
    readers: SqlitePool,
    /// `None` when a newer hivis wrote the ledger.
    writer: Option<SqlitePool>,
}

impl Ledger {
    pub(crate) async fn open(path: &Path, objects: &Objects) -> Result<Self, StoreError> {
        let plain = SqliteConnectOptions::new().filename(path).busy_timeout(BUSY).disable_statement_logging();
        let writing = plain
            .clone()
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .pragma("journal_size_limit", "67108864");
        let version = migrate::bring_up(path, &writing).await?;
        // Connections live as long as the ledger: no timers, so that it may be used from any runtime.
        let pool = SqlitePoolOptions::new().idle_timeout(None).max_lifetime(None).acquire_timeout(ACQUIRE);
        let pool = pool.test_before_acquire(false);
        let readers = pool.clone().max_connections(READERS).connect_lazy_with(plain.pragma("query_only", "1"));
        let writer = (version <= migrate::KNOWN).then(|| pool.max_connections(1).connect_lazy_with(writing));
        let inner = Inner { path: path.to_owned(), objects: objects.clone(), version, readers, writer };
        let ledger = Self { inner: Arc::new(inner) };
        if let Err(error) = ledger.writable() {
            tracing::warn!(hint = error.hint(), "{error}");
        }
        Ok(ledger)
    }

    /// Fails with the hint when the ledger is of a newer hivis, so open for reading only: a server must not start.
    pub fn writable(&self) -> Result<(), StoreError> {
        self.writer().map(|_| ())
    }

    /// The database file.
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// The version of its tables.
    pub fn version(&self) -> i64 {
        self.inner.version
    }

    /// Closes all connections, after the work that runs.
    pub async fn close(&self) {
        if let Some(writer) = &self.inner.writer {
            writer.close().await;
        }
        self.inner.readers.close().await;
    }

    /// Lets the ledger grow to so many pages of 4 KiB only, until a transaction fails for it: tests make SQLite say that
    /// the disk is full with it.
    #[doc(hidden)]
    pub async fn limit_pages(&self, pages: u32) -> Result<(), StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("PRAGMA max_page_count = {pages}"));
        sqlx::query(sql).execute(self.writer()?).await.map_err(|e| self.error(e))?;
        Ok(())
    }

    pub(crate) fn readers(&self) -> &SqlitePool {
        &self.inner.readers
    }

    pub(crate) fn objects(&self) -> &Objects {
        &self.inner.objects
    }

    fn writer(&self) -> Result<&SqlitePool, StoreError> {
        self.inner.writer.as_ref().ok_or_else(|| StoreError::NewerLedger {
            path: self.inner.path.clone(),
            found: self.inner.version,
            known: migrate::KNOWN,
        })
    }

    /// Begins a short writing transaction.
    pub(crate) async fn begin(&self) -> Result<Writing, StoreError> {
        Writing::begin(self.writer()?).await.map_err(|e| self.error(e))
    }

    /// Names the ledger beside what SQLite said.
    pub(crate) fn error(&self, source: sqlx::Error) -> StoreError {
        StoreError::Ledger { path: self.inner.path.clone(), source }
    }
}
