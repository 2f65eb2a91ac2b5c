//! Counts for `hivis status` and the page.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use sqlx::Row as _;

use crate::ledger::columns::RowExt as _;
use crate::{Ledger, StoreError};

/// Latencies are taken of at most so many records.
const LATENCY_RECORDS: u32 = 10_000;

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

/// Quantiles (nearest rank) of the time from a request's head to its answer, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Latency {
    /// Records that were looked at.
    pub records: u64,
    /// Half were at most this slow.
    pub p50_us: u64,
    /// 95 of 100 were at most this slow.
    pub p95_us: u64,
    /// 99 of 100 were at most this slow.
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
    pub async fn summary(&self, since: Timestamp) -> Result<Summary, StoreError> {
        let mut summary = Summary::default();
        let sql = "SELECT status, silence, count(*) AS n FROM records WHERE arrived_us >= ? GROUP BY status, silence";
        let rows = sqlx::query(sql).bind(since.as_microsecond()).fetch_all(self.readers()).await;
        for row in rows.map_err(|e| self.error(e))? {
            let read = || Ok((row.try_get("status")?, row.try_get("silence")?, row.try_get::<i64, _>("n")?));
            let (status, silence, n): (u16, Option<String>, i64) = read().map_err(|e| self.error(e))?;
            let n = n as u64;
            summary.records += n;
            *summary.by_status.entry(status).or_default() += n;
            match silence {
                Some(reason) => *summary.by_silence.entry(reason).or_default() += n,
                None => summary.answered += n,
            }
        }
        let sql = "SELECT total_us FROM records WHERE arrived_us >= ? AND silence IS NULL
            ORDER BY arrived_us DESC LIMIT ?";
        let times = sqlx::query_scalar::<_, i64>(sql).bind(since.as_microsecond()).bind(LATENCY_RECORDS);
        let times = times.fetch_all(self.readers()).await.map_err(|e| self.error(e))?;
        summary.latency = Latency::of(times.into_iter().map(|us| us as u64).collect());
        Ok(summary)
    }

    /// In how many of the hours since then, counted from it, a challenge was answered with a judgement.
    pub async fn answered_hours(&self, since: Timestamp) -> Result<u32, StoreError> {
        let sql = "SELECT count(DISTINCT (arrived_us - ?1) / 3600000000) FROM records
            WHERE arrived_us >= ?1 AND silence IS NULL AND status = 200";
        let hours = sqlx::query_scalar::<_, i64>(sql).bind(since.as_microsecond()).fetch_one(self.readers()).await;
        hours.map(|hours| hours as u32).map_err(|e| self.error(e))
    }

    /// What the home holds in all.
    pub async fn totals(&self) -> Result<Totals, StoreError> {
        let sql = "SELECT (SELECT count(*) FROM records) AS records, (SELECT max(arrived_us) FROM records) AS last_us,
            (SELECT count(*) FROM objects WHERE removed_us IS NULL) AS pictures,
            (SELECT coalesce(sum(bytes), 0) FROM objects WHERE removed_us IS NULL) AS picture_bytes,
            (SELECT count(DISTINCT record) FROM labels) AS labelled";
        let row = sqlx::query(sql).fetch_one(self.readers()).await.map_err(|e| self.error(e))?;
        let count = |column: &str| row.unsigned(column).map_err(|e| self.error(e));
        Ok(Totals {
            records: count("records")?,
            last: row.time_if("last_us").map_err(|e| self.error(e))?,
            pictures: count("pictures")?,
            picture_bytes: count("picture_bytes")?,
            labelled: count("labelled")?,
        })
    }
}

impl Latency {
    /// The quantiles of these times; `None` of none.
    pub(crate) fn of(mut times: Vec<u64>) -> Option<Self> {
        times.sort_unstable();
        let max_us = *times.last()?;
        // The smallest value with at least `percent` of 100 at or below it.
        let rank = |percent: usize| times[(times.len() * percent).div_ceil(100).max(1) - 1];
        Some(Self { records: times.len() as u64, p50_us: rank(50), p95_us: rank(95), p99_us: rank(99), max_us })
    }
}
