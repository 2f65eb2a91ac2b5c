//! Pictures, each in one file named by its MD5 and known by its SHA-256.
//!
//! A file is written beside and moved into place without ever replacing another one, and is on the disk before its row.
//! Whoever stores holds `objects/lock` shared until the row is committed; whoever removes holds it alone. So a removal
//! never takes a file that a row is about to name.

use std::collections::BTreeSet;
use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use fs_err as fs;
use md5::Md5 as Md5Hasher;
use rustix::fs::{CWD, RenameFlags};
use rustix::io::Errno;
use sha2::{Digest as _, Sha256};

use crate::StoreError;
use crate::disk::{self, Disk};

/// From so many pictures on, a group is settled by one sync of its whole file system instead of two syncs a picture
/// (the file, its folder). That one also waits for what others have written there, so the usual group of one or two does
/// without it.
const SYNC_TOGETHER: usize = if cfg!(target_os = "linux") { 4 } else { usize::MAX };

/// A picture's identity: the SHA-256 of its bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId(pub [u8; 32]);

impl ObjectId {
    /// The identity of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

/// A picture's address: the MD5 of its bytes, as DVC names files. Never its identity: strangers can make collisions.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Md5(pub [u8; 16]);

impl Md5 {
    /// The address of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Md5Hasher::digest(bytes).into())
    }
}

/// What became of a picture that was put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Put {
    /// Its identity.
    pub id: ObjectId,
    /// Its address.
    pub md5: Md5,
    /// False when the same bytes were there already.
    pub new: bool,
}

/// The folder of pictures.
#[derive(Clone)]
pub struct Objects {
    folder: PathBuf,
    disk: Arc<dyn Disk>,
}

/// Keeps removals (or, held alone, everyone) away from the objects; let go when dropped.
#[derive(Debug)]
pub(crate) struct ObjectsGuard {
    _file: File,
}

/// Numbers the temporary files of this process.
static NEXT: AtomicU64 = AtomicU64::new(0);

impl Objects {
    pub(crate) fn open(folder: &Path, disk: Arc<dyn Disk>) -> Result<Self, StoreError> {
        fs::create_dir_all(folder.join("files/md5"))?;
        fs::create_dir_all(folder.join("tmp"))?;
        Ok(Self { folder: folder.to_owned(), disk })
    }

    pub(crate) fn on_disk(&self, disk: Arc<dyn Disk>) -> Self {
        Self { folder: self.folder.clone(), disk }
    }

    pub(crate) fn free_bytes(&self) -> io::Result<u64> {
        self.disk.free_bytes(&self.folder)
    }

    /// Held while pictures are stored, until their rows are committed. Waits for a removal that runs.
    pub(crate) fn share(&self) -> io::Result<ObjectsGuard> {
        let file = self.lock_file()?;
        file.lock_shared()?;
        Ok(ObjectsGuard { _file: file })
    }

    /// Held while pictures are removed. Waits for the group that is being stored.
    pub(crate) async fn alone(&self) -> io::Result<ObjectsGuard> {
        let file = self.lock_file()?;
        tokio::task::spawn_blocking(move || file.lock().map(|()| ObjectsGuard { _file: file }))
            .await
            .expect("waiting for a lock does not panic: this is a bug")
    }

    fn lock_file(&self) -> io::Result<File> {
        let path = self.folder.join("lock");
        Ok(fs::OpenOptions::new().write(true).create(true).truncate(false).open(path)?.into_file())
    }

    /// The folder of the pictures whose MD5 begins with this byte.
    pub(crate) fn prefix_folder(&self, first: u8) -> PathBuf {
        self.folder.join(format!("files/md5/{first:02x}"))
    }

    /// The folder of files that are being written.
    pub(crate) fn temporary_folder(&self) -> PathBuf {
        self.folder.join("tmp")
    }

    /// Where the picture with this MD5 lies: `files/md5/ab/cdef...`.
    pub fn path(&self, md5: Md5) -> PathBuf {
        self.prefix_folder(md5.0[0]).join(hex::encode(&md5.0[1..]))
    }

    /// Stores a picture so that it survives a power cut. Bytes that are there already are not written again.
    pub fn put(&self, bytes: &[u8]) -> Result<Put, StoreError> {
        self.put_all(&[bytes]).pop().expect("one picture has one outcome: this is a bug")
    }

    /// Stores a group of pictures; the outcomes are in their order. When it returns, all that went well is on the disk.
    pub(crate) fn put_all(&self, pictures: &[&[u8]]) -> Vec<Result<Put, StoreError>> {
        let together = pictures.len() >= SYNC_TOGETHER;
        let mut outcomes: Vec<_> = pictures.iter().map(|bytes| self.write(bytes, together)).collect();
        if together {
            if let Err(error) = disk::sync_file_system(&self.folder) {
                outcomes.iter_mut().filter(|o| o.is_ok()).for_each(|o| *o = Err(again(&error).into()));
            }
            return outcomes;
        }
        let folders: BTreeSet<u8> = outcomes.iter().flatten().map(|put| put.md5.0[0]).collect();
        for first in folders {
            let Err(error) = disk::sync_folder(&self.prefix_folder(first)) else { continue };
            for outcome in outcomes.iter_mut().filter(|o| o.as_ref().is_ok_and(|put| put.md5.0[0] == first)) {
                *outcome = Err(again(&error).into());
            }
        }
        outcomes
    }

