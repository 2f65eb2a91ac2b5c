//! The machine as the checks see it: files below a root, and what a few of its own commands say.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

/// No command gets longer.
const PATIENCE: Duration = Duration::from_secs(10);

/// This machine, or the picture of one in a folder: there the file `commands/WORDS` holds what a command says.
pub(super) struct Machine {
    root: PathBuf,
    live: bool,
}

impl Machine {
    pub(super) fn this() -> Self {
        Self { root: "/".into(), live: true }
    }

    pub(super) fn below(root: &Path) -> Self {
        Self { root: root.to_owned(), live: false }
    }

    /// The path below the root.
    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    /// A file's text; `None` when it is not there or may not be read.
    pub(super) fn read(&self, path: &str) -> Option<String> {
        fs_err::read_to_string(self.path(path)).ok()
    }

    /// Names in a folder, sorted.
    pub(super) fn list(&self, folder: &str) -> Vec<String> {
        let entries = fs_err::read_dir(self.path(folder)).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries.map(|e| e.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// What a command prints; `None` when it is not there, may not, or fails.
    pub(super) async fn say(&self, words: &[&str]) -> Option<String> {
        if !self.live {
            return fs_err::read_to_string(self.root.join("commands").join(words.join(" "))).ok();
        }
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = Command::new(words[0]);
        // An ordinary account's PATH misses where administration lies.
        command.args(&words[1..]).env("PATH", format!("{path}:/usr/sbin:/sbin")).env("LC_ALL", "C");
        command.stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        let output = tokio::time::timeout(PATIENCE, command.output()).await.ok()?.ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// `mountinfo`'s type of the file system that `path` lies on.
pub(super) fn file_system(mountinfo: &str, path: &Path) -> Option<String> {
    let mounts = mountinfo.lines().filter_map(|line| {
        let (left, right) = line.split_once(" - ")?;
        let point = left.split(' ').nth(4)?.replace("\\040", " ");
        path.starts_with(&point).then(|| (point.len(), right.split(' ').next().unwrap_or_default().to_owned()))
    });
    mounts.max_by_key(|(length, _)| *length).map(|(_, kind)| kind)
}
