//! The two checksums of the Hub: SHA-256 of a large file, git's blob id of a small one.

use std::io::Read as _;
use std::path::Path;

use fs_err as fs;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

/// What a file must come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checksum {
    /// Of the bytes; for files that lie in the Hub's large-file storage.
    Sha256([u8; 32]),
    /// SHA-1 of `blob <size>\0` and the bytes; for all others.
    GitBlob([u8; 20]),
}

impl Checksum {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Sha256(_) => "SHA-256",
            Self::GitBlob(_) => "git blob id",
        }
    }

    pub(crate) fn hex(&self) -> String {
        match self {
            Self::Sha256(hash) => hex::encode(hash),
            Self::GitBlob(hash) => hex::encode(hash),
        }
    }
}

/// A checksum being made.
pub(crate) enum Hasher {
    Sha256(Sha256),
    GitBlob(Sha1),
}

impl Hasher {
    /// For a file of `size` bytes that must come to `expected`.
    pub(crate) fn new(expected: &Checksum, size: u64) -> Self {
        match expected {
            Checksum::Sha256(_) => Self::Sha256(Sha256::new()),
            Checksum::GitBlob(_) => Self::GitBlob(Sha1::new_with_prefix(format!("blob {size}\0"))),
        }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hasher) => hasher.update(bytes),
            Self::GitBlob(hasher) => hasher.update(bytes),
        }
    }

    /// Takes in what is in a file already; gives its length.
    pub(crate) fn update_from(&mut self, path: &Path) -> std::io::Result<u64> {
        let mut file = fs::File::open(path)?;
        let mut buffer = vec![0; 1 << 20];
        let mut length = 0;
        loop {
            let n = file.read(&mut buffer)?;
            if n == 0 {
                return Ok(length);
            }
            self.update(&buffer[..n]);
            length += n as u64;
        }
    }

    pub(crate) fn finish(self) -> Checksum {
        match self {
            Self::Sha256(hasher) => Checksum::Sha256(hasher.finalize().into()),
            Self::GitBlob(hasher) => Checksum::GitBlob(hasher.finalize().into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Checksum, Hasher};

    #[test]
    fn the_blob_id_is_gits() {
        // `printf hello | git hash-object --stdin`
        let wanted = "b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0";
        let mut hasher = Hasher::new(&Checksum::GitBlob([0; 20]), 5);
        hasher.update(b"he");
        hasher.update(b"llo");
        assert_eq!(hasher.finish().hex(), wanted);
    }
}
