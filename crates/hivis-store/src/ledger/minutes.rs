//! Counts by minute: what the pages show of the last hour and the last day, at the same price whatever the ledger holds.
//!
//! Rows are written with the records, in the transaction that writes them ([`count`]). A window begins at a whole minute.
//! Latencies are kept in steps of five binary digits, so a quantile is told as the end of its step: never too low, and at
//! most 1/16 (6.25%) too high. The slowest is exact.

use std::collections::BTreeMap;

use hivis_types::RecordId;
use jiff::Timestamp;
use serde::Serialize;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

use crate::ledger::columns::RowExt as _;
use crate::ledger::insert::{Inserted, Prepared};
use crate::{Latency, Ledger, StoreError, Summary};

/// Microseconds of a minute.
const MINUTE_US: i64 = 60_000_000;
/// Binary digits of a latency that are kept.
const DIGITS: u32 = 5;
/// Beyond this (half an hour) a latency is in the last step.
const LONGEST_US: u64 = 31 << 26;

/// What happened since a whole minute.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Window {
    /// Counts, and latencies within 1/16.
    #[serde(flatten)]
    pub summary: Summary,
    /// Records whose picture was stored.
    pub pictures: u64,
    /// Callers that asked.
    pub callers: u64,
}

/// One minute, for a curve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Minute {
    /// Unix minutes.
    pub minute: i64,
    /// Records.
    pub records: u64,
    /// Of those, answered with a judgement.
    pub answered: u64,
}

/// Whoever asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CallerSeen {
    /// The key.
    pub hotkey: String,
    /// The first question, UTC.
    pub first: Timestamp,
    /// The newest one.
    pub last: Timestamp,
    /// Questions in all.
    pub records: u64,
}

impl Ledger {
    /// What happened since the minute that `since` lies in.
    pub async fn window(&self, since: Timestamp) -> Result<Window, StoreError> {
        let (mut window, slowest) = self.counted(since).await?;
        let sql = "SELECT from_us, sum(records) AS n FROM minute_latency WHERE minute >= ? GROUP BY from_us
            ORDER BY from_us";
        let rows = sqlx::query(sql).bind(minute_of(since)).fetch_all(self.readers()).await;
        let step = |row: &SqliteRow| Ok::<_, sqlx::Error>((row.unsigned("from_us")?, row.unsigned("n")?));
        let steps: Result<Vec<_>, _> = rows.and_then(|rows| rows.iter().map(step).collect());
        window.summary.latency = quantiles(&steps.map_err(|e| self.error(e))?, slowest);
        Ok(window)
    }

    /// The same without latencies, which are most of its price.
    pub async fn window_counts(&self, since: Timestamp) -> Result<Window, StoreError> {
        Ok(self.counted(since).await?.0)
    }

    /// Counts, and the slowest answer.
    async fn counted(&self, since: Timestamp) -> Result<(Window, u64), StoreError> {
        let from = minute_of(since);
        let mut window = Window::default();
        let sql = "SELECT status, silence, sum(records) AS n, sum(pictures) AS pictures, max(slowest_us) AS slowest
            FROM minutes WHERE minute >= ? GROUP BY status, silence";
        let rows = sqlx::query(sql).bind(from).fetch_all(self.readers()).await.map_err(|e| self.error(e))?;
        let mut slowest = 0;
        for row in &rows {
            slowest = slowest.max(add(row, &mut window).map_err(|e| self.error(e))?);
        }
        let sql = "SELECT count(*) FROM callers WHERE last_us >= ?";
        let callers = sqlx::query_scalar::<_, i64>(sql).bind(from.saturating_mul(MINUTE_US));
        window.callers = callers.fetch_one(self.readers()).await.map_err(|e| self.error(e))? as u64;
        Ok((window, slowest))
    }

    /// The minutes in which somebody asked, from the one that `since` lies in, oldest first; at most 1,500.
    pub async fn by_minute(&self, since: Timestamp) -> Result<Vec<Minute>, StoreError> {
        let sql = "SELECT minute, sum(records) AS n, sum(CASE WHEN silence = '' THEN records ELSE 0 END) AS answered
            FROM minutes WHERE minute >= ? GROUP BY minute ORDER BY minute DESC LIMIT 1500";
        let rows = sqlx::query(sql).bind(minute_of(since)).fetch_all(self.readers()).await;
        let read = |row: &SqliteRow| {
            Ok(Minute {
                minute: row.try_get("minute")?,
                records: row.unsigned("n")?,
                answered: row.unsigned("answered")?,
            })
        };
        let minutes: Result<Vec<_>, _> = rows.and_then(|rows| rows.iter().rev().map(read).collect());
        minutes.map_err(|e| self.error(e))
    }

