//! `serve.lock`: at most one server a home.

use std::fs::{File, TryLockError};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::time::Duration;

use crate::StoreError;

/// Held by the one server of a home; the lock goes with the value, or with the process however it ends.
#[derive(Debug)]
pub struct ServeLock {
    _file: File,
}

/// Someone who only looks ([`server_pid`]) holds the lock for an instant: try again that often, that long apart.
const TRIES: u32 = 5;
const BETWEEN: Duration = Duration::from_millis(20);

/// Takes the lock of the home at `home`, or says which process has it.
pub(crate) fn take(home: &Path) -> Result<ServeLock, StoreError> {
    let mut file = open(home)?;
    for attempt in 0..TRIES {
        match file.try_lock() {
            Ok(()) => {
                file.set_len(0)?;
                file.seek(SeekFrom::Start(0))?;
                writeln!(file, "{}", std::process::id())?;
                file.sync_all()?;
                return Ok(ServeLock { _file: file });
            }
            Err(TryLockError::WouldBlock) if attempt + 1 < TRIES => std::thread::sleep(BETWEEN),
            Err(TryLockError::WouldBlock) => break,
            Err(TryLockError::Error(source)) => return Err(source.into()),
        }
    }
    Err(StoreError::ServerRunning { path: home.to_owned(), pid: read_pid(&mut file) })
}

/// The process that serves this home now: `Some(None)` when one does but its id could not be read.
#[expect(clippy::option_option, reason = "nobody serves; somebody does, with or without a readable id")]
pub(crate) fn server_pid(home: &Path) -> Result<Option<Option<u32>>, StoreError> {
    if !home.join("serve.lock").exists() {
        return Ok(None);
    }
    let mut file = open(home)?;
    match file.try_lock_shared() {
        Ok(()) => Ok(None),
        Err(TryLockError::WouldBlock) => Ok(Some(read_pid(&mut file))),
        Err(TryLockError::Error(source)) => Err(source.into()),
    }
}

fn open(home: &Path) -> Result<File, StoreError> {
    let path = home.join("serve.lock");
    Ok(fs_err::OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?.into_file())
}

fn read_pid(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.seek(SeekFrom::Start(0)).ok()?;
    file.read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
