//! One group: its pictures to the disk, then its rows in one transaction; and what to do when the disk is full.

use std::io;
use std::time::{Duration, Instant};

use hivis_types::metric;
use metrics::{gauge, histogram};

use crate::ledger::insert::{Inserted, Prepared};
use crate::writer::counters::Counters;
use crate::writer::queue::Waiting;
use crate::{DropReason, Ledger, Objects, Put, StoreError, WriterSettings, disk};

/// A transaction of another process may hold the ledger longer than the busy timeout of 5 s; so often we ask again
/// before the group is given up. Meanwhile the queue fills, and drops by its own rules.
const BUSY_TRIES: u32 = 12;

/// Writes groups, and stands still while there is no room.
pub(crate) struct Groups {
    objects: Objects,
    ledger: Ledger,
    free_bytes: u64,
    retry: Duration,
    looked: Option<Instant>,
    /// Fewer bytes are free than recording leaves alone.
    low: bool,
    /// The ledger could not be written: why, and when to try again.
    failed: Option<(DropReason, Instant)>,
    /// Pictures could not be written; said once until one can be written again.
    pictures_fail: bool,
}

impl Groups {
    pub(crate) fn new(objects: Objects, ledger: Ledger, settings: &WriterSettings) -> Self {
        Self {
            objects,
            ledger,
            free_bytes: settings.free_bytes,
            retry: settings.retry,
            looked: None,
            low: false,
            failed: None,
            pictures_fail: false,
        }
    }

    /// Why recording stands still, when it does.
    pub(crate) fn stopped(&self) -> Option<DropReason> {
        if self.low { Some(DropReason::LowDisk) } else { self.failed.map(|(reason, _)| reason) }
    }

    /// Looks at the free bytes, when the last look is old enough; says once that recording stops or goes on.
    pub(crate) fn look_at_disk(&mut self) {
        if self.looked.is_some_and(|at| at.elapsed() < self.retry) {
            return;
        }
        self.looked = Some(Instant::now());
        let free = match self.objects.free_bytes() {
            Ok(free) => free,
            Err(error) => return tracing::warn!("the free bytes of the home cannot be read: {error}"),
        };
        gauge!(metric::HOME_FREE_BYTES).set(free as f64);
        let low = free < self.free_bytes;
        if low && !self.low {
            tracing::warn!(
                free_bytes = free,
                limit_bytes = self.free_bytes,
                "recording stops, answering goes on: the disk is nearly full; hint: make room, it resumes by itself"
            );
        } else if self.low && !low {
            tracing::info!(free_bytes = free, "recording goes on: there is room again");
        }
        self.low = low;
    }

    /// Stores a group, or counts it as dropped.
    pub(crate) async fn write(&mut self, group: Vec<Waiting>, counters: &Counters) {
        if let Some(reason) = self.refusal() {
            let pictures = group.iter().filter(|w| w.has_picture()).count() as u64;
            counters.rows_dropped(reason, group.len() as u64);
            return counters.pictures_dropped(reason, pictures);
        }
        let started = Instant::now();
        // Held until the rows are committed, so that retention does not take a picture that they are about to name.
        let guard = self.objects.share();
        let group = self.store_pictures(group);
        let outcome = match &guard {
            Ok(_) => self.insert(&group).await,
            Err(error) => Err(io::Error::new(error.kind(), error.to_string()).into()),
        };
        match outcome {
            Ok(inserted) => {
                if self.failed.take().is_some() {
                    tracing::info!("recording goes on: the ledger can be written again");
                }
                self.count(&group, &inserted, counters);
                histogram!(metric::COMMIT_SECONDS).record(started.elapsed().as_secs_f64());
            }
            Err(error) => {
                drop(guard);
                self.give_up(&group, &error, counters);
                self.remove_unnamed(&group).await;
            }
        }
    }

    fn refusal(&self) -> Option<DropReason> {
        if self.low {
            return Some(DropReason::LowDisk);
        }
        self.failed.filter(|(_, again)| Instant::now() < *again).map(|(reason, _)| reason)
    }

    /// Puts the group's pictures on the disk; a picture that cannot be put costs its record nothing else.
    fn store_pictures(&mut self, group: Vec<Waiting>) -> Vec<Prepared> {
        let pictures: Vec<&[u8]> = group.iter().filter_map(Waiting::picture).collect();
        let mut outcomes = self.objects.put_all(&pictures).into_iter();
        let mut prepared = Vec::with_capacity(group.len());
        for mut waiting in group {
            let picture = match waiting.lost {
                Some(reason) => Some(Err(reason)),
                None if waiting.picture().is_none() => None,
                None => {
                    let outcome = outcomes.next().expect("every picture has an outcome: this is a bug");
                    Some(self.judge_picture(outcome))
                }
            };
            if let Some(picture) = &mut waiting.record.picture {
                picture.bytes = Vec::new();
            }
            let Waiting { record, picture_bytes, .. } = waiting;
            prepared.push(Prepared { record, picture_bytes, picture });
        }
        prepared
    }

