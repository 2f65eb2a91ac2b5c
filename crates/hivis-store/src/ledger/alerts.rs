//! Alerts over time, what was acknowledged, and messages that wait or went.
//!
//! An alert is one row from its opening to its end; one that comes back soon is the same row again. What changes an
//! alert and what queues the messages about it is one transaction ([`Ledger::alert_round`]), so that a crash loses
//! neither. A message leaves the outbox in two steps ([`Ledger::begin_sending`], [`Ledger::end_sending`]): one that a
//! crash cut between them may have arrived, and says so from then on.

mod outbox;
mod round;

use std::collections::BTreeMap;

use hivis_types::Severity;
use jiff::Timestamp;
use serde::Serialize;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

pub use outbox::{ChannelHealth, ChannelState, NewMessage, OutboxMessage, OutboxState, SendEnd, Tells};
pub use round::{AlertRound, AlertState, AlertTimes, AlertTold};

use crate::ledger::columns::RowExt as _;
use crate::{Ledger, StoreError};

/// Longest text of one field, in characters: some come from outside.
const LONGEST: usize = 2_000;

/// An alert as the ledger holds it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StoredAlert {
    /// Its number, in the order of opening.
    pub id: i64,
    /// The rule and its labels: what makes two the same.
    pub key: String,
    /// The rule's name.
    pub rule: String,
    /// What tells it from others of the rule.
    pub labels: BTreeMap<String, String>,
    /// How much it hurts.
    pub severity: Severity,
    /// One sentence with the value in it, as last seen.
    pub summary: String,
    /// What the rule compared, as last seen; `None` for what is no number.
    pub value: Option<f64>,
    /// The page that says what to do.
    pub runbook: String,
    /// Since when it holds, UTC, as the rule has it.
    pub since: Timestamp,
    /// When it was first seen, UTC.
    pub opened: Timestamp,
    /// When it was last seen, UTC.
    pub seen: Timestamp,
    /// When it was over, UTC; `None` while it holds.
    pub resolved: Option<Timestamp>,
    /// How often it came back soon after it was over.
    pub flaps: u32,
    /// Who has acknowledged it; an acknowledgement may have run out.
    pub ack: Option<Ack>,
}

/// Somebody knows, and wants no more messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ack {
    /// Who.
    pub by: String,
    /// When, UTC.
    pub at: Timestamp,
    /// What was said; may be empty.
    pub note: String,
    /// Until when, UTC; `None` until the alert is over.
    pub until: Option<Timestamp>,
}

impl StoredAlert {
    /// Whether an acknowledgement holds at that time.
    pub fn is_acknowledged(&self, now: Timestamp) -> bool {
        self.ack.as_ref().is_some_and(|ack| ack.until.is_none_or(|until| until > now))
    }
}

/// What came of acknowledging, or of taking it back.
#[derive(Clone, Debug, PartialEq)]
pub enum Acknowledged {
    /// It is so now.
    Done(Box<StoredAlert>),
    /// There is no such alert.
    NotFound,
    /// It is over already: there is nothing to acknowledge.
    Over(Box<StoredAlert>),
}

const COLUMNS: &str = "SELECT id, key, rule, labels, severity, summary, value, runbook, since_us, opened_us, seen_us,
    resolved_us, flaps, ack_by, ack_us, ack_note, ack_until_us FROM alerts";

impl Ledger {
    /// Alerts, newest first: those that hold, or those that are over; of those numbered below `before`, where it is given.
    pub async fn alerts(&self, open: bool, before: Option<i64>, limit: u32) -> Result<Vec<StoredAlert>, StoreError> {
        let over = if open { "IS NULL" } else { "IS NOT NULL" };
        let text = format!("{COLUMNS} WHERE resolved_us {over} AND id < ? ORDER BY id DESC LIMIT ?");
        let query = sqlx::query(sqlx::AssertSqlSafe(text)).bind(before.unwrap_or(i64::MAX)).bind(limit);
        let rows = query.fetch_all(self.readers()).await;
        rows.and_then(|rows| rows.iter().map(from_row).collect()).map_err(|e| self.error(e))
    }

