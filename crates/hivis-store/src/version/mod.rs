//! Versions of the data: rows of the ledger, and a git + DVC repository that shows them.
//!
//! The rows say which picture a version holds, under which name and with which line of `metadata.jsonl`; everything else
//! is a projection that can be made again. Cutting one commits its rows first (state `cutting`), then makes the
//! repository follow, then marks it `cut`. Whatever cuts next, or mends, first brings a version that was left half cut to
//! its end; only when the home has lost one of its pictures it is taken back.
//!
//! In the repository's cache lie hard links to the home's objects, so that a version costs no bytes and DVC's own garbage
//! collection can only take links. git and DVC are the user's: his commits and his uncommitted changes are left alone.

mod adopt;
mod cache;
mod check;
mod checkout;
mod cut;
pub(crate) mod dvc;
mod error;
mod gc;
mod git;
pub(crate) mod link;
mod name;
mod remote;
mod repository;

use std::fs::{File, TryLockError};
use std::path::PathBuf;
use std::time::Duration;

use fs_err as fs;

pub use adopt::{Edited, EditedFile};
pub use check::{CheckOptions, CheckReport, Trouble};
pub use checkout::CheckoutReport;
pub use cut::{CutDone, Step};
pub use error::VersionError;
pub use gc::{GcOptions, GcReport};
pub use link::LinkType;
pub use name::{Bump, VersionName};
pub use remote::{PullReport, PushReport};

use crate::{Home, Ledger, Md5, Objects, StoreError};

/// The lock is tried that often, that long apart.
const TRIES: u32 = 20;
const BETWEEN: Duration = Duration::from_millis(50);

/// How the repository is kept.
#[derive(Clone, Debug)]
pub struct VersionOptions {
    /// The git program.
    pub git: PathBuf,
    /// Name and address for commits; `None` takes what git knows, or `hivis`.
    pub identity: Option<(String, String)>,
    /// Threads that read and link files.
    pub threads: usize,
    /// Tests stop the work after this step, as a power cut would.
    #[doc(hidden)]
    pub stop_after: Option<Step>,
}

impl Default for VersionOptions {
    fn default() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Self { git: PathBuf::from("git"), identity: None, threads, stop_after: None }
    }
}

/// The versions of a home, held by one process at a time.
#[derive(Debug)]
pub struct Versions {
    ledger: Ledger,
    objects: Objects,
    /// The repository.
    folder: PathBuf,
    options: VersionOptions,
    /// A folder of the user's that is being taken over.
    accepted: Option<Md5>,
    _alone: File,
}

impl Home {
    /// Where the repository lies.
    pub fn dataset(&self) -> PathBuf {
        self.path().join("dataset")
    }

    /// Takes the versions' lock, for whatever changes or checks them; refused when another process has it for longer than an
    /// instant (a killed one's child may hold it until it has become git).
    pub fn lock_versions(&self, ledger: &Ledger, options: VersionOptions) -> Result<Versions, StoreError> {
        let path = self.path().join("ledger.versions.lock");
        let file = fs::OpenOptions::new().write(true).create(true).truncate(false).open(path)?.into_file();
        for attempt in 1..=TRIES {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if attempt < TRIES => std::thread::sleep(BETWEEN),
                Err(TryLockError::WouldBlock) => return Err(VersionError::Busy.into()),
                Err(TryLockError::Error(source)) => return Err(source.into()),
            }
        }
        Ok(Versions {
            ledger: ledger.clone(),
            objects: self.objects().clone(),
            folder: self.dataset(),
            options,
            accepted: None,
            _alone: file,
        })
    }
}

/// Runs `work` on each of `items`, on that many threads; the outcomes are in their order.
pub(crate) fn side_by_side<T: Sync, R: Send>(threads: usize, items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    use std::sync::atomic::{AtomicUsize, Ordering};
    const PART: usize = 64;
    let next = AtomicUsize::new(0);
    let one = || {
        let mut done = Vec::new();
        loop {
            let part = next.fetch_add(1, Ordering::Relaxed);
            let Some(some) = items.chunks(PART).nth(part) else { return done };
            done.push((part, some.iter().map(&work).collect::<Vec<R>>()));
        }
    };
    let mut parts: Vec<(usize, Vec<R>)> = if threads <= 1 || items.len() <= PART {
        one()
    } else {
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..threads).map(|_| scope.spawn(one)).collect();
            let joined = threads.into_iter().map(std::thread::ScopedJoinHandle::join);
            joined.flat_map(|done| done.expect("work on files does not panic: this is a bug")).collect()
        })
    };
    parts.sort_by_key(|(part, _)| *part);
    parts.into_iter().flat_map(|(_, done)| done).collect()
}
