//! Taking a backup.

use std::collections::HashSet;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use serde::Serialize;

use crate::backup::manifest::{self, Entry, FILES, FOLDERS, Lost, Manifest};
use crate::backup::place::Place;
use crate::backup::pool::{self, Pool, Pooled};
use crate::backup::snapshot::{Named, Snapshot};
use crate::backup::{CopyEvent, SIDE_BY_SIDE, Show};
use crate::{Home, Ledger, ObjectId, StoreError};

/// How a backup is taken.
#[derive(Clone, Debug)]
pub struct BackupOptions {
    /// The time it gets.
    pub now: Timestamp,
    /// Folders that are left out wherever they lie: the wallets'.
    pub leave_out: Vec<PathBuf>,
    /// When it is done: remove all but the newest so many, and what only they needed.
    pub keep: Option<usize>,
}

/// What became of a backup.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct BackupReport {
    /// Its name at the place.
    pub manifest: String,
    /// Files in it.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files that the place did not have yet.
    pub copied: u64,
    /// Their bytes.
    pub copied_bytes: u64,
    /// Pictures that retention took meanwhile.
    pub retained_away: u64,
    /// What could not be copied because the home does not have it as it should.
    pub lost: Vec<Lost>,
    /// Older backups that were removed.
    pub removed: Vec<String>,
}

/// What became of one picture.
enum Outcome {
    Kept { new: bool },
    TakenAway,
    Lost(&'static str),
}

impl Home {
    /// Copies this home to `place` while it is used. Pictures that the home has lost are named in the report and left out.
    pub async fn backup(
        &self,
        ledger: &Ledger,
        place: &Place,
        options: &BackupOptions,
        show: Show<'_>,
    ) -> Result<BackupReport, StoreError> {
        if let Some(folder) = place.path()
            && (folder.starts_with(self.path()) || self.path().starts_with(folder))
        {
            let reason = "it lies in the home, or the home in it".to_owned();
            return Err(StoreError::BadPlace { place: place.to_string(), reason });
        }
        let _alone = alone(self.path())?;
        let (need, free) = (fs::metadata(ledger.path())?.len(), self.free_bytes()?);
        if free < need {
            return Err(StoreError::NoRoom { path: self.path().to_owned(), need, free });
        }
        let pool = Pool::open(place).await?;
        // The pointer before the ledger before the releases: what either names is then in what comes after it.
        let pointer = read(&self.path().join("releases/current"))?;
        let mut snapshot = Snapshot::take(ledger.path(), self.path().join("ledger.backup")).await?;
        let pictures = snapshot.pictures().await?;
        let files = files(self.path(), &options.leave_out)?;
        plan(&pool, &pictures, (self.path(), &files), show)?;

        let mut work =
            Work { home: self, ledger, pool: &pool, show, report: BackupReport::default(), entries: Vec::new() };
        for id in work.pictures(&pictures).await? {
            snapshot.mark_removed(id, options.now).await?;
        }
        work.files(&files).await?;
        if let Some(bytes) = pointer {
            let pooled = pool.put_bytes(bytes).await?;
            work.enter("releases/current", &pooled);
        }
        work.file("ledger.db", snapshot.close().await?).await?;
        let Work { mut report, entries, .. } = work;

        place.settle()?;
        let manifest = Manifest::new(options.now, ledger.version(), entries, report.lost.clone());
        report.manifest = manifest.write(place).await?;
        (report.files, report.bytes) = (manifest.head.files, manifest.head.bytes);
        place.settle()?;
        if let Some(keep) = options.keep {
            report.removed = thin_out(place, keep.max(1)).await?;
        }
        Ok(report)
    }
}

/// A backup under way.
struct Work<'a> {
    home: &'a Home,
    ledger: &'a Ledger,
    pool: &'a Pool<'a>,
    show: Show<'a>,
    report: BackupReport,
    entries: Vec<Entry>,
}

impl Work<'_> {
    /// Copies the pictures; gives those that retention took meanwhile.
    async fn pictures(&mut self, pictures: &[Named]) -> Result<Vec<ObjectId>, StoreError> {
        let (home, ledger, pool) = (self.home, self.ledger, self.pool);
        let copies = stream::iter(pictures)
            .map(async |named| copy(home, ledger, pool, named).await.map(|outcome| (named, outcome)));
        let mut copies = copies.buffer_unordered(SIDE_BY_SIDE);
        let mut gone = Vec::new();
        while let Some((named, outcome)) = copies.try_next().await? {
            let path = path_of(home, named);
            match outcome {
                Outcome::Kept { new } => {
                    self.report.copied += u64::from(new);
                    self.report.copied_bytes += if new { named.bytes } else { 0 };
                    if new {
                        (self.show)(CopyEvent::Bytes(named.bytes));
                    }
                    self.entries.push(Entry { path, bytes: named.bytes, sha256: named.id });
                }
                Outcome::TakenAway => gone.push(named.id),
                Outcome::Lost(why) => self.report.lost.push(Lost { path, why: why.to_owned() }),
            }
        }
        self.report.lost.sort_by(|a, b| a.path.cmp(&b.path));
        self.report.retained_away = gone.len() as u64;
        Ok(gone)
    }

    async fn files(&mut self, files: &[String]) -> Result<(), StoreError> {
        for path in files {
            let from = self.home.path().join(path);
            self.file(path, &from).await?;
        }
        Ok(())
    }

    /// Copies the file `from`, which lies at `path` in the home. One that is gone was temporary.
    async fn file(&mut self, path: &str, from: &Path) -> Result<(), StoreError> {
        let Some(pooled) = self.pool.put_file(from).await? else {
            if from.exists() {
                self.report.lost.push(Lost { path: path.to_owned(), why: "changed while it was copied".to_owned() });
            }
            return Ok(());
        };
        self.enter(path, &pooled);
        Ok(())
    }

    fn enter(&mut self, path: &str, pooled: &Pooled) {
        self.report.copied += u64::from(pooled.new);
        self.report.copied_bytes += if pooled.new { pooled.bytes } else { 0 };
        (self.show)(CopyEvent::Bytes(pooled.bytes));
        self.entries.push(Entry { path: path.to_owned(), bytes: pooled.bytes, sha256: pooled.id });
    }
}

