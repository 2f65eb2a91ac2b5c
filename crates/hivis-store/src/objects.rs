//! Pictures, each in one file named by its MD5 and known by its SHA-256.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::StoreError;
use crate::disk::Disk;

/// A picture's identity: the SHA-256 of its bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId(pub [u8; 32]);

/// A picture's address: the MD5 of its bytes, as DVC names files. Never its identity: strangers can make collisions.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Md5(pub [u8; 16]);

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

impl Objects {
    pub(crate) fn open(folder: &Path, disk: Arc<dyn Disk>) -> Result<Self, StoreError> {
        fs_err::create_dir_all(folder.join("files/md5"))?;
        Ok(Self { folder: folder.to_owned(), disk })
    }

    pub(crate) fn on_disk(&self, disk: Arc<dyn Disk>) -> Self {
        Self { folder: self.folder.clone(), disk }
    }

    pub(crate) fn free_bytes(&self) -> std::io::Result<u64> {
        self.disk.free_bytes(&self.folder)
    }

    /// Where the picture with this MD5 lies: `files/md5/ab/cdef...`.
    pub fn path(&self, _md5: Md5) -> PathBuf {
        todo!()
    }

    /// Stores a picture so that it survives a power cut. Bytes that are there already are not written again.
    pub fn put(&self, _bytes: &[u8]) -> Result<Put, StoreError> {
        todo!()
    }

    /// Reads a picture and checks its SHA-256.
    pub fn get(&self, _id: ObjectId, _md5: Md5) -> Result<Vec<u8>, StoreError> {
        todo!()
    }
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
