//! Wallet files on disk: for their owner only, whole or not at all, never overwritten.

use std::io::Write as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use fs_err as fs;
use fs_err::os::unix::fs::OpenOptionsExt as _;
use zeroize::Zeroizing;

use crate::WalletError;

/// Longer than any wallet file; what is longer is something else.
const LONGEST: u64 = 1 << 20;

pub(super) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, WalletError> {
    let length = fs::metadata(path).map_err(WalletError::File)?.len();
    if length > LONGEST {
        return Err(WalletError::Damaged { path: path.to_owned(), what: "it is far too long for a wallet file" });
    }
    Ok(Zeroizing::new(fs::read(path).map_err(WalletError::File)?))
}

/// Writes a file (mode 0600) under folders (mode 0700) that are made where they are missing. It is on disk when this
/// returns, and a file that was there is left alone.
pub(super) fn write_new(path: &Path, content: &[u8]) -> Result<(), WalletError> {
    absent(path)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    make_folder(folder).map_err(WalletError::File)?;
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".partial");
    let beside = folder.join(name);
    // Left by a writing that was cut off.
    if beside.exists() {
        fs::remove_file(&beside).map_err(WalletError::File)?;
    }
    let written = write_beside(&beside, content).and_then(|()| {
        // A link takes a name only where there is none, which a renaming does not promise.
        fs::hard_link(&beside, path)
    });
    let removed = if beside.exists() { fs::remove_file(&beside) } else { Ok(()) };
    match written {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists && path.exists() => absent(path)?,
        written => written.and(removed).map_err(WalletError::File)?,
    }
    fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(WalletError::File)
}

fn make_folder(folder: &Path) -> std::io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| {
        std::io::Error::new(error.kind(), format!("the folder {} cannot be made: {error}", folder.display()))
    })
}

fn write_beside(beside: &Path, content: &[u8]) -> std::io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(beside)?;
    file.write_all(content)?;
    file.sync_all()
}

/// Fails when there is anything at `path`, a dangling link too.
pub(super) fn absent(path: &Path) -> Result<(), WalletError> {
    if path.symlink_metadata().is_ok() {
        return Err(WalletError::Exists { path: path.to_owned() });
    }
    Ok(())
}
