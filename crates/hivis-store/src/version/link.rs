//! One file at two places: a hard link, a reflink, or a copy.

use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::str::FromStr;

use fs_err as fs;
use serde::Serialize;

use super::VersionError;

/// How a version's files come into a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LinkType {
    /// A second name of the same bytes: costs nothing, and whoever writes through it changes the recording.
    Hardlink,
    /// A copy that shares its blocks until one is written to (Btrfs, XFS).
    Reflink,
    /// Bytes of its own.
    Copy,
}

impl LinkType {
    /// Its name in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hardlink => "hardlink",
            Self::Reflink => "reflink",
            Self::Copy => "copy",
        }
    }
}

impl FromStr for LinkType {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = [Self::Hardlink, Self::Reflink, Self::Copy].into_iter().find(|link| link.as_str() == text);
        known.ok_or_else(|| format!("`{text}` is none of hardlink, reflink, copy"))
    }
}

/// Gives the file `from` the name `to` too, by the first way that works there: a hard link, a reflink, a copy. False
/// when there is a file already.
pub(crate) fn somehow(from: &Path, to: &Path) -> io::Result<bool> {
    match std::fs::hard_link(from, to) {
        Ok(()) => return Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
        // The prefix's folder, or the object itself.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // Whether the folder is there now says nothing: another thread may have made it since.
            if !from.exists() {
                return Err(io::Error::new(error.kind(), format!("{}: {error}", from.display())));
            }
            let folder = to.parent().expect("a file of the cache has a folder: this is a bug");
            fs::create_dir_all(folder)?;
            return somehow(from, to);
        }
        // Another disk, a file system without links, or more links than it takes.
        Err(_) => {}
    }
    let folder = to.parent().expect("a file of the cache has a folder: this is a bug");
    let name = to.file_name().expect("a file of the cache has a name: this is a bug").to_string_lossy();
    let beside = folder.join(format!(".{name}.{}", std::process::id()));
    if reflink(from, &beside).is_err() {
        let _ = std::fs::remove_file(&beside);
        fs::copy(from, &beside)?;
    }
    fs::set_permissions(&beside, Permissions::from_mode(0o444))?;
    fs::File::open(&beside)?.sync_all()?;
    fs::rename(&beside, to)?;
    Ok(true)
}

/// Makes `to` of `from`, whose bytes were just read and checked, by exactly this kind of link.
pub(crate) fn exactly(link: LinkType, from: &Path, to: &Path, bytes: &[u8]) -> Result<(), VersionError> {
    let made = match link {
        LinkType::Hardlink => std::fs::hard_link(from, to),
        LinkType::Reflink => reflink(from, to),
        LinkType::Copy => std::fs::write(to, bytes),
    };
    let made = match (made, link) {
        (Ok(()), LinkType::Hardlink) => Ok(()),
        (Ok(()), _) => std::fs::set_permissions(to, Permissions::from_mode(0o444)),
        (error, _) => error,
    };
    made.map_err(|error| VersionError::Link { path: to.to_owned(), link: link.as_str(), reason: error.to_string() })
}

#[cfg(target_os = "linux")]
fn reflink(from: &Path, to: &Path) -> io::Result<()> {
    let source = File::open(from)?;
    let target = File::create_new(to)?;
    rustix::fs::ioctl_ficlone(&target, &source).map_err(|errno| {
        // An empty file must not stay behind.
        let _ = std::fs::remove_file(to);
        io::Error::from(errno)
    })
}

#[cfg(not(target_os = "linux"))]
fn reflink(_from: &Path, _to: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// True when both names are one file.
pub(crate) fn same_file(one: &Path, other: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    let (one, other) = (fs::metadata(one)?, fs::metadata(other)?);
    Ok((one.dev(), one.ino()) == (other.dev(), other.ino()))
}

/// Bytes of a file; `None` when there is none.
pub(crate) fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Removes a file; one that is gone is no error.
pub(crate) fn remove(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_that_meet_in_a_new_folder_all_link() {
        let folder = tempfile::tempdir().expect("a folder");
        let from = folder.path().join("object");
        std::fs::write(&from, b"bytes").expect("an object");
        for round in 0..200 {
            // All of them find no folder; one makes it before the others look again.
            let start = std::sync::Barrier::new(8);
            let link = |name: usize| -> io::Result<bool> {
                let to = folder.path().join(format!("{round}/{name}"));
                start.wait();
                somehow(&from, &to)
            };
            std::thread::scope(|scope| {
                let threads: Vec<_> = (0..8)
                    .map(|name| {
                        scope.spawn({
                            let link = &link;
                            move || link(name)
                        })
                    })
                    .collect();
                for thread in threads {
                    assert!(thread.join().expect("no panic").expect("a link"), "round {round}");
                }
            });
        }
        let gone = folder.path().join("gone");
        let error = somehow(&gone, &folder.path().join("0/10")).expect_err("there is no such object");
        assert!(error.to_string().contains("gone"), "{error}");
    }
}
