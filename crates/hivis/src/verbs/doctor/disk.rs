//! The file system of the home. Network file systems were refused when the home was opened.

use super::machine::file_system;
use super::{Deployment, Finding};

pub(super) fn check(of: &Deployment<'_>) -> Finding {
    let what = "file system";
    let mounts = of.machine.read("/proc/self/mountinfo").unwrap_or_default();
    let path = of.home.path();
    match file_system(&mounts, path).as_deref() {
        None => Finding::note(what, "its type cannot be read", format!("df -T {}", path.display())),
        Some("tmpfs" | "ramfs") => Finding::bad(
            what,
            format!("{} is in memory: a restart of the machine takes all of it", path.display()),
            "give --home a folder on a disk",
        ),
        Some("overlay") => Finding::bad(
            what,
            format!("{} goes with its container", path.display()),
            "mount a volume there (-v hivis:/var/lib/hivis)",
        ),
        Some(kind) => Finding::good(what, kind),
    }
}
