//! A folder that is there whole or not at all: written as FOLDER.partial, put in place by one rename.

use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use fs_err as fs;

use crate::failure::Hinted;

/// Lies in a folder that is being written and goes when it is whole; locked by who writes.
const MARK: &str = ".hivis-partial";

/// A folder in the making; taken away when it is dropped before [`Staged::done`].
pub(super) struct Staged {
    partial: PathBuf,
    to: PathBuf,
    mark: Option<File>,
}

impl Staged {
    /// Begins a folder that is to be `to`, which must be free or empty. What a killed export left is taken away.
    pub(super) fn begin(to: &Path) -> Result<Self> {
        let to = std::path::absolute(to)?;
        let name = to.file_name().ok_or_else(|| {
            Hinted::new(format!("{} cannot be made anew", to.display()), "name a folder that is not there yet")
        })?;
        let busy = |what: &str| {
            Hinted::new(format!("{} {what}", to.display()), "name another folder; an export changes none that is there")
        };
        if to.symlink_metadata().is_ok_and(|found| !found.is_dir()) {
            return Err(busy("is no folder").into());
        }
        if to.is_dir() && fs::read_dir(&to)?.next().is_some() {
            return Err(busy("is not empty").into());
        }
        let mut partial = OsString::from(name);
        partial.push(".partial");
        let partial = to.with_file_name(partial);
        if partial.symlink_metadata().is_ok() {
            Self::clear(&partial)?;
        }
        fs::create_dir_all(&partial)?;
        let mark = File::create(partial.join(MARK)).context("the folder cannot be written to")?;
        mark.try_lock().map_err(|_| Self::running(&partial))?;
        Ok(Self { partial, to, mark: Some(mark) })
    }

    /// Takes away what an export left that nobody goes on with.
    fn clear(partial: &Path) -> Result<()> {
        let Ok(mark) = File::open(partial.join(MARK)) else {
            let hint = "move it away, or name another folder";
            return Err(Hinted::new(format!("{} is in the way and not ours", partial.display()), hint).into());
        };
        match mark.try_lock() {
            Ok(()) => Ok(fs::remove_dir_all(partial)?),
            Err(TryLockError::WouldBlock) => Err(Self::running(partial).into()),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }

    fn running(partial: &Path) -> Hinted {
        Hinted::new(format!("another export writes to {}", partial.display()), "wait for it, or name another folder")
    }

    /// Where to write meanwhile.
    pub(super) fn path(&self) -> &Path {
        &self.partial
    }

    /// Puts the folder in its place.
    pub(super) fn done(mut self) -> Result<()> {
        fs::remove_file(self.partial.join(MARK))?;
        if self.to.is_dir() {
            // An empty one; a rename over it is no rename on every file system.
            fs::remove_dir(&self.to)?;
        }
        fs::rename(&self.partial, &self.to)?;
        self.mark = None;
        Ok(())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if self.mark.is_some() {
            // Whatever stays is taken away by the next export to the same folder.
            let _ = fs::remove_dir_all(&self.partial);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_there_whole_or_not_at_all() {
        let root = tempfile::tempdir().expect("a folder");
        let to = root.path().join("out");
        let names = || fs::read_dir(root.path()).expect("a folder").count();

        let staged = Staged::begin(&to).expect("it begins");
        fs::write(staged.path().join("a"), "x").expect("a file");
        let second = Staged::begin(&to).err().expect("one at a time");
        assert!(second.to_string().contains("another export writes"), "{second}");
        drop(staged);
        assert_eq!(names(), 0, "given up, nothing stays");

        // As a killed one leaves it.
        fs::create_dir(root.path().join("out.partial")).expect("a folder");
        fs::write(root.path().join("out.partial").join(MARK), "").expect("a file");
        let staged = Staged::begin(&to).expect("it is taken away");
        fs::write(staged.path().join("a"), "x").expect("a file");
        staged.done().expect("it is put in place");
        assert_eq!((names(), fs::read_dir(&to).expect("a folder").count()), (1, 1));

        let full = Staged::begin(&to).err().expect("it is not empty");
        assert!(full.to_string().contains("is not empty"), "{full}");
        fs::create_dir(root.path().join("b.partial")).expect("a folder");
        let stranger = Staged::begin(&root.path().join("b")).err().expect("it is not ours");
        assert!(stranger.to_string().contains("not ours"), "{stranger}");
    }
}
