//! The accounts as a running server sees them: read again whenever the file is another.

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::accounts::{Accounts, DoorError, FILE};

/// What tells one file from the next: it is always replaced, so its inode changes too.
type Stamp = Option<(u64, u64, i64, i64)>;

/// `users.toml`, and what it said when it was last whole.
pub(crate) struct Book {
    home: PathBuf,
    /// One small lock for a look at a file's stamp; nothing waits inside.
    seen: Mutex<(Stamp, Arc<Accounts>)>,
}

impl Book {
    /// An error where there is a file that is no list of accounts.
    pub(crate) fn open(home: &Path) -> Result<Self, DoorError> {
        let stamp = stamp(&home.join(FILE))?;
        let accounts = Arc::new(Accounts::read(home)?);
        Ok(Self { home: home.to_owned(), seen: Mutex::new((stamp, accounts)) })
    }

    /// What stands there now. A file that cannot be read changes nobody's rights: what it said before holds.
    pub(crate) fn now(&self) -> Arc<Accounts> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match stamp(&self.home.join(FILE)) {
            Ok(stamp) if stamp == seen.0 => {}
            Ok(stamp) => match Accounts::read(&self.home) {
                Ok(accounts) => *seen = (stamp, Arc::new(accounts)),
                Err(error) => {
                    // Told once a change: the stamp is kept, the accounts are the old ones.
                    seen.0 = stamp;
                    tracing::error!(%error, "the accounts could not be read; those from before hold");
                }
            },
            Err(error) => tracing::error!(%error, "the accounts could not be looked at; those from before hold"),
        }
        Arc::clone(&seen.1)
    }
}

fn stamp(path: &Path) -> io::Result<Stamp> {
    match fs_err::metadata(path) {
        Ok(found) => Ok(Some((found.ino(), found.len(), found.mtime(), found.mtime_nsec()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
