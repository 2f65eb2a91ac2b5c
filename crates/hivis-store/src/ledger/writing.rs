//! One short writing transaction.
//!
//! sqlx counts transactions, but SQLite ends one by itself when the disk is full or fails, and then the count is wrong
//! for good. So we begin and commit by hand, and a connection that did not get as far as its commit is closed: SQLite
//! undoes what is open on it, and the pool makes another one.

use std::ops::{Deref, DerefMut};

use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteConnection, SqlitePool};
use sqlx::{Error, Sqlite};

/// An open transaction; dropped without [`Writing::commit`] it never happened.
pub(crate) struct Writing {
    connection: PoolConnection<Sqlite>,
    committed: bool,
}

impl Writing {
    /// Takes the write lock at once, so that the transaction cannot fail half way for want of it.
    pub(crate) async fn begin(pool: &SqlitePool) -> Result<Self, Error> {
        let mut writing = Self { connection: pool.acquire().await?, committed: false };
        sqlx::query("BEGIN IMMEDIATE").execute(&mut *writing).await?;
        Ok(writing)
    }

    pub(crate) async fn commit(mut self) -> Result<(), Error> {
        sqlx::query("COMMIT").execute(&mut *self).await?;
        self.committed = true;
        Ok(())
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        if !self.committed {
            self.connection.close_on_drop();
        }
    }
}

impl Deref for Writing {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.connection
    }
}

impl DerefMut for Writing {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }
}