    /// The alert of that number.
    pub async fn alert(&self, id: i64) -> Result<Option<StoredAlert>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("{COLUMNS} WHERE id = ?"));
        let row = sqlx::query(sql).bind(id).fetch_optional(self.readers()).await;
        row.and_then(|row| row.as_ref().map(from_row).transpose()).map_err(|e| self.error(e))
    }

    /// How many alerts hold that nobody has acknowledged.
    pub async fn unacknowledged(&self, now: Timestamp) -> Result<u64, StoreError> {
        let sql = "SELECT count(*) FROM alerts
            WHERE resolved_us IS NULL AND (ack_us IS NULL OR ack_until_us <= ?)";
        let count = sqlx::query_scalar::<_, i64>(sql).bind(now.as_microsecond()).fetch_one(self.readers()).await;
        count.map(|count| count as u64).map_err(|e| self.error(e))
    }

    /// Writes down that somebody knows of an alert; it says nothing more until `until`, or until it is over. A second
    /// one takes the place of the first.
    pub async fn acknowledge(&self, id: i64, ack: &Ack) -> Result<Acknowledged, StoreError> {
        self.set_ack(id, Some(ack)).await
    }

    /// Takes an acknowledgement back.
    pub async fn unacknowledge(&self, id: i64) -> Result<Acknowledged, StoreError> {
        self.set_ack(id, None).await
    }

    async fn set_ack(&self, id: i64, ack: Option<&Ack>) -> Result<Acknowledged, StoreError> {
        let mut transaction = self.begin().await?;
        let sql = "UPDATE alerts SET ack_by = ?, ack_us = ?, ack_note = ?, ack_until_us = ?
            WHERE id = ? AND resolved_us IS NULL";
        let done = sqlx::query(sql)
            .bind(ack.map(|ack| cut(&ack.by)))
            .bind(ack.map(|ack| ack.at.as_microsecond()))
            .bind(ack.map(|ack| cut(&ack.note)))
            .bind(ack.and_then(|ack| ack.until).map(Timestamp::as_microsecond))
            .bind(id)
            .execute(&mut *transaction)
            .await
            .map_err(|e| self.error(e))?;
        let sql = sqlx::AssertSqlSafe(format!("{COLUMNS} WHERE id = ?"));
        let row = sqlx::query(sql).bind(id).fetch_optional(&mut *transaction).await;
        let found = row.and_then(|row| row.as_ref().map(from_row).transpose()).map_err(|e| self.error(e))?;
        transaction.commit().await.map_err(|e| self.error(e))?;
        Ok(match found {
            Some(alert) if done.rows_affected() == 1 => Acknowledged::Done(Box::new(alert)),
            Some(alert) => Acknowledged::Over(Box::new(alert)),
            None => Acknowledged::NotFound,
        })
    }

    /// Removes alerts that were over before `until`, and messages that ended before it. What waits stays.
    pub async fn forget_alerts(&self, until: Timestamp) -> Result<u64, StoreError> {
        let mut transaction = self.begin().await?;
        let mut removed = 0;
        for sql in ["DELETE FROM alerts WHERE resolved_us < ?", "DELETE FROM outbox WHERE ended_us < ?"] {
            let done = sqlx::query(sql).bind(until.as_microsecond()).execute(&mut *transaction).await;
            removed += done.map_err(|e| self.error(e))?.rows_affected();
        }
        transaction.commit().await.map_err(|e| self.error(e))?;
        Ok(removed)
    }
}

fn cut(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

fn from_row(row: &SqliteRow) -> Result<StoredAlert, sqlx::Error> {
    let ack = match (row.try_get::<Option<String>, _>("ack_by")?, row.time_if("ack_us")?) {
        (Some(by), Some(at)) => {
            let note = row.try_get::<Option<String>, _>("ack_note")?.unwrap_or_default();
            Some(Ack { by, at, note, until: row.time_if("ack_until_us")? })
        }
        _ => None,
    };
    Ok(StoredAlert {
        id: row.try_get("id")?,
        key: row.try_get("key")?,
        rule: row.try_get("rule")?,
        labels: row.json("labels")?,
        severity: severity(row)?,
        summary: row.try_get("summary")?,
        value: row.try_get("value")?,
        runbook: row.try_get("runbook")?,
        since: row.time("since_us")?,
        opened: row.time("opened_us")?,
        seen: row.time("seen_us")?,
        resolved: row.time_if("resolved_us")?,
        flaps: row.try_get::<i64, _>("flaps")? as u32,
        ack,
    })
}

fn severity(row: &SqliteRow) -> Result<Severity, sqlx::Error> {
    row.one_of("severity", &[Severity::Info, Severity::Warning, Severity::Critical], Severity::as_str)
}
