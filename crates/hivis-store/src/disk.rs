//! What the home asks of a disk: its kind, its free bytes, and writes that survive a power cut.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use fs_err as fs;

/// What the record writer asks of a disk. [`LocalDisk`] is the real one; tests give one that is full.
pub trait Disk: Send + Sync + 'static {
    /// Bytes that this user may still write on the file system of `path`.
    fn free_bytes(&self, path: &Path) -> io::Result<u64>;

    /// Writes all of `bytes` into a new file; it is not synced yet.
    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<()>;
}

/// The disk as the operating system gives it.
#[derive(Clone, Copy, Debug, Default)]
pub struct LocalDisk;

impl Disk for LocalDisk {
    fn free_bytes(&self, path: &Path) -> io::Result<u64> {
        let stat = rustix::fs::statvfs(path)?;
        Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
    }

    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        file.write_all(bytes)
    }
}

/// Magic numbers of file systems whose locks span machines, or are not kept at all (`statfs(2)` and Linux'
/// `include/uapi/linux/magic.h`).
const NETWORK: [(u64, &str); 12] = [
    (0x6969, "NFS"),
    (0xFF53_4D42, "CIFS"),
    (0xFE53_4D42, "SMB2"),
    (0x517B, "SMB"),
    (0x564C, "NCP"),
    (0x7375_7245, "Coda"),
    (0x5346_414F, "AFS"),
    (0x6B41_4653, "kAFS"),
    (0x00C3_6400, "Ceph"),
    (0x0BD0_0BD0, "Lustre"),
    (0x4750_4653, "GPFS"),
    (0x0102_1997, "9p"),
];

/// FUSE carries local (ntfs-3g) and remote (sshfs, s3fs) file systems alike; only the mount table tells them apart.
const FUSE: u64 = 0x6573_5546;

/// The name of the network file system that `path` lies on, if it does.
pub(crate) fn network_file_system(path: &Path) -> io::Result<Option<&'static str>> {
    let magic = magic(path)?;
    if magic == FUSE {
        let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        let path = path.canonicalize()?;
        return Ok(mount_type(&mounts, &path).and_then(|kind| remote_fuse(&kind)));
    }
    Ok(named_magic(magic))
}

/// The name of a network file system by its magic number.
pub(crate) fn named_magic(magic: u64) -> Option<&'static str> {
    NETWORK.iter().find(|(known, _)| *known == magic).map(|(_, name)| *name)
}

/// The file system type of the longest mount point that `path` lies under, from the text of `mountinfo`.
pub(crate) fn mount_type(mountinfo: &str, path: &Path) -> Option<String> {
    mountinfo
        .lines()
        .filter_map(|line| {
            let (left, right) = line.split_once(" - ")?;
            let point = left.split(' ').nth(4)?.replace("\\040", " ");
            path.starts_with(&point).then(|| (point.len(), right.split(' ').next().unwrap_or("").to_owned()))
        })
        .max_by_key(|(length, _)| *length)
        .map(|(_, kind)| kind)
}

/// FUSE file systems that are known to be remote.
pub(crate) fn remote_fuse(kind: &str) -> Option<&'static str> {
    const REMOTE: [&str; 8] = ["sshfs", "s3fs", "rclone", "gcsfuse", "glusterfs", "goofys", "davfs", "mountpoint-s3"];
    let sub = kind.strip_prefix("fuse.").unwrap_or(kind);
    REMOTE.into_iter().find(|remote| *remote == sub)
}

#[cfg(target_os = "linux")]
fn magic(path: &Path) -> io::Result<u64> {
    // 32-bit magic numbers come sign-extended on some machines.
    Ok(rustix::fs::statfs(path)?.f_type as u64 & 0xFFFF_FFFF)
}

#[cfg(not(target_os = "linux"))]
fn magic(_path: &Path) -> io::Result<u64> {
    Ok(0)
}

/// Makes what was renamed or created in `folder` survive a power cut.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

/// Makes everything that was written to the file system of `folder` survive a power cut.
#[cfg(target_os = "linux")]
pub(crate) fn sync_file_system(folder: &Path) -> io::Result<()> {
    Ok(rustix::fs::syncfs(fs::File::open(folder)?)?)
}

/// No other system can: what is stored together there is synced one by one.
#[cfg(not(target_os = "linux"))]
pub(crate) fn sync_file_system(_folder: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Replaces `path` by a file with `bytes`: readers see the old one or the new one, never half of either.
pub(crate) fn replace_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().expect("a file of the home has a folder: this is a bug");
    let name = path.file_name().expect("a file of the home has a name: this is a bug").to_string_lossy();
    let new = folder.join(format!(".{name}.{}", std::process::id()));
    let mut file = fs::File::create(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    sync_folder(folder)
}

/// Creates a folder that only its owner may enter, with its parents; leaves one that exists as it is.
pub(crate) fn create_private_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(path)?;
    fs::set_permissions(path, std::fs::Permissions::from_mode(0o700))
}

/// True for the errors that say "there is no room": a full disk, a full quota, a file at its size limit.
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three lines of a real `/proc/self/mountinfo`, with the paths that a test wants.
    const MOUNTS: &str = "\
        22 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n\
        40 22 0:35 / /mnt/ssh rw,nosuid shared:5 - fuse.sshfs me@there: rw\n\
        41 22 0:36 / /mnt/my\\040disk rw shared:6 - fuseblk /dev/sdb1 rw\n";

    #[test]
    fn network_file_systems_are_told_by_magic_and_by_mount() {
        assert_eq!(named_magic(0x6969), Some("NFS"));
        assert_eq!(named_magic(0xFF53_4D42), Some("CIFS"));
        assert_eq!(named_magic(0xEF53), None, "ext4");
        assert_eq!(named_magic(0x0102_1994), None, "tmpfs");
        let remote = |path: &str| mount_type(MOUNTS, Path::new(path)).and_then(|kind| remote_fuse(&kind));
        assert_eq!(remote("/mnt/ssh/home"), Some("sshfs"));
        assert_eq!(remote("/mnt/my disk/home"), None, "ntfs-3g is local");
        assert_eq!(remote("/mnt/sshx"), None, "only whole names count");
        assert_eq!(network_file_system(Path::new("/")).expect("the root can be asked"), None);
    }

    #[test]
    fn a_replaced_file_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("pointer");
        for text in ["one", "two"] {
            replace_file(&path, text.as_bytes()).expect("it can be written");
            assert_eq!(fs::read_to_string(&path).expect("it can be read"), text);
        }
        assert_eq!(fs::read_dir(folder.path()).expect("the folder is there").count(), 1);
    }
}
