//! The folder itself.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use fs_err as fs;

use crate::disk::{self, Disk, LocalDisk};
use crate::{Ledger, Objects, Releases, ServeLock, StoreError, backup, lock};

/// Folders of a home, beside the ones that hold objects.
const FOLDERS: [&str; 8] = ["releases", "runs", "splits", "exams", "reports", "cache", "hub", "logs"];

/// All that may lie in a home; `dataset` comes with versions, `lost+found` with a disk of its own.
const KNOWN: [&str; 13] = [
    "hivis.toml",
    "ledger.db",
    "objects",
    "dataset",
    "releases",
    "runs",
    "splits",
    "exams",
    "reports",
    "cache",
    "hub",
    "logs",
    "lost+found",
];

/// A data home: one folder on a local disk, readable by its owner only.
#[derive(Clone, Debug)]
pub struct Home {
    path: PathBuf,
    objects: Objects,
}

impl Home {
    /// Opens the home at `path`, which must exist.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::check(path)?;
        if !path.join("objects").is_dir() {
            return Err(StoreError::NoHome { path: path.to_owned() });
        }
        Self::layout(path, Arc::new(LocalDisk))
    }

    /// Opens the home at `path`; makes one when there is nothing, or an empty folder.
    pub fn open_or_create(path: &Path) -> Result<Self, StoreError> {
        disk::create_private_folder(path)?;
        Self::check(path)?;
        Self::layout(path, Arc::new(LocalDisk))
    }

    /// The same home on another disk: for tests of full ones.
    #[must_use]
    pub fn on_disk(&self, disk: Arc<dyn Disk>) -> Self {
        Self { path: self.path.clone(), objects: self.objects.on_disk(disk) }
    }

    /// Refuses what can be no home: no folder, somebody's folder, a network file system.
    fn check(path: &Path) -> Result<(), StoreError> {
        if !path.is_dir() {
            return Err(StoreError::NoHome { path: path.to_owned() });
        }
        if let Some(kind) = disk::network_file_system(path)? {
            return Err(StoreError::NetworkFileSystem { path: path.to_owned(), kind });
        }
        if let Some(backup) = backup::half_restored(path)? {
            return Err(StoreError::HalfRestored { path: path.to_owned(), backup });
        }
        let mut strangers = Vec::new();
        for entry in fs::read_dir(path)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if name == "ledger.db" || name == "hivis.toml" {
                return Ok(());
            }
            if !KNOWN.contains(&name.as_str()) && !name.starts_with("ledger.") && name != "serve.lock" {
                strangers.push(name);
            }
        }
        strangers.sort();
        match strangers.into_iter().next() {
            Some(stranger) => Err(StoreError::NotAHome { path: path.to_owned(), stranger }),
            None => Ok(()),
        }
    }

    /// Opens a home that was just restored, before it is one for everybody else.
    pub(crate) fn open_restored(path: &Path) -> Result<Self, StoreError> {
        Self::layout(path, Arc::new(LocalDisk))
    }

    fn layout(path: &Path, disk: Arc<dyn Disk>) -> Result<Self, StoreError> {
        use std::os::unix::fs::PermissionsExt as _;
        let path = fs::canonicalize(path)?;
        for folder in FOLDERS {
            fs::create_dir_all(path.join(folder))?;
        }
        let objects = Objects::open(&path.join("objects"), disk)?;
        if fs::metadata(&path)?.permissions().mode() & 0o077 != 0 {
            tracing::warn!(home = %path.display(), "others may read this data home; hint: chmod 700 it");
        }
        Ok(Self { path, objects })
    }

    /// The folder, as an absolute path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// `hivis.toml`, which may not exist.
    pub fn config_file(&self) -> PathBuf {
        self.path.join("hivis.toml")
    }

    /// The folder for logs.
    pub fn logs(&self) -> PathBuf {
        self.path.join("logs")
    }

    /// The folder for exams.
    pub fn exams(&self) -> PathBuf {
        self.path.join("exams")
    }

    /// The folder for training runs.
    pub fn runs(&self) -> PathBuf {
        self.path.join("runs")
    }

    /// The folder for what pictures were put into, a file for each seed of a split.
    pub fn splits(&self) -> PathBuf {
        self.path.join("splits")
    }

    /// The folder for what can be computed again: features of pictures.
    pub fn cache(&self) -> PathBuf {
        self.path.join("cache")
    }

    /// The folder for what comes from the Hub: models and data sets as they were pulled.
    pub fn hub(&self) -> PathBuf {
        self.path.join("hub")
    }

    /// The folder for reports.
    pub fn reports(&self) -> PathBuf {
        self.path.join("reports")
    }

    /// Bytes that may still be written on the home's file system.
    pub fn free_bytes(&self) -> Result<u64, StoreError> {
        Ok(self.objects.free_bytes()?)
    }

    /// Takes `serve.lock`; refused with the other's process id when a server already runs.
    pub fn serve_lock(&self) -> Result<ServeLock, StoreError> {
        lock::take(&self.path)
    }

    /// The server that runs on this home now: `None` when none does, `Some(None)` when its id could not be read.
    pub fn server(&self) -> Result<Option<Option<u32>>, StoreError> {
        lock::server_pid(&self.path)
    }

    /// Opens the ledger: makes one when there is none, brings an older one to this version (a copy is kept), and opens
    /// a newer one for reading only ([`Ledger::writable`] tells).
    pub async fn ledger(&self) -> Result<Ledger, StoreError> {
        Ledger::open(&self.path.join("ledger.db"), &self.objects).await
    }

    /// The pictures.
    pub fn objects(&self) -> &Objects {
        &self.objects
    }

    /// The releases.
    pub fn releases(&self) -> Releases {
        Releases::new(self.path.join("releases"))
    }
}
