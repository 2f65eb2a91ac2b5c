//! Counts for `hivis status` and the page.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::{Ledger, StoreError};

/// What happened since a time.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Records.
    pub records: u64,
    /// Of those, answered with a judgement.
    pub answered: u64,
    /// Records by HTTP status.
    pub by_status: BTreeMap<u16, u64>,
    /// Records without a judgement by reason (`Silence::as_str`).
    pub by_silence: BTreeMap<String, u64>,
    /// Time from head to answer, over at most the newest 10,000 answered records.
    pub latency: Option<Latency>,
}

/// Quantiles of the time from a request's head to its answer, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Latency {
    /// Records that were looked at.
    pub records: u64,
    /// Half were faster.
    pub p50_us: u64,
    /// 95 of 100 were faster.
    pub p95_us: u64,
    /// 99 of 100 were faster.
    pub p99_us: u64,
    /// The slowest.
    pub max_us: u64,
}

/// What the home holds in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Records.
    pub records: u64,
    /// When the last one arrived, UTC.
    pub last: Option<Timestamp>,
    /// Pictures in the home.
    pub pictures: u64,
    /// Their bytes.
    pub picture_bytes: u64,
    /// Records with a label.
    pub labelled: u64,
}

impl Ledger {
    /// What happened since a time.
    pub async fn summary(&self, _since: Timestamp) -> Result<Summary, StoreError> {
        todo!()
    }

    /// What the home holds in all.
    pub async fn totals(&self) -> Result<Totals, StoreError> {
        todo!()
    }
}
