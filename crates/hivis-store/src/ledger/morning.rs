//! What a morning report counts: mining, generated pictures, spend, reviews, and what was lost, since a time.

use std::collections::BTreeMap;

use hivis_types::Usd;
use jiff::Timestamp;
use serde::Serialize;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::ledger::columns::RowExt as _;
use crate::{Ledger, StoreError};

/// The newest look among the records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mined {
    /// When, UTC.
    pub at: Timestamp,
    /// Records that were judged.
    pub looked: u64,
    /// Of those, hard ones.
    pub hard: u64,
    /// Of those, picked ones.
    pub picked: u64,
}

/// What a generator made, and what became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Made {
    /// The generator.
    pub generator: String,
    /// Pictures that were asked for.
    pub asked: u64,
    /// Pictures that came.
    pub made: u64,
    /// Of those, passed by the gate.
    pub passed: u64,
    /// Of those, refused by the gate.
    pub refused: u64,
    /// Reasons of the gate, and of what came as no picture at all.
    pub reasons: BTreeMap<String, u64>,
    /// Why batches ended early.
    pub stopped: Vec<String>,
}

/// What people decided.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Reviewed {
    /// Pictures that still need a decision.
    pub open: u64,
    /// Decisions on recorded and imported pictures: accepted, rejected, skipped.
    pub others: [u64; 3],
    /// Decisions on generated pictures, by generator: accepted, rejected, skipped.
    pub generated: BTreeMap<String, [u64; 3]>,
}

impl Ledger {
    /// The newest mining run since a time.
    pub async fn last_mining(&self, since: Timestamp) -> Result<Option<Mined>, StoreError> {
        let sql = "SELECT at_us, looked, hard, (SELECT count(*) FROM picks WHERE run = mining_runs.id) AS picked
            FROM mining_runs WHERE at_us >= ? ORDER BY at_us DESC, id DESC LIMIT 1";
        let row = sqlx::query(sql).bind(since.as_microsecond()).fetch_optional(self.readers()).await;
        let read = |row: &SqliteRow| {
            Ok(Mined {
                at: row.time("at_us")?,
                looked: row.unsigned("looked")?,
                hard: row.unsigned("hard")?,
                picked: row.unsigned("picked")?,
            })
        };
        row.and_then(|row| row.as_ref().map(read).transpose()).map_err(|e| self.error(e))
    }

    /// What batches that were begun since a time came to, by generator.
    pub async fn made_since(&self, since: Timestamp) -> Result<Vec<Made>, StoreError> {
        let mut made: BTreeMap<String, Made> = BTreeMap::new();
        let sql = "SELECT generator, asked, refused, stopped FROM batches WHERE begun_us >= ? ORDER BY id";
        let rows = sqlx::query(sql).bind(since.as_microsecond()).fetch_all(self.readers()).await;
        for row in rows.map_err(|e| self.error(e))? {
            batch(&row, &mut made).map_err(|e| self.error(e))?;
        }
        let sql = "SELECT b.generator, v.passed, v.reasons FROM generated g JOIN batches b ON b.id = g.batch
            LEFT JOIN verdicts v ON v.sha256 = g.sha256 AND v.level = 1 WHERE b.begun_us >= ?";
        let rows = sqlx::query(sql).bind(since.as_microsecond()).fetch_all(self.readers()).await;
        for row in rows.map_err(|e| self.error(e))? {
            picture(&row, &mut made).map_err(|e| self.error(e))?;
        }
        Ok(made.into_iter().map(|(generator, made)| Made { generator, ..made }).collect())
    }

    /// Money that was spent since a time, by what for; what nobody settled counts as booked.
    pub async fn spent_since(&self, since: Timestamp) -> Result<BTreeMap<String, Usd>, StoreError> {
        let sql = "SELECT what, sum(coalesce(settled, booked)) AS micro FROM spend WHERE booked_us >= ? GROUP BY what";
        let rows = sqlx::query(sql).bind(since.as_microsecond()).fetch_all(self.readers()).await;
        let read = |row: &SqliteRow| Ok((row.try_get("what")?, Usd(row.try_get("micro")?)));
        rows.and_then(|rows| rows.iter().map(read).collect()).map_err(|e| self.error(e))
    }

    /// What people decided since a time and did not undo, and what waits for them.
    pub async fn reviewed_since(&self, since: Timestamp) -> Result<Reviewed, StoreError> {
        let mut reviewed = Reviewed { open: self.review_counts().await?.waiting(), ..Reviewed::default() };
        let sql = "SELECT b.generator, d.verdict, count(*) AS n FROM decisions d JOIN reviews r ON r.id = d.review
            LEFT JOIN generated g ON g.sha256 = r.sha256 LEFT JOIN batches b ON b.id = g.batch
            WHERE d.undone_us IS NULL AND d.at_us >= ? GROUP BY b.generator, d.verdict";
        let rows = sqlx::query(sql).bind(since.as_microsecond()).fetch_all(self.readers()).await;
        for row in rows.map_err(|e| self.error(e))? {
            let read = || Ok((row.try_get("generator")?, row.try_get("verdict")?, row.try_get::<i64, _>("n")?));
            let (generator, verdict, n): (Option<String>, String, i64) = read().map_err(|e| self.error(e))?;
            let counts = match generator {
                Some(generator) => reviewed.generated.entry(generator).or_default(),
                None => &mut reviewed.others,
            };
            let place = ["accept", "reject", "skip"].iter().position(|known| *known == verdict);
            if let Some(place) = place {
                counts[place] += n as u64;
            }
        }
        Ok(reviewed)
    }

    /// Pictures of records since a time that were not stored, by reason.
    pub async fn lost_since(&self, since: Timestamp) -> Result<BTreeMap<String, u64>, StoreError> {
        let sql = "SELECT picture_lost, count(*) AS n FROM records WHERE arrived_us >= ? AND picture_lost IS NOT NULL
            GROUP BY picture_lost";
        let rows = sqlx::query(sql).bind(since.as_microsecond()).fetch_all(self.readers()).await;
        let read = |row: &SqliteRow| Ok((row.try_get("picture_lost")?, row.unsigned("n")?));
        rows.and_then(|rows| rows.iter().map(read).collect()).map_err(|e| self.error(e))
    }
}

fn batch(row: &SqliteRow, made: &mut BTreeMap<String, Made>) -> Result<(), sqlx::Error> {
    let of = made.entry(row.try_get("generator")?).or_default();
    of.asked += row.unsigned("asked")?;
    for (reason, n) in row.json::<BTreeMap<String, u64>>("refused")? {
        *of.reasons.entry(reason).or_default() += n;
    }
    of.stopped.extend(row.try_get::<Option<String>, _>("stopped")?);
    Ok(())
}

fn picture(row: &SqliteRow, made: &mut BTreeMap<String, Made>) -> Result<(), sqlx::Error> {
    let of = made.entry(row.try_get("generator")?).or_default();
    of.made += 1;
    match row.try_get::<Option<i64>, _>("passed")? {
        None => {}
        Some(0) => {
            of.refused += 1;
            for reason in row.json::<Vec<String>>("reasons")? {
                *of.reasons.entry(reason).or_default() += 1;
            }
        }
        Some(_) => of.passed += 1,
    }
    Ok(())
}
