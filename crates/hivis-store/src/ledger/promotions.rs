//! Moves of the pointer `releases/current`, and what came of each.

use hivis_types::ReleaseId;
use jiff::Timestamp;
use serde::Serialize;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::ledger::columns::RowExt as _;
use crate::{Ledger, StoreError};

/// Why the pointer moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PromotionKind {
    /// A person promoted it.
    Promote,
    /// Back to what served before.
    Rollback,
    /// A model that was imported.
    Import,
}

impl PromotionKind {
    /// The name in the ledger and in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Promote => "promote",
            Self::Rollback => "rollback",
            Self::Import => "import",
        }
    }
}

/// A move that is about to be made.
#[derive(Clone, Debug)]
pub struct NewPromotion {
    /// What the pointer will name.
    pub release: ReleaseId,
    /// What it names now.
    pub previous: Option<ReleaseId>,
    /// Why.
    pub kind: PromotionKind,
    /// The exam that decided, a file of `exams/`.
    pub exam: Option<String>,
    /// When, UTC.
    pub at: Timestamp,
}

/// A move as the ledger holds it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Promotion {
    /// Its number, in the order of the moves.
    pub seq: i64,
    /// What the pointer named after it.
    pub release: ReleaseId,
    /// What it named before.
    pub previous: Option<ReleaseId>,
    /// Why it moved.
    pub kind: PromotionKind,
    /// The exam that decided.
    pub exam: Option<String>,
    /// When it moved, UTC.
    pub at: Timestamp,
    /// What a server said; `None` until one has looked.
    pub outcome: Option<PromotionOutcome>,
}

/// What a server made of a release that the pointer named.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PromotionOutcome {
    /// It serves since then; otherwise it was refused.
    pub serving: bool,
    /// When, UTC.
    pub at: Timestamp,
    /// Why it was refused.
    pub reason: Option<String>,
}

const COLUMNS: &str =
    "SELECT seq, \"release\", previous, kind, exam, at_us, serving, outcome_us, reason FROM promotions";

impl Ledger {
    /// Writes down that the pointer is about to move; gives the move's number. A move that never happened after all (a
    /// crash) stays without an outcome.
    pub async fn begin_promotion(&self, new: &NewPromotion) -> Result<i64, StoreError> {
        let mut transaction = self.begin().await?;
        let sql = "INSERT INTO promotions (\"release\", previous, kind, exam, at_us) VALUES (?, ?, ?, ?, ?)";
        let done = sqlx::query(sql)
            .bind(new.release.as_str())
            .bind(new.previous.as_ref().map(ReleaseId::as_str))
            .bind(new.kind.as_str())
            .bind(new.exam.as_deref())
            .bind(new.at.as_microsecond())
            .execute(&mut *transaction)
            .await
            .map_err(|e| self.error(e))?;
        transaction.commit().await.map_err(|e| self.error(e))?;
        Ok(done.last_insert_rowid())
    }

    /// Writes a server's word on the newest move to `release`, unless it is written there that it serves.
    pub async fn end_promotion(&self, release: &ReleaseId, outcome: &PromotionOutcome) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let sql = "UPDATE promotions SET serving = ?, outcome_us = ?, reason = ? WHERE coalesce(serving, 0) = 0
            AND seq = (SELECT max(seq) FROM promotions WHERE \"release\" = ?)";
        sqlx::query(sql)
            .bind(i64::from(outcome.serving))
            .bind(outcome.at.as_microsecond())
            .bind(outcome.reason.as_deref())
            .bind(release.as_str())
            .execute(&mut *transaction)
            .await
            .map_err(|e| self.error(e))?;
        transaction.commit().await.map_err(|e| self.error(e))
    }

    /// The newest move to `release`.
    pub async fn last_promotion(&self, release: &ReleaseId) -> Result<Option<Promotion>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("{COLUMNS} WHERE \"release\" = ? ORDER BY seq DESC LIMIT 1"));
        let row = sqlx::query(sql).bind(release.as_str()).fetch_optional(self.readers()).await;
        row.and_then(|row| row.as_ref().map(from_row).transpose()).map_err(|e| self.error(e))
    }

    /// The move of that number.
    pub async fn promotion(&self, seq: i64) -> Result<Option<Promotion>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("{COLUMNS} WHERE seq = ?"));
        let row = sqlx::query(sql).bind(seq).fetch_optional(self.readers()).await;
        row.and_then(|row| row.as_ref().map(from_row).transpose()).map_err(|e| self.error(e))
    }

    /// The newest `limit` moves before the move `before`, newest first.
    pub async fn promotions_before(&self, before: Option<i64>, limit: u32) -> Result<Vec<Promotion>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("{COLUMNS} WHERE seq < ? ORDER BY seq DESC LIMIT ?"));
        let query = sqlx::query(sql).bind(before.unwrap_or(i64::MAX)).bind(i64::from(limit));
        let rows = query.fetch_all(self.readers()).await;
        rows.and_then(|rows| rows.iter().map(from_row).collect()).map_err(|e| self.error(e))
    }

    /// The newest moves, newest first.
    pub async fn promotions(&self, limit: u32) -> Result<Vec<Promotion>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("{COLUMNS} ORDER BY seq DESC LIMIT ?"));
        let rows = sqlx::query(sql).bind(i64::from(limit)).fetch_all(self.readers()).await;
        rows.and_then(|rows| rows.iter().map(from_row).collect()).map_err(|e| self.error(e))
    }
}

fn from_row(row: &SqliteRow) -> Result<Promotion, sqlx::Error> {
    let kinds = [PromotionKind::Promote, PromotionKind::Rollback, PromotionKind::Import];
    let serving: Option<i64> = row.try_get("serving")?;
    let outcome = match (serving, row.time_if("outcome_us")?) {
        (Some(serving), Some(at)) => {
            Some(PromotionOutcome { serving: serving != 0, at, reason: row.try_get("reason")? })
        }
        _ => None,
    };
    Ok(Promotion {
        seq: row.try_get("seq")?,
        release: row.release("release")?,
        previous: row.release_if("previous")?,
        kind: row.one_of("kind", &kinds, PromotionKind::as_str)?,
        exam: row.try_get("exam")?,
        at: row.time("at_us")?,
        outcome,
    })
}
