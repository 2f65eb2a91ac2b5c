//! The newest answers in few words, and how much the wheel holds: what a glance needs, at a cost that does not grow with
//! the ledger.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::ledger::columns::RowExt as _;
use crate::{Ledger, StoreError};

/// One answer in few words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RecentAnswer {
    /// When its request arrived, UTC.
    pub arrived: Timestamp,
    /// Time from head to answer, microseconds.
    pub total_us: u64,
    /// Whether it was a judgement.
    pub judged: bool,
    /// Bytes of its picture; 0 when it came with none, or it was not kept.
    pub picture_bytes: u64,
}

/// What the stations hold in all. Numbers that only ever grow are read off their tables' ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WheelCounts {
    /// Records of challenges.
    pub records: u64,
    /// Looks among the records for what is hard.
    pub mining_runs: u64,
    /// Batches that were asked of generators.
    pub batches: u64,
    /// Pictures in the review queue, decided ones included.
    pub reviews: u64,
    /// Decisions of people.
    pub decisions: u64,
    /// Versions of the data.
    pub versions: u64,
    /// Moves of the pointer.
    pub promotions: u64,
    /// Jobs of the night.
    pub jobs: u64,
}

impl Ledger {
    /// The newest `limit` answers since a time, newest first.
    pub async fn recent(&self, since: Timestamp, limit: u32) -> Result<Vec<RecentAnswer>, StoreError> {
        let sql = "SELECT r.arrived_us, r.total_us, r.silence IS NULL AND r.status = 200 AS judged,
                coalesce(o.bytes, 0) AS bytes
            FROM records r LEFT JOIN objects o ON o.sha256 = r.sha256
            WHERE r.arrived_us >= ? ORDER BY r.arrived_us DESC LIMIT ?";
        let rows = sqlx::query(sql).bind(since.as_microsecond()).bind(limit).fetch_all(self.readers()).await;
        let read = |row: &SqliteRow| {
            Ok(RecentAnswer {
                arrived: row.time("arrived_us")?,
                total_us: row.unsigned("total_us")?,
                judged: row.try_get::<i64, _>("judged")? != 0,
                picture_bytes: row.unsigned("bytes")?,
            })
        };
        rows.and_then(|rows| rows.iter().map(read).collect()).map_err(|e| self.error(e))
    }

    /// How many records arrived since a time, in spans of `each` counted from it; spans without any are left out. Reads an
    /// index only.
    pub async fn arrivals(&self, since: Timestamp, each: SignedDuration) -> Result<Vec<(u64, u64)>, StoreError> {
        let sql =
            "SELECT (arrived_us - ?1) / ?2 AS span, count(*) AS n FROM records WHERE arrived_us >= ?1 GROUP BY span";
        let each = i64::try_from(each.as_micros()).unwrap_or(i64::MAX).max(1);
        let rows = sqlx::query(sql).bind(since.as_microsecond()).bind(each).fetch_all(self.readers()).await;
        let read = |row: &SqliteRow| Ok((row.unsigned("span")?, row.unsigned("n")?));
        rows.and_then(|rows| rows.iter().map(read).collect()).map_err(|e| self.error(e))
    }

    /// How much the wheel holds.
    pub async fn wheel_counts(&self) -> Result<WheelCounts, StoreError> {
        // Rows of these tables are never removed, so that the last number is how many there are.
        let sql = "SELECT (SELECT max(seq) FROM records) AS records, (SELECT max(id) FROM mining_runs) AS mining_runs,
            (SELECT max(id) FROM batches) AS batches, (SELECT max(id) FROM reviews) AS reviews,
            (SELECT max(seq) FROM decisions) AS decisions, (SELECT max(id) FROM data_versions) AS versions,
            (SELECT max(seq) FROM promotions) AS promotions, (SELECT max(id) FROM jobs) AS jobs";
        let row = sqlx::query(sql).fetch_one(self.readers()).await.map_err(|e| self.error(e))?;
        let count = |column: &str| {
            row.try_get::<Option<i64>, _>(column).map(|n| n.unwrap_or_default() as u64).map_err(|e| self.error(e))
        };
        Ok(WheelCounts {
            records: count("records")?,
            mining_runs: count("mining_runs")?,
            batches: count("batches")?,
            reviews: count("reviews")?,
            decisions: count("decisions")?,
            versions: count("versions")?,
            promotions: count("promotions")?,
            jobs: count("jobs")?,
        })
    }
}
