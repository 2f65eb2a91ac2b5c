//! What became of every record that was offered: counted for tests and the page, and as metrics.

use std::sync::atomic::{AtomicU64, Ordering};

use hivis_types::metric;
use metrics::counter;
use serde::{Deserialize, Serialize};

/// Why a record or its picture was not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DropReason {
    /// Too much waited for the disk.
    QueueFull,
    /// Fewer bytes were free than recording leaves alone.
    LowDisk,
    /// The disk said that it is full.
    DiskFull,
    /// The disk or SQLite failed otherwise.
    Failed,
    /// Another picture has the same MD5.
    Md5Collision,
    /// A record of the same id was there already.
    Duplicate,
    /// The writer was closed.
    Closed,
}

impl DropReason {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::QueueFull,
        Self::LowDisk,
        Self::DiskFull,
        Self::Failed,
        Self::Md5Collision,
        Self::Duplicate,
        Self::Closed,
    ];

    /// The name in metrics and in the ledger, `kebab-case`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::QueueFull => "queue-full",
            Self::LowDisk => "low-disk",
            Self::DiskFull => "disk-full",
            Self::Failed => "failed",
            Self::Md5Collision => "md5-collision",
            Self::Duplicate => "duplicate",
            Self::Closed => "closed",
        }
    }
}

/// Counts since the writer began. Once all is settled, `offered = committed + dropped` and
/// `pictures_offered = pictures_stored + pictures_dropped`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WriterStats {
    /// Records offered.
    pub offered: u64,
    /// Records committed.
    pub committed: u64,
    /// Records dropped.
    pub dropped: u64,
    /// Records dropped, by reason; reasons that did not occur are left out.
    pub dropped_by: Vec<(DropReason, u64)>,
    /// Pictures offered.
    pub pictures_offered: u64,
    /// Pictures stored with a committed record, or found stored already.
    pub pictures_stored: u64,
    /// Pictures dropped, alone or with their records.
    pub pictures_dropped: u64,
    /// Pictures dropped, by reason; reasons that did not occur are left out.
    pub pictures_dropped_by: Vec<(DropReason, u64)>,
    /// Records that wait, in the queue and in the group being written.
    pub waiting: u64,
    /// Groups committed.
    pub groups: u64,
    /// Why recording stands still now, when it does.
    pub stopped: Option<DropReason>,
}

/// The counts while they grow.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    offered: AtomicU64,
    committed: AtomicU64,
    pictures_offered: AtomicU64,
    pictures_stored: AtomicU64,
    groups: AtomicU64,
    rows: [AtomicU64; DropReason::ALL.len()],
    pictures: [AtomicU64; DropReason::ALL.len()],
}

impl Counters {
    pub(crate) fn offered(&self, with_picture: bool) {
        self.offered.fetch_add(1, Ordering::Relaxed);
        self.pictures_offered.fetch_add(u64::from(with_picture), Ordering::Relaxed);
    }

    pub(crate) fn committed(&self, records: u64, pictures: u64) {
        self.committed.fetch_add(records, Ordering::Relaxed);
        self.pictures_stored.fetch_add(pictures, Ordering::Relaxed);
        self.groups.fetch_add(1, Ordering::Relaxed);
        counter!(metric::RECORDS).increment(records);
    }

    pub(crate) fn rows_dropped(&self, reason: DropReason, records: u64) {
        add(&self.rows, "row", reason, records);
    }

    pub(crate) fn pictures_dropped(&self, reason: DropReason, pictures: u64) {
        add(&self.pictures, "picture", reason, pictures);
    }

    pub(crate) fn read(&self, waiting: u64, stopped: Option<DropReason>) -> WriterStats {
        let count = |n: &AtomicU64| n.load(Ordering::Relaxed);
        let by_reason = |counts: &[AtomicU64]| -> Vec<(DropReason, u64)> {
            DropReason::ALL.into_iter().zip(counts.iter().map(count)).filter(|(_, n)| *n > 0).collect()
        };
        let (dropped_by, pictures_dropped_by) = (by_reason(&self.rows), by_reason(&self.pictures));
        WriterStats {
            offered: count(&self.offered),
            committed: count(&self.committed),
            dropped: dropped_by.iter().map(|(_, n)| n).sum(),
            dropped_by,
            pictures_offered: count(&self.pictures_offered),
            pictures_stored: count(&self.pictures_stored),
            pictures_dropped: pictures_dropped_by.iter().map(|(_, n)| n).sum(),
            pictures_dropped_by,
            waiting,
            groups: count(&self.groups),
            stopped,
        }
    }
}

fn add(counts: &[AtomicU64], what: &'static str, reason: DropReason, n: u64) {
    if n > 0 {
        let at = DropReason::ALL.iter().position(|r| *r == reason).expect("ALL has every reason: this is a bug");
        counts[at].fetch_add(n, Ordering::Relaxed);
        counter!(metric::RECORDS_DROPPED, "what" => what, "reason" => reason.as_str()).increment(n);
    }
}
