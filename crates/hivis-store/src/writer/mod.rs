//! From offered records to committed ones: a bounded queue, and one thread that empties it in groups.

pub(crate) mod counters;
pub(crate) mod queue;

use std::sync::Arc;
use std::time::Duration;

use hivis_types::Record;

use crate::{Home, Ledger, QueueLimits, StoreError, WriterStats};

/// How records are written.
#[derive(Clone, Debug)]
pub struct WriterSettings {
    /// How much may wait.
    pub queue: QueueLimits,
    /// A group is committed at the latest this long after its first record was taken.
    pub group_time: Duration,
    /// A group is committed when it has so many records.
    pub group_records: usize,
    /// Recording stops while fewer bytes are free.
    pub free_bytes: u64,
    /// How often the free bytes are looked at, and a full disk is tried again.
    pub retry: Duration,
}

impl Default for WriterSettings {
    fn default() -> Self {
        Self {
            queue: QueueLimits::default(),
            group_time: Duration::from_millis(50),
            group_records: 256,
            free_bytes: 2_000_000_000,
            retry: Duration::from_secs(1),
        }
    }
}

/// Takes records and never blocks. Clones share one queue and one thread.
#[derive(Clone)]
pub struct RecordWriter {
    shared: Arc<Shared>,
}

struct Shared {}

/// Ends the writer.
pub struct WriterHandle {
    writer: RecordWriter,
}

impl RecordWriter {
    /// Starts the thread `hivis-ledger`. Fails when the ledger is of a newer hivis.
    pub fn spawn(
        _home: &Home,
        _ledger: &Ledger,
        _settings: WriterSettings,
    ) -> Result<(Self, WriterHandle), StoreError> {
        todo!()
    }

    /// Offers a record and returns at once. When the queue is full its picture is dropped, then older pictures, then
    /// the record itself; each drop is counted.
    pub fn offer(&self, _record: Record) {
        todo!()
    }

    /// Waits until all that was offered before is committed or dropped.
    pub async fn flush(&self) -> Result<(), StoreError> {
        todo!()
    }

    /// What was offered, committed and dropped so far.
    pub fn stats(&self) -> WriterStats {
        todo!()
    }
}

impl WriterHandle {
    /// Takes no more records, commits those that wait, ends the thread.
    pub async fn close(self) -> Result<(), StoreError> {
        let _ = self.writer;
        todo!()
    }
}