    /// Says once that pictures cannot be stored, and once that they can again.
    fn judge_picture(&mut self, outcome: Result<Put, StoreError>) -> Result<Put, DropReason> {
        let error = match outcome {
            Ok(put) => {
                self.pictures_fail = false;
                return Ok(put);
            }
            Err(error) => error,
        };
        let reason = reason(&error);
        if reason == DropReason::Md5Collision {
            tracing::warn!("{error}: somebody sends pictures that were made to collide");
        } else if !self.pictures_fail {
            self.pictures_fail = true;
            tracing::warn!(reason = reason.as_str(), "pictures cannot be stored, their rows are: {}", chain(&error));
        }
        Err(reason)
    }

    async fn insert(&self, group: &[Prepared]) -> Result<Vec<Inserted>, StoreError> {
        let mut tries = 1;
        loop {
            match self.ledger.insert(group).await {
                Err(error) if tries < BUSY_TRIES && is_busy(&error) => {
                    tracing::warn!("another process keeps the ledger: {}", chain(&error));
                    tries += 1;
                }
                outcome => return outcome,
            }
        }
    }

    fn count(&self, group: &[Prepared], inserted: &[Inserted], counters: &Counters) {
        let (mut records, mut pictures) = (0, 0);
        for (prepared, inserted) in group.iter().zip(inserted) {
            if inserted.seq.is_some() {
                records += 1;
            } else {
                counters.rows_dropped(DropReason::Duplicate, 1);
            }
            match prepared.picture {
                // The offer counted it.
                None | Some(Err(DropReason::QueueFull)) => {}
                Some(Err(reason)) => counters.pictures_dropped(reason, 1),
                Some(Ok(put)) if inserted.collided => {
                    tracing::warn!(md5 = %put.md5, "another picture had this MD5 before: refused");
                    if put.new
                        && let Err(error) = self.objects.remove(put.md5)
                    {
                        tracing::warn!("a refused picture cannot be removed: {error}");
                    }
                    counters.pictures_dropped(DropReason::Md5Collision, 1);
                }
                Some(Ok(_)) if inserted.seq.is_some() => pictures += 1,
                Some(Ok(_)) => counters.pictures_dropped(DropReason::Duplicate, 1),
            }
        }
        counters.committed(records, pictures);
    }

    /// The ledger cannot be written: counts the group as dropped, and stands still for a while.
    fn give_up(&mut self, group: &[Prepared], error: &StoreError, counters: &Counters) {
        let reason = reason(error);
        if self.failed.is_none() {
            tracing::warn!(
                reason = reason.as_str(),
                "recording stops, answering goes on: {}; it resumes by itself",
                chain(error)
            );
        }
        self.failed = Some((reason, Instant::now() + self.retry));
        counters.rows_dropped(reason, group.len() as u64);
        for prepared in group {
            match prepared.picture {
                None | Some(Err(DropReason::QueueFull)) => {}
                Some(Err(reason)) => counters.pictures_dropped(reason, 1),
                Some(Ok(_)) => counters.pictures_dropped(reason, 1),
            }
        }
    }

    /// Takes the pictures of a group that was given up off the disk again: it is full, most likely.
    async fn remove_unnamed(&self, group: &[Prepared]) {
        let Ok(_alone) = self.objects.alone().await else { return };
        for put in group.iter().filter_map(|p| p.picture.and_then(Result::ok)).filter(|put| put.new) {
            // What cannot be asked or removed now is an orphan that fsck finds.
            if let Ok(false) = self.ledger.names(put.md5).await {
                let _ = self.objects.remove(put.md5);
            }
        }
    }
}

/// What kind of failure this is.
fn reason(error: &StoreError) -> DropReason {
    match error {
        StoreError::Md5Collision { .. } => DropReason::Md5Collision,
        StoreError::Io(error) if disk::is_full(error) => DropReason::DiskFull,
        // SQLITE_FULL, and SQLITE_IOERR_SHMSIZE: no room for the index of the write-ahead log.
        StoreError::Ledger { source, .. } if has_code(source, &["13", "4874"]) => DropReason::DiskFull,
        _ => DropReason::Failed,
    }
}

/// True when another process holds the write lock: SQLITE_BUSY and its kinds, or the pool's own patience.
fn is_busy(error: &StoreError) -> bool {
    match error {
        StoreError::Ledger { source: sqlx::Error::PoolTimedOut, .. } => true,
        StoreError::Ledger { source, .. } => has_code(source, &["5", "261", "517", "773"]),
        _ => false,
    }
}

fn has_code(error: &sqlx::Error, codes: &[&str]) -> bool {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).is_some_and(|c| codes.contains(&&*c))
}

/// An error with its causes, in one line for the log.
fn chain(error: &StoreError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
