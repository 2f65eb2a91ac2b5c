//! One state of the ledger in a file of its own, made while others write.

use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;
use futures_util::TryStreamExt as _;
use jiff::Timestamp;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};

use crate::ledger::columns::RowExt as _;
use crate::{Md5, ObjectId, StoreError};

/// A picture that the ledger's copy says is there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named {
    pub(crate) id: ObjectId,
    pub(crate) md5: Md5,
    pub(crate) bytes: u64,
}

/// The copy; its file goes with the value.
pub(crate) struct Snapshot {
    path: PathBuf,
    connection: Option<SqliteConnection>,
}

impl Snapshot {
    /// Copies the ledger at `ledger` to `path`; what an earlier process left there is replaced.
    pub(crate) async fn take(ledger: &Path, path: PathBuf) -> Result<Self, StoreError> {
        remove(&path)?;
        let mut snapshot = Self { path, connection: None };
        let copy = async {
            // A connection of its own: the copy may take minutes, which no other reader should wait.
            let options = SqliteConnectOptions::new().filename(ledger).disable_statement_logging();
            let mut connection = options.connect().await?;
            let to = snapshot.path.to_string_lossy().into_owned();
            sqlx::query("VACUUM INTO ?").bind(to).execute(&mut connection).await?;
            connection.close().await?;
            SqliteConnectOptions::new().filename(&snapshot.path).disable_statement_logging().connect().await
        };
        let connection = copy.await.map_err(|source| StoreError::Ledger { path: ledger.to_owned(), source })?;
        snapshot.connection = Some(connection);
        Ok(snapshot)
    }

    /// The pictures that are there, in the order of their addresses.
    pub(crate) async fn pictures(&mut self) -> Result<Vec<Named>, StoreError> {
        let path = self.path.clone();
        let sql = "SELECT sha256, md5, bytes FROM objects WHERE removed_us IS NULL ORDER BY md5";
        let read = async {
            let mut rows = sqlx::query(sql).fetch(self.connection());
            let mut all = Vec::new();
            while let Some(row) = rows.try_next().await? {
                all.push(Named { id: row.object("sha256")?, md5: row.md5("md5")?, bytes: row.unsigned("bytes")? });
            }
            Ok(all)
        };
        read.await.map_err(|source| StoreError::Ledger { path, source })
    }

    /// Marks a picture as retention does that took it in the meantime.
    pub(crate) async fn mark_removed(&mut self, id: ObjectId, at: Timestamp) -> Result<(), StoreError> {
        let path = self.path.clone();
        let sql = "UPDATE objects SET removed_us = ? WHERE sha256 = ?";
        let query = sqlx::query(sql).bind(at.as_microsecond()).bind(id.0.to_vec());
        query.execute(self.connection()).await.map(|_| ()).map_err(|source| StoreError::Ledger { path, source })
    }

    /// Closes the copy, so that its file is complete. The file stays until the value goes.
    pub(crate) async fn close(&mut self) -> Result<&Path, StoreError> {
        if let Some(connection) = self.connection.take() {
            let closed = connection.close().await;
            closed.map_err(|source| StoreError::Ledger { path: self.path.clone(), source })?;
        }
        Ok(&self.path)
    }

    fn connection(&mut self) -> &mut SqliteConnection {
        self.connection.as_mut().expect("the copy is open until it is closed: this is a bug")
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        // Nobody needs it; what cannot be removed is replaced by the next backup.
        let _ = remove(&self.path);
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
