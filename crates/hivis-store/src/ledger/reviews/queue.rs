//! Putting pictures into the queue, never more than a week's quota.

use hivis_types::RecordId;
use jiff::Timestamp;
use serde::Serialize;
use sqlx::{Row as _, SqliteConnection};

use super::ReviewWhy;
use super::settle::ReviewState;
use crate::ledger::columns::{RowExt as _, unreadable};
use crate::{Ledger, ObjectId, StoreError};

/// A picture to be queued.
#[derive(Clone, Debug, PartialEq)]
pub struct NewReview {
    /// The picture.
    pub id: ObjectId,
    /// The record that shows it: a person's label then goes to the record.
    pub record: Option<RecordId>,
    /// Why a person should look.
    pub why: ReviewWhy,
    /// The higher the sooner.
    pub priority: f64,
    /// How many must look: 1, or 2 for a double review.
    pub wanted: u32,
}

/// How much of the week's quota is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ReviewRoom {
    /// Queued since the week began; a queue of a clock that ran ahead counts too.
    pub this_week: u64,
    /// Queued before it, and still waiting for somebody.
    pub left_over: u64,
    /// What may still be queued.
    pub room: u64,
}

/// How many reviews are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ReviewCounts {
    /// Nobody has looked.
    pub open: u64,
    /// Waiting for a second look.
    pub second: u64,
    /// Waiting for a third look.
    pub conflict: u64,
    /// Settled.
    pub accepted: u64,
    /// Settled.
    pub rejected: u64,
    /// Put aside.
    pub skipped: u64,
}

impl ReviewCounts {
    /// Those that wait for somebody.
    pub fn waiting(&self) -> u64 {
        self.open + self.second + self.conflict
    }
}

impl Ledger {
    /// What may be queued now in a week that began at `week`, with `quota` pictures a week.
    pub async fn review_room(&self, quota: u64, week: Timestamp) -> Result<ReviewRoom, StoreError> {
        let mut reader = self.readers().acquire().await.map_err(|e| self.error(e))?;
        room(&mut reader, quota, week).await.map_err(|e| self.error(e))
    }

    /// Queues pictures from the front of the list, as many as the week's quota has room for. What is queued or was
    /// removed meanwhile is passed over. Gives the numbers, in the order of the list.
    pub async fn queue_reviews(
        &self,
        quota: u64,
        week: Timestamp,
        now: Timestamp,
        list: &[NewReview],
    ) -> Result<Vec<i64>, StoreError> {
        let mut transaction = self.begin().await?;
        let room = room(&mut transaction, quota, week).await.map_err(|e| self.error(e))?.room;
        let mut queued = Vec::new();
        for new in list {
            if queued.len() as u64 >= room {
                break;
            }
            queued.extend(insert(&mut transaction, new, now).await.map_err(|e| self.error(e))?);
        }
        transaction.commit().await.map_err(|e| self.error(e))?;
        Ok(queued)
    }

    /// How many reviews are in which state.
    pub async fn review_counts(&self) -> Result<ReviewCounts, StoreError> {
        let sql = "SELECT state, count(*) AS n FROM reviews GROUP BY state";
        let rows = sqlx::query(sql).fetch_all(self.readers()).await.map_err(|e| self.error(e))?;
        let mut counts = ReviewCounts::default();
        for row in &rows {
            let read = || Ok::<(&str, i64), sqlx::Error>((row.try_get("state")?, row.try_get("n")?));
            let (state, n) = read().map_err(|e| self.error(e))?;
            match ReviewState::named(state) {
                Some(ReviewState::Open) => counts.open = n as u64,
                Some(ReviewState::Second) => counts.second = n as u64,
                Some(ReviewState::Conflict) => counts.conflict = n as u64,
                Some(ReviewState::Accepted) => counts.accepted = n as u64,
                Some(ReviewState::Rejected) => counts.rejected = n as u64,
                Some(ReviewState::Skipped) => counts.skipped = n as u64,
                None => return Err(self.error(unreadable("state", state))),
            }
        }
        Ok(counts)
    }
}

async fn room(connection: &mut SqliteConnection, quota: u64, week: Timestamp) -> Result<ReviewRoom, sqlx::Error> {
    let sql = "SELECT count(*) FILTER (WHERE queued_us >= ?1) AS this_week,
            count(*) FILTER (WHERE queued_us < ?1 AND state IN ('open', 'second', 'conflict')) AS left_over
        FROM reviews";
    let row = sqlx::query(sql).bind(week.as_microsecond()).fetch_one(connection).await?;
    let this_week = row.unsigned("this_week")?;
    let left_over = row.unsigned("left_over")?;
    Ok(ReviewRoom { this_week, left_over, room: quota.saturating_sub(this_week + left_over) })
}

async fn insert(
    connection: &mut SqliteConnection,
    new: &NewReview,
    now: Timestamp,
) -> Result<Option<i64>, sqlx::Error> {
    let sql = "INSERT INTO reviews (sha256, record, why, priority, queued_us, wanted, state)
        SELECT o.sha256, (SELECT seq FROM records WHERE id = ?2), ?3, ?4, ?5, ?6, 'open' FROM objects o
        WHERE o.sha256 = ?1 AND o.removed_us IS NULL
        ON CONFLICT (sha256) DO NOTHING RETURNING id";
    sqlx::query_scalar(sql)
        .bind(new.id.0.to_vec())
        .bind(new.record.map(|id| id.to_string()))
        .bind(new.why.as_str())
        .bind(new.priority)
        .bind(now.as_microsecond())
        .bind(new.wanted.clamp(1, 2))
        .fetch_optional(connection)
        .await
}
