//! One sample of everything unknown that was asked: `HOME/logs/unknown/WHAT-NAME.txt`, bounded in number and size.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use anyhow::{Context, Result};
use fs_err as fs;
use hivis_serve::Unknown;
use hivis_store::Home;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

/// Samples that wait for the disk; more are passed over: another of the same kind will come.
const WAITING: usize = 16;
/// Files that are kept; a stranger can invent any number of names.
const FILES: usize = 100;
/// Bytes of a sample that are kept.
const BYTES: usize = 64 << 10;

/// The way to the thread that keeps samples.
pub(crate) struct Keeper(SyncSender<Unknown>);

impl Keeper {
    /// Starts the thread; it ends with the keeper.
    pub(crate) fn start(home: &Home) -> Result<Self> {
        let (sender, inbox) = sync_channel(WAITING);
        let folder = home.logs().join("unknown");
        let thread = std::thread::Builder::new().name("hivis-unknown".to_owned());
        thread.spawn(move || keep(&inbox, &folder)).context("no thread for samples of unknown things")?;
        Ok(Self(sender))
    }

    /// Hands one over, or drops it when many wait.
    pub(crate) fn offer(&self, unknown: Unknown) {
        let _ = self.0.try_send(unknown);
    }
}

fn keep(inbox: &Receiver<Unknown>, folder: &Path) {
    let mut seen = BTreeSet::new();
    for unknown in inbox {
        let file = folder.join(file_name(&unknown));
        if seen.len() >= FILES || !seen.insert(file.clone()) {
            continue;
        }
        if let Err(error) = write(&file, &unknown, Timestamp::now()) {
            tracing::warn!(%error, "a sample of something unknown could not be kept");
        }
    }
}

/// Letters and digits of the name, and a hash that tells apart what they do not.
fn file_name(unknown: &Unknown) -> PathBuf {
    let plain: String = unknown.name.chars().filter(char::is_ascii_alphanumeric).take(24).collect();
    let hash = Sha256::digest(unknown.name.as_bytes());
    PathBuf::from(format!("{}-{plain}-{}.txt", unknown.what, hex::encode(&hash[..3])))
}

/// The first sample of a name stays, also over a restart.
fn write(file: &Path, unknown: &Unknown, now: Timestamp) -> std::io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    if file.exists() || fs::read_dir(folder)?.count() >= FILES {
        return Ok(());
    }
    let Unknown { what, name, caller, sample } = unknown;
    let cut = &sample[..sample.len().min(BYTES)];
    let mut text = format!(
        "unknown {what} {name:?}, asked by {} at {now}; {} bytes, the first {} follow\n\n",
        caller.as_str(),
        sample.len(),
        cut.len()
    )
    .into_bytes();
    text.extend_from_slice(cut);
    fs::write(file, text)
}

#[cfg(test)]
mod tests {
    use hivis_types::Hotkey;

    use super::*;

    #[test]
    fn names_of_strangers_stay_in_the_folder_and_are_bounded() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("unknown");
        let (sender, inbox) = sync_channel(1000);
        for index in 0..3 * FILES {
            let name = format!("../../etc/x{}", index / 2);
            let sample = vec![b'x'; 2 * BYTES].into();
            sender.send(Unknown { what: "field", name, caller: Hotkey::new("5x"), sample }).expect("there is room");
        }
        drop(sender);
        keep(&inbox, &path);
        let files: Vec<_> = fs::read_dir(&path).expect("the folder").map(|entry| entry.expect("an entry")).collect();
        assert_eq!(files.len(), FILES);
        assert!(files.iter().all(|file| file.metadata().expect("a file").len() < (BYTES + 1000) as u64));
        assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 1);
    }
}