    /// Whoever asked, the newest first; at most 500.
    pub async fn callers(&self) -> Result<Vec<CallerSeen>, StoreError> {
        let sql = "SELECT hotkey, first_us, last_us, records FROM callers ORDER BY last_us DESC LIMIT 500";
        let rows = sqlx::query(sql).fetch_all(self.readers()).await;
        let read = |row: &SqliteRow| {
            Ok(CallerSeen {
                hotkey: row.try_get("hotkey")?,
                first: row.time("first_us")?,
                last: row.time("last_us")?,
                records: row.unsigned("records")?,
            })
        };
        rows.and_then(|rows| rows.iter().map(read).collect()).map_err(|e| self.error(e))
    }

    /// The record since then whose judgement was nearest to 0.5, among those with a stored picture.
    pub async fn least_sure(&self, since: Timestamp) -> Result<Option<RecordId>, StoreError> {
        let sql = "SELECT r.id FROM minute_unsure u JOIN records r ON r.seq = u.record
            JOIN objects o ON o.sha256 = r.sha256 AND o.removed_us IS NULL
            WHERE u.minute >= ? ORDER BY u.sureness, u.record DESC LIMIT 1";
        let found = sqlx::query_scalar::<_, String>(sql).bind(minute_of(since)).fetch_optional(self.readers()).await;
        Ok(found.map_err(|e| self.error(e))?.and_then(|id| id.parse().ok().map(RecordId)))
    }
}

/// Adds one row of [`Ledger::window`]; gives its slowest answer.
fn add(row: &SqliteRow, window: &mut Window) -> Result<u64, sqlx::Error> {
    let (status, n): (u16, i64) = (row.try_get("status")?, row.try_get("n")?);
    let (silence, slowest): (String, i64) = (row.try_get("silence")?, row.try_get("slowest")?);
    let n = n as u64;
    window.summary.records += n;
    window.pictures += row.unsigned("pictures")?;
    *window.summary.by_status.entry(status).or_default() += n;
    if silence.is_empty() {
        window.summary.answered += n;
        return Ok(slowest as u64);
    }
    *window.summary.by_silence.entry(silence).or_default() += n;
    Ok(0)
}

/// Nearest-rank quantiles of ordered steps; each is the last value of its step.
fn quantiles(steps: &[(u64, u64)], slowest: u64) -> Option<Latency> {
    let records: u64 = steps.iter().map(|(_, n)| n).sum();
    if records == 0 {
        return None;
    }
    let rank = |percent: u64| {
        let wanted = (records * percent).div_ceil(100).max(1);
        let mut seen = 0;
        let step = steps.iter().find(|(_, n)| {
            seen += n;
            seen >= wanted
        });
        step.map_or(slowest, |(from, _)| last_of(*from).min(slowest))
    };
    Some(Latency { records, p50_us: rank(50), p95_us: rank(95), p99_us: rank(99), max_us: slowest })
}

/// Where the step of a latency begins. The migration says the same in SQL.
fn step_of(us: u64) -> u64 {
    let us = us.min(LONGEST_US);
    let shift = (u64::BITS - us.leading_zeros()).saturating_sub(DIGITS);
    us >> shift << shift
}

/// The last value of a step.
fn last_of(from: u64) -> u64 {
    if from >= LONGEST_US {
        return u64::MAX;
    }
    let shift = (u64::BITS - from.leading_zeros()).saturating_sub(DIGITS);
    from + (1 << shift) - 1
}

fn minute_of(at: Timestamp) -> i64 {
    minute(at.as_microsecond())
}

/// Rounded towards zero, as SQLite divides.
fn minute(us: i64) -> i64 {
    us / MINUTE_US
}

/// What a group of records adds to one minute and kind of answer.
#[derive(Default)]
struct Sum {
    records: i64,
    pictures: i64,
    slowest_us: i64,
}