    /// Puts one file in its place; its folder is still to be synced, and the file too if the group is synced `together`.
    pub(crate) fn write(&self, bytes: &[u8], together: bool) -> Result<Put, StoreError> {
        let (id, md5) = (ObjectId::of(bytes), Md5::of(bytes));
        let path = self.path(md5);
        if is_there(&path, md5, bytes)? {
            if !together {
                // Whoever stored it may have failed to sync it.
                fs::File::open(&path)?.sync_all()?;
            }
            return Ok(Put { id, md5, new: false });
        }
        let temporary = self.write_temporary(bytes, together)?;
        let moved = move_into_place(&temporary, &path);
        if let Err(error) = moved {
            let _ = fs::remove_file(&temporary);
            // Somebody else stored the same MD5 in between.
            if error.kind() == io::ErrorKind::AlreadyExists && is_there(&path, md5, bytes)? {
                return Ok(Put { id, md5, new: false });
            }
            return Err(error.into());
        }
        Ok(Put { id, md5, new: true })
    }

    fn write_temporary(&self, bytes: &[u8], together: bool) -> Result<PathBuf, StoreError> {
        let (path, mut file) = loop {
            let name = format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
            let path = self.temporary_folder().join(name);
            let mut options = fs::OpenOptions::new();
            options.write(true).create_new(true);
            options.options_mut().mode(0o444);
            match options.open(&path) {
                Ok(file) => break (path, file.into_file()),
                // Left by a process that was killed and had our number.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error.into()),
            }
        };
        // The umask may have taken bits away.
        let written =
            file.set_permissions(Permissions::from_mode(0o444)).and_then(|()| self.disk.write(&mut file, bytes));
        let written = written.and_then(|()| if together { Ok(()) } else { file.sync_all() });
        if let Err(error) = written {
            let _ = fs::remove_file(&path);
            return Err(io::Error::new(error.kind(), format!("{}: {error}", path.display())).into());
        }
        Ok(path)
    }

    /// Reads a picture and checks its SHA-256.
    pub fn get(&self, id: ObjectId, md5: Md5) -> Result<Vec<u8>, StoreError> {
        let path = self.path(md5);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(StoreError::MissingObject { path }),
            Err(error) => return Err(error.into()),
        };
        let found = ObjectId::of(&bytes);
        if found != id {
            return Err(StoreError::DamagedObject { path, expected: id.to_string(), found: found.to_string() });
        }
        Ok(bytes)
    }

    /// Removes a picture's file; one that is gone already is no error.
    pub(crate) fn remove(&self, md5: Md5) -> io::Result<()> {
        match fs::remove_file(self.path(md5)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// True when `path` holds these bytes; refuses when it holds another picture of the same MD5. A file whose MD5 is
/// not its name is damaged: it is taken away, and the good bytes are stored in its place.
fn is_there(path: &Path, md5: Md5, bytes: &[u8]) -> Result<bool, StoreError> {
    let there = match fs::read(path) {
        Ok(there) => there,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error.into()),
    };
    if there == bytes {
        return Ok(true);
    }
    if Md5::of(&there) == md5 {
        return Err(StoreError::Md5Collision { md5: md5.to_string() });
    }
    tracing::warn!(path = %path.display(), "a damaged picture is replaced by good bytes that came again");
    fs::remove_file(path)?;
    Ok(false)
}

/// Moves a file to a name that must be free; makes the folder when it is the first of its prefix.
fn move_into_place(from: &Path, to: &Path) -> io::Result<()> {
    loop {
        let error = match rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
            Ok(()) => return Ok(()),
            Err(Errno::NOENT) => {
                let folder = to.parent().expect("an object has a folder: this is a bug");
                fs::create_dir_all(folder)?;
                disk::sync_folder(folder.parent().expect("a prefix lies in a folder: this is a bug"))?;
                continue;
            }
            // Not every file system knows this kind of rename; a hard link refuses a taken name too.
            Err(Errno::INVAL | Errno::NOSYS) => {
                fs::hard_link(from, to)?;
                return fs::remove_file(from);
            }
            Err(errno) => io::Error::from(errno),
        };
        return Err(io::Error::new(error.kind(), format!("{}: {error}", to.display())));
    }
}

/// The same error once more, for another picture of the group.
fn again(error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), error.to_string())
}

impl std::fmt::Debug for Objects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Objects({})", self.folder.display())
    }
}

macro_rules! hex_name {
    ($($name:ident),*) => {$(
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    )*};
}
hex_name!(ObjectId, Md5);
