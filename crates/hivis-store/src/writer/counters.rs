//! What became of every record that was offered.

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
    /// Records dropped, by reason.
    pub dropped_by: Vec<(DropReason, u64)>,
    /// Pictures offered.
    pub pictures_offered: u64,
    /// Pictures stored, or found stored already.
    pub pictures_stored: u64,
    /// Pictures dropped, alone or with their records.
    pub pictures_dropped: u64,
    /// Pictures dropped, by reason.
    pub pictures_dropped_by: Vec<(DropReason, u64)>,
    /// Records that wait, in the queue and in the group being written.
    pub waiting: u64,
    /// Groups committed.
    pub groups: u64,
    /// Why recording stands still now, when it does.
    pub stopped: Option<DropReason>,
}
