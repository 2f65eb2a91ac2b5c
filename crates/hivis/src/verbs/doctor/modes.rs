//! Who may read what.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::{Deployment, Finding};

/// Others' and the group's bits.
const OTHERS: u32 = 0o077;

pub(super) fn check(of: &Deployment<'_>) -> Vec<Finding> {
    let wallet = &of.settings.wallet;
    let hotkeys = wallet.path.join(&wallet.name).join("hotkeys");
    let private = [of.home.path().to_owned(), hotkeys.join(&wallet.hotkey)];
    let mut findings: Vec<Finding> = private.iter().filter_map(|path| open(path)).collect();
    // Whoever may write there may put another key or another list there.
    let lists = [of.home.config_file(), of.settings.serve.permits.clone()];
    let places = [wallet.path.clone(), wallet.path.join(&wallet.name), hotkeys].into_iter().chain(lists);
    findings.extend(places.filter_map(|path| writable(&path)));
    if let Some(stranger) = foreign(of.home.path()) {
        let text = format!("{} is owned by another account than the home", stranger.display());
        let mend = format!("chown --reference={0} {1}", of.home.path().display(), stranger.display());
        findings.push(Finding::bad("file modes", text, mend));
    }
    if findings.is_empty() {
        findings.push(Finding::good(
            "file modes",
            "home and hotkey are for their owner, and nobody else may write to either",
        ));
    }
    findings
}

fn open(path: &Path) -> Option<Finding> {
    let metadata = fs_err::metadata(path).ok()?;
    let mode = metadata.permissions().mode() & 0o777;
    let wanted = if metadata.is_dir() { 0o700 } else { 0o600 };
    let text = format!("{} has mode {mode:o}: others may read it", path.display());
    (mode & OTHERS & 0o055 != 0)
        .then(|| Finding::bad("file modes", text, format!("chmod {wanted:o} {}", path.display())))
}

fn writable(path: &Path) -> Option<Finding> {
    let mode = fs_err::metadata(path).ok()?.permissions().mode() & 0o777;
    let text = format!("{} has mode {mode:o}: others may write to it", path.display());
    (mode & OTHERS & 0o022 != 0).then(|| Finding::bad("file modes", text, format!("chmod go-w {}", path.display())))
}

/// What a verb that was run as root by mistake left behind: the server cannot write to it.
fn foreign(home: &Path) -> Option<PathBuf> {
    let owner = fs_err::metadata(home).ok()?.uid();
    let entries = fs_err::read_dir(home).ok()?.flatten().map(|entry| entry.path());
    entries.filter(|path| fs_err::symlink_metadata(path).is_ok_and(|m| m.uid() != owner)).min()
}
