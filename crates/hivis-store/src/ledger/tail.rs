//! New records as they are committed.

use std::time::Duration;

use hivis_types::RecordId;

use crate::{Ledger, RecordFilter, StoreError, StoredRecord};

/// How often the ledger is looked at while nothing comes.
const EVERY: Duration = Duration::from_millis(100);
/// Records read at once.
const PAGE: u32 = 500;

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

/// Follows the ledger: every record in the order of commits, each once, its features left out.
#[derive(Debug)]
pub struct Tail {
    ledger: Ledger,
    seq: i64,
}

impl Ledger {
    /// Begins to follow the ledger; what comes out of it is committed, so acknowledged.
    pub async fn tail(&self, from: TailFrom) -> Result<Tail, StoreError> {
        let newest = sqlx::query_scalar::<_, i64>("SELECT coalesce(max(seq), 0) FROM records");
        let newest = newest.fetch_one(self.readers()).await.map_err(|e| self.error(e))?;
        let seq = match from {
            TailFrom::Start => 0,
            TailFrom::Now => newest,
            // Rows are never removed, so there is no gap in their numbers.
            TailFrom::Last(records) => newest.saturating_sub(i64::from(records)).max(0),
            TailFrom::After(id) => sqlx::query_scalar("SELECT seq FROM records WHERE id = ?")
                .bind(id.to_string())
                .fetch_optional(self.readers())
                .await
                .map_err(|e| self.error(e))?
                .ok_or_else(|| StoreError::NoSuchRecord { prefix: id.to_string() })?,
        };
        Ok(Tail { ledger: self.clone(), seq })
    }
}

impl Tail {
    /// The next records, at least one; waits until there is one. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Result<Vec<StoredRecord>, StoreError> {
        loop {
            let records = self.poll().await?;
            if !records.is_empty() {
                return Ok(records);
            }
            tokio::time::sleep(EVERY).await;
        }
    }

    /// The records that are there now, at most 500, perhaps none.
    pub async fn poll(&mut self) -> Result<Vec<StoredRecord>, StoreError> {
        let records = self.ledger.page(&RecordFilter::default(), self.seq, PAGE).await?;
        if let Some(last) = records.last() {
            self.seq = last.seq;
        }
        Ok(records)
    }
}
