//! Every change that somebody made through the page or its API, or tried to make.

use jiff::Timestamp;
use serde::Serialize;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::ledger::columns::RowExt as _;
use crate::{Ledger, StoreError};

/// Longest text of one field, in characters: some come from outside.
const LONGEST: usize = 400;

/// A line to be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewAudit {
    /// When.
    pub at: Timestamp,
    /// The account's name.
    pub who: String,
    /// What it may do.
    pub role: String,
    /// The address that it came from.
    pub source: String,
    /// What was done: `release.promote`, `review.decide`, `login`.
    pub action: String,
    /// What it was done to; empty where there is nothing to name.
    pub target: String,
    /// `done`, or why not.
    pub outcome: String,
}

/// A line as the ledger holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditEntry {
    /// Its number, in the order of writing.
    pub seq: i64,
    /// What was written.
    #[serde(flatten)]
    pub entry: NewAudit,
}

impl Ledger {
    /// Writes a line; texts are cut to 400 characters. Lines are never changed or removed.
    pub async fn note_audit(&self, new: &NewAudit) -> Result<i64, StoreError> {
        let cut = |text: &str| text.chars().take(LONGEST).collect::<String>();
        let mut transaction = self.begin().await?;
        let sql = "INSERT INTO audit (at_us, who, role, source, action, target, outcome) VALUES (?, ?, ?, ?, ?, ?, ?)";
        let done = sqlx::query(sql)
            .bind(new.at.as_microsecond())
            .bind(cut(&new.who))
            .bind(cut(&new.role))
            .bind(cut(&new.source))
            .bind(cut(&new.action))
            .bind(cut(&new.target))
            .bind(cut(&new.outcome))
            .execute(&mut *transaction)
            .await
            .map_err(|e| self.error(e))?;
        transaction.commit().await.map_err(|e| self.error(e))?;
        Ok(done.last_insert_rowid())
    }

    /// The newest `limit` lines, newest first; those before the line `before`, where it is given.
    pub async fn audit(&self, before: Option<i64>, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        let sql = "SELECT seq, at_us, who, role, source, action, target, outcome FROM audit
            WHERE seq < ? ORDER BY seq DESC LIMIT ?";
        let rows = sqlx::query(sql).bind(before.unwrap_or(i64::MAX)).bind(limit).fetch_all(self.readers()).await;
        rows.and_then(|rows| rows.iter().map(from_row).collect()).map_err(|e| self.error(e))
    }

    /// The newest line of an action on a target that was begun in the span, ends included: its outcome begins with
    /// `begun:`.
    pub async fn audit_begun(
        &self,
        action: &str,
        target: &str,
        span: (Timestamp, Timestamp),
    ) -> Result<Option<AuditEntry>, StoreError> {
        let sql = "SELECT seq, at_us, who, role, source, action, target, outcome FROM audit
            WHERE at_us BETWEEN ? AND ? AND action = ? AND target = ?
            AND substr(outcome, 1, 6) = 'begun:' ORDER BY at_us DESC LIMIT 1";
        let query = sqlx::query(sql).bind(span.0.as_microsecond()).bind(span.1.as_microsecond());
        let row = query.bind(action).bind(target).fetch_optional(self.readers()).await;
        row.and_then(|row| row.as_ref().map(from_row).transpose()).map_err(|e| self.error(e))
    }
}

fn from_row(row: &SqliteRow) -> Result<AuditEntry, sqlx::Error> {
    let entry = NewAudit {
        at: row.time("at_us")?,
        who: row.try_get("who")?,
        role: row.try_get("role")?,
        source: row.try_get("source")?,
        action: row.try_get("action")?,
        target: row.try_get("target")?,
        outcome: row.try_get("outcome")?,
    };
    Ok(AuditEntry { seq: row.try_get("seq")?, entry })
}