/// Copies one picture unless it is there.
async fn copy(home: &Home, ledger: &Ledger, pool: &Pool<'_>, named: &Named) -> Result<Outcome, StoreError> {
    if pool.has(named.id, named.bytes) {
        return Ok(Outcome::Kept { new: false });
    }
    for again in [true, false] {
        let (objects, named) = (home.objects().clone(), *named);
        let read = tokio::task::spawn_blocking(move || objects.get(named.id, named.md5)).await;
        match read.expect("reading does not panic: this is a bug") {
            Ok(bytes) => {
                pool.put(named.id, bytes).await?;
                return Ok(Outcome::Kept { new: true });
            }
            Err(StoreError::DamagedObject { .. }) => return Ok(Outcome::Lost("damaged")),
            // Retention marks the row before it takes the file.
            Err(StoreError::MissingObject { .. }) if !ledger.names(named.md5).await? => return Ok(Outcome::TakenAway),
            // It went, and came again in between: then it can be read now.
            Err(StoreError::MissingObject { .. }) if again => {}
            Err(StoreError::MissingObject { .. }) => break,
            Err(error) => return Err(error),
        }
    }
    Ok(Outcome::Lost("missing"))
}

fn path_of(home: &Home, named: &Named) -> String {
    let path = home.objects().path(named.md5);
    path.strip_prefix(home.path()).expect("objects lie in the home: this is a bug").to_string_lossy().into_owned()
}

/// Says what there is to do.
fn plan(
    pool: &Pool<'_>,
    pictures: &[Named],
    (home, files): (&Path, &[String]),
    show: Show<'_>,
) -> Result<(), StoreError> {
    let (mut bytes, mut there) = (0, 0);
    for named in pictures {
        *(if pool.has(named.id, named.bytes) { &mut there } else { &mut bytes }) += named.bytes;
    }
    for path in files.iter().map(String::as_str).chain(["ledger.backup"]) {
        bytes += match fs::metadata(home.join(path)) {
            Ok(metadata) => metadata.len(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) => return Err(error.into()),
        };
    }
    show(CopyEvent::Planned { files: (pictures.len() + files.len() + 1) as u64, bytes, there });
    Ok(())
}

/// Every file that is no picture, sorted; the ledger and the pointer are looked after by themselves.
fn files(home: &Path, leave_out: &[PathBuf]) -> Result<Vec<String>, StoreError> {
    let mut files = Vec::new();
    let mut folders: Vec<PathBuf> = FOLDERS.iter().filter(|f| **f != "objects").map(PathBuf::from).collect();
    let leave_out: Vec<PathBuf> = leave_out.iter().filter_map(|path| fs::canonicalize(path).ok()).collect();
    while let Some(folder) = folders.pop() {
        if leave_out.contains(&home.join(&folder)) {
            continue;
        }
        let entries = match fs::read_dir(home.join(&folder)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error.into()),
        };
        for entry in entries {
            let entry = entry?;
            let (path, kind) = (folder.join(entry.file_name()), entry.file_type()?);
            // Dots are locks and files that are not finished; links lead out of the home.
            if entry.file_name().to_string_lossy().starts_with('.') || path == Path::new("releases/current") {
                continue;
            }
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() {
                files.push(path.to_string_lossy().into_owned());
            }
        }
    }
    let alone = FILES.iter().filter(|f| **f != "ledger.db" && home.join(f).is_file());
    files.extend(alone.map(|f| (*f).to_owned()));
    files.sort();
    Ok(files)
}

/// Removes all backups but the newest `keep`, then the contents that no backup needs any more. A place is for one home, and
/// one backup of a home runs at a time: nobody else's contents lie there without a manifest.
async fn thin_out(place: &Place, keep: usize) -> Result<Vec<String>, StoreError> {
    let mut names = manifest::names(place).await?;
    let kept = names.split_off(names.len().saturating_sub(keep));
    let mut needed = HashSet::new();
    for name in &kept {
        // One that cannot be read might need anything: nothing is removed then.
        needed.extend(Manifest::read(place, name).await?.entries.into_iter().map(|entry| entry.sha256));
    }
    for name in &names {
        place.remove(&manifest::key(name)).await?;
    }
    place.settle()?;
    let unused = pool::list(place).await?.into_iter().filter(|id| !needed.contains(id));
    let removals = stream::iter(unused).map(|id| async move { place.remove(&pool::key(id)).await });
    removals.buffer_unordered(SIDE_BY_SIDE).try_for_each(async |()| Ok(())).await?;
    Ok(names)
}

/// One backup of a home at a time; let go with the value.
fn alone(home: &Path) -> Result<File, StoreError> {
    let path = home.join("ledger.backup.lock");
    let file = fs::OpenOptions::new().write(true).create(true).truncate(false).open(path)?.into_file();
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::BackupRunning),
        Err(TryLockError::Error(source)) => Err(source.into()),
    }
}

fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