/// Counts the new records of a group, within its transaction.
pub(crate) async fn count(
    connection: &mut SqliteConnection,
    group: &[Prepared],
    outcomes: &[Inserted],
) -> Result<(), sqlx::Error> {
    let mut minutes: BTreeMap<(i64, u16, &str), Sum> = BTreeMap::new();
    let mut latency: BTreeMap<(i64, i64), i64> = BTreeMap::new();
    let mut unsure: BTreeMap<i64, (f64, i64)> = BTreeMap::new();
    let mut callers: BTreeMap<&str, (i64, i64, i64)> = BTreeMap::new();
    for (prepared, outcome) in group.iter().zip(outcomes) {
        let Some(seq) = outcome.seq else { continue };
        let record = &prepared.record;
        let arrived = record.arrived.as_microsecond();
        let at = minute(arrived);
        let stored = matches!(prepared.picture, Some(Ok(_))) && !outcome.collided;
        let silence = record.silence.map_or("", hivis_types::Silence::as_str);
        let sum = minutes.entry((at, record.status, silence)).or_default();
        sum.records += 1;
        sum.pictures += i64::from(stored);
        sum.slowest_us = sum.slowest_us.max(record.timings.total_us as i64);
        if record.silence.is_none() {
            *latency.entry((at, step_of(record.timings.total_us) as i64)).or_default() += 1;
        }
        let sureness = record.judgement.as_ref().map(|judgement| (f64::from(judgement.probability) - 0.5).abs());
        if let Some(sureness) = sureness.filter(|sureness| stored && sureness.is_finite()) {
            let least = unsure.entry(at).or_insert((sureness, seq));
            if sureness < least.0 {
                *least = (sureness, seq);
            }
        }
        let seen = callers.entry(record.caller.hotkey.as_str()).or_insert((arrived, arrived, 0));
        *seen = (seen.0.min(arrived), seen.1.max(arrived), seen.2 + 1);
    }
    for ((minute, status, silence), sum) in minutes {
        let sql =
            "INSERT INTO minutes (minute, status, silence, records, pictures, slowest_us) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET records = records + excluded.records, pictures = pictures + excluded.pictures,
                slowest_us = max(slowest_us, excluded.slowest_us)";
        let query = sqlx::query(sql).bind(minute).bind(status).bind(silence);
        query.bind(sum.records).bind(sum.pictures).bind(sum.slowest_us).execute(&mut *connection).await?;
    }
    for ((minute, from_us), records) in latency {
        let sql = "INSERT INTO minute_latency (minute, from_us, records) VALUES (?, ?, ?)
            ON CONFLICT DO UPDATE SET records = records + excluded.records";
        sqlx::query(sql).bind(minute).bind(from_us).bind(records).execute(&mut *connection).await?;
    }
    for (minute, (sureness, seq)) in unsure {
        let sql = "INSERT INTO minute_unsure (minute, record, sureness) VALUES (?, ?, ?)
            ON CONFLICT DO UPDATE SET record = excluded.record, sureness = excluded.sureness
            WHERE excluded.sureness < sureness";
        sqlx::query(sql).bind(minute).bind(seq).bind(sureness).execute(&mut *connection).await?;
    }
    for (hotkey, (first, last, records)) in callers {
        let sql = "INSERT INTO callers (hotkey, first_us, last_us, records) VALUES (?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET first_us = min(first_us, excluded.first_us),
                last_us = max(last_us, excluded.last_us), records = records + excluded.records";
        sqlx::query(sql).bind(hotkey).bind(first).bind(last).bind(records).execute(&mut *connection).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn steps_hold_their_values_and_are_narrow() {
        let all = (0..200_000).chain((0..63).map(|bit| 1_u64 << bit)).chain([u64::MAX]);
        let mut begun = BTreeSet::new();
        for us in all {
            let from = step_of(us);
            begun.insert(from);
            assert!(from <= us && us <= last_of(from), "{us}: {from}..={}", last_of(from));
            if from < LONGEST_US {
                assert!((last_of(from) - from) * 16 <= from, "{us}: {from}..={}", last_of(from));
            }
        }
        let begun: Vec<u64> = begun.into_iter().filter(|from| *from < 100_000).collect();
        assert!(begun.windows(2).all(|pair| last_of(pair[0]) + 1 == pair[1]), "no gap and no overlap");
    }

    #[test]
    fn quantiles_are_of_the_nearest_rank() {
        assert_eq!(quantiles(&[], 0), None);
        let one = quantiles(&[(1000, 1)], 1003).unwrap();
        assert_eq!((one.p50_us, one.p99_us, one.max_us), (1003, 1003, 1003));
        // 98 of 100 are fast: the 99th is slow.
        let many = quantiles(&[(10, 98), (1024, 2)], 1030).unwrap();
        assert_eq!((many.records, many.p50_us, many.p95_us, many.p99_us), (100, 10, 10, 1030));
    }
}
