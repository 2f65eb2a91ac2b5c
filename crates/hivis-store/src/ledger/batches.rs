//! Orders to generators, and what came of them.

use std::collections::BTreeMap;

use hivis_types::Usd;
use jiff::Timestamp;
use serde::Serialize;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::ledger::columns::RowExt as _;
use crate::{Ledger, StoreError};

/// Why pictures were ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BatchKind {
    /// Each night, of what was hard.
    Night,
    /// The run of 60 days.
    Long,
    /// Each month, and only what the serving release gets wrong.
    Adversarial,
    /// A person asked for it.
    Hand,
}

impl BatchKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Night, Self::Long, Self::Adversarial, Self::Hand];

    /// The name in the ledger and in commands.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Night => "night",
            Self::Long => "long",
            Self::Adversarial => "adversarial",
            Self::Hand => "hand",
        }
    }
}

/// An order that is about to be given.
#[derive(Clone, Debug)]
pub struct NewBatch {
    /// Why.
    pub kind: BatchKind,
    /// Who makes it.
    pub generator: String,
    /// Name and version of each prompt file.
    pub prompts: String,
    /// How many pictures are wanted.
    pub asked: u64,
    /// The mining run whose picks it varies.
    pub run: Option<i64>,
    /// The tags that it is made for.
    pub slices: Vec<String>,
}

/// An order, and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Batch {
    /// Its number.
    pub id: i64,
    /// Why.
    pub kind: BatchKind,
    /// Who makes it.
    pub generator: String,
    /// Name and version of each prompt file.
    pub prompts: String,
    /// How many pictures were wanted.
    pub asked: u64,
    /// How many are kept.
    pub made: u64,
    /// How many of them are wanted to show roadwork.
    pub roadwork: u64,
    /// What those that are kept cost.
    pub cost: Usd,
    /// Refused pictures, by reason.
    pub refused: BTreeMap<String, u64>,
    /// When it began, UTC.
    pub begun: Timestamp,
    /// When it ended; `None` while it runs, or when its process died.
    pub ended: Option<Timestamp>,
    /// Why it ended early.
    pub stopped: Option<String>,
    /// The mining run whose picks it varies.
    pub run: Option<i64>,
    /// The tags that it was made for.
    pub slices: Vec<String>,
}

impl Ledger {
    /// Writes an order down before the generator hears of it; gives its number.
    pub async fn begin_batch(&self, new: &NewBatch, now: Timestamp) -> Result<i64, StoreError> {
        let mut transaction = self.begin().await?;
        let sql = "INSERT INTO batches (kind, generator, prompts, asked, begun_us, refused, run, slices)
            VALUES (?, ?, ?, ?, ?, '{}', ?, ?)";
        let done = sqlx::query(sql)
            .bind(new.kind.as_str())
            .bind(&*new.generator)
            .bind(&*new.prompts)
            .bind(new.asked as i64)
            .bind(now.as_microsecond())
            .bind(new.run)
            .bind(serde_json::Value::from(new.slices.clone()).to_string())
            .execute(&mut *transaction)
            .await
            .map_err(|e| self.error(e))?;
        transaction.commit().await.map_err(|e| self.error(e))?;
        Ok(done.last_insert_rowid())
    }

    /// Writes down how an order ended.
    pub async fn end_batch(
        &self,
        batch: i64,
        refused: &BTreeMap<String, u64>,
        stopped: Option<&str>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let refused = serde_json::to_string(refused).map_err(StoreError::Json)?;
        sqlx::query("UPDATE batches SET ended_us = ?, refused = ?, stopped = ? WHERE id = ?")
            .bind(now.as_microsecond())
            .bind(refused)
            .bind(stopped)
            .bind(batch)
            .execute(&mut *transaction)
            .await
            .map_err(|e| self.error(e))?;
        transaction.commit().await.map_err(|e| self.error(e))
    }

    /// Orders, newest first.
    pub async fn batches(&self, limit: u32) -> Result<Vec<Batch>, StoreError> {
        self.select_batches(None, limit).await
    }

    /// One order.
    pub async fn batch(&self, id: i64) -> Result<Option<Batch>, StoreError> {
        Ok(self.select_batches(Some(id), 1).await?.pop())
    }

    async fn select_batches(&self, id: Option<i64>, limit: u32) -> Result<Vec<Batch>, StoreError> {
        let sql = "SELECT b.id, b.kind, b.generator, b.prompts, b.asked, b.begun_us, b.ended_us, b.refused, b.stopped,
                b.run, b.slices, count(g.sha256) AS made, coalesce(sum(g.wanted), 0) AS roadwork,
                coalesce(sum(g.cost_micro), 0) AS cost
            FROM batches b LEFT JOIN generated g ON g.batch = b.id
            WHERE ?1 IS NULL OR b.id = ?1 GROUP BY b.id ORDER BY b.id DESC LIMIT ?2";
        let rows = sqlx::query(sql).bind(id).bind(limit).fetch_all(self.readers()).await;
        rows.and_then(|rows| rows.iter().map(batch).collect()).map_err(|e| self.error(e))
    }
}

fn batch(row: &SqliteRow) -> Result<Batch, sqlx::Error> {
    Ok(Batch {
        id: row.try_get("id")?,
        kind: row.one_of("kind", &BatchKind::ALL, BatchKind::as_str)?,
        generator: row.try_get("generator")?,
        prompts: row.try_get("prompts")?,
        asked: row.unsigned("asked")?,
        made: row.unsigned("made")?,
        roadwork: row.unsigned("roadwork")?,
        cost: Usd(row.try_get("cost")?),
        refused: row.json("refused")?,
        begun: row.time("begun_us")?,
        ended: row.time_if("ended_us")?,
        stopped: row.try_get("stopped")?,
        run: row.try_get("run")?,
        slices: row.json_if("slices")?.unwrap_or_default(),
    })
}
