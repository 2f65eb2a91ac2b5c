//! New records as they are committed.

use std::time::Duration;

use hivis_types::RecordId;

use crate::{Ledger, StoreError, StoredRecord};

/// Where a tail begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TailFrom {
    /// With the first record ever.
    Start,
    /// With the next record that is committed.
    Now,
    /// With the last so many records.
    Last(u32),
    /// After this record.
    After(RecordId),
}

/// Follows the ledger: every record in the order of commits, each once.
#[derive(Debug)]
pub struct Tail {
    ledger: Ledger,
    seq: i64,
    every: Duration,
}

impl Ledger {
    /// Begins to follow the ledger; what comes out of it is committed, so acknowledged.
    pub async fn tail(&self, _from: TailFrom) -> Result<Tail, StoreError> {
        todo!()
    }
}

impl Tail {
    /// The next records, at least one; waits until there is one. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Result<Vec<StoredRecord>, StoreError> {
        todo!()
    }

    /// The records that are there now, at most 500, perhaps none.
    pub async fn poll(&mut self) -> Result<Vec<StoredRecord>, StoreError> {
        todo!()
    }
}
