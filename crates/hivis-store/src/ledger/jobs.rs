//! The wheel's calendar: jobs that were due, who holds the lease on the one that runs, and the steps of each.
//!
//! One job runs at a time in a home. Whoever runs it holds a lease and renews it (a heartbeat); every write about the job
//! names the holder and does nothing once another has it, so that a worker that lost its lease can spoil nothing. A lease
//! ends by the clock. Clocks are set back, though, and then a lease may seem to run for years: such a one is *far*. It is
//! not taken for that; but who has watched its heartbeat stand still for a lease's length, by a clock that only goes
//! forward, may take it ([`Claimant::stalled`]).

mod lease;
mod steps;

use jiff::Timestamp;
use serde::Serialize;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

pub use lease::{Claim, Claimant, Lease, Term};
pub use steps::{JobStep, StepEnd, StepState};

use crate::ledger::columns::{RowExt as _, unreadable};
use crate::{Ledger, StoreError};

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// Nobody has begun it, or whoever did gave it back.
    Waiting,
    /// Somebody holds it, or died holding it.
    Running,
    /// All its steps ended, none of them by a failure.
    Done,
    /// A step failed; the others ran where they could.
    Failed,
}

impl JobState {
    const ALL: [Self; 4] = [Self::Waiting, Self::Running, Self::Done, Self::Failed];

    /// The name in the ledger and in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

/// What is to be run, and since when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewJob {
    /// Which plan.
    pub kind: String,
    /// When it was due, UTC; two jobs of a kind are never due at one time.
    pub due: Timestamp,
    /// Whether a person asked for it.
    pub by_hand: bool,
}

/// A job as the ledger holds it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Job {
    /// Its number, in the order of their making.
    pub id: i64,
    /// Which plan.
    pub kind: String,
    /// When it was due, UTC.
    pub due: Timestamp,
    /// Whether a person asked for it.
    pub by_hand: bool,
    /// Where it stands.
    pub state: JobState,
    /// Who holds it; the lease may have run out.
    pub lease: Option<Lease>,
    /// How often somebody took it.
    pub attempts: u32,
    /// When it was first taken, UTC.
    pub begun: Option<Timestamp>,
    /// When it ended, UTC.
    pub ended: Option<Timestamp>,
    /// Why it failed.
    pub error: Option<String>,
}

const COLUMNS: &str = "SELECT id, kind, due_us, by_hand, state, holder, lease_us, beat, attempts, begun_us, ended_us,
    error FROM jobs";

impl Ledger {
    /// Since when due times count: what was due before the first look is never made up. A first look that lies more than a
    /// day ahead was made by a wrong clock, and is made again.
    pub async fn scheduled_since(&self, now: Timestamp) -> Result<Timestamp, StoreError> {
        let read = "SELECT since_us FROM scheduler";
        let since = sqlx::query_scalar::<_, i64>(read).fetch_optional(self.readers()).await;
        let since = since.map_err(|e| self.error(e))?;
        if let Some(since) = since.filter(|since| *since <= now.as_microsecond() + DAY_US) {
            return Timestamp::from_microsecond(since).map_err(|_| self.error(unreadable("since_us", since)));
        }
        let mut transaction = self.begin().await?;
        let sql = "INSERT INTO scheduler (one, since_us) VALUES (1, ?1)
            ON CONFLICT (one) DO UPDATE SET since_us = min(since_us, ?1)";
        let written = sqlx::query(sql).bind(now.as_microsecond()).execute(&mut *transaction).await;
        written.map_err(|e| self.error(e))?;
        transaction.commit().await.map_err(|e| self.error(e))?;
        Ok(now)
    }

    /// Makes a job, or finds the one of its kind that is due then. A scheduled one takes the place of older ones of its
    /// kind that nobody finished and nobody holds: they fail, so that what was missed is made up once.
    pub async fn add_job(&self, new: &NewJob, now: Timestamp) -> Result<Job, StoreError> {
        let mut transaction = self.begin().await?;
        let sql = "INSERT INTO jobs (kind, due_us, by_hand, state, beat, attempts) VALUES (?, ?, ?, 'waiting', 0, 0)
            ON CONFLICT (kind, due_us) DO NOTHING";
        sqlx::query(sql)
            .bind(&*new.kind)
            .bind(new.due.as_microsecond())
            .bind(i64::from(new.by_hand))
            .execute(&mut *transaction)
            .await
            .map_err(|e| self.error(e))?;
        if !new.by_hand {
            let sql = "UPDATE jobs SET state = 'failed', holder = NULL, lease_us = NULL, ended_us = ?3, error = ?4
                WHERE kind = ?1 AND due_us < ?2 AND state IN ('waiting', 'running')
                    AND (holder IS NULL OR lease_us <= ?3)";
            sqlx::query(sql)
                .bind(&*new.kind)
                .bind(new.due.as_microsecond())
                .bind(now.as_microsecond())
                .bind(format!("it was not finished when the one of {} was due", new.due))
                .execute(&mut *transaction)
                .await
                .map_err(|e| self.error(e))?;
        }
        let sql = sqlx::AssertSqlSafe(format!("{COLUMNS} WHERE kind = ? AND due_us = ?"));
        let row = sqlx::query(sql).bind(&*new.kind).bind(new.due.as_microsecond()).fetch_one(&mut *transaction).await;
        let job = row.and_then(|row| from_row(&row)).map_err(|e| self.error(e))?;
        transaction.commit().await.map_err(|e| self.error(e))?;
        Ok(job)
    }

    /// The job of that number.
    pub async fn job(&self, id: i64) -> Result<Option<Job>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("{COLUMNS} WHERE id = ?"));
        let row = sqlx::query(sql).bind(id).fetch_optional(self.readers()).await;
        row.and_then(|row| row.as_ref().map(from_row).transpose()).map_err(|e| self.error(e))
    }

    /// The newest jobs, newest first.
    pub async fn jobs(&self, limit: u32) -> Result<Vec<Job>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("{COLUMNS} ORDER BY id DESC LIMIT ?"));
        let rows = sqlx::query(sql).bind(i64::from(limit)).fetch_all(self.readers()).await;
        rows.and_then(|rows| rows.iter().map(from_row).collect()).map_err(|e| self.error(e))
    }

    /// Jobs that are not over, what was due first at the front.
    pub async fn open_jobs(&self) -> Result<Vec<Job>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("{COLUMNS} WHERE state IN ('waiting', 'running') ORDER BY due_us, id"));
        let rows = sqlx::query(sql).fetch_all(self.readers()).await;
        rows.and_then(|rows| rows.iter().map(from_row).collect()).map_err(|e| self.error(e))
    }

    /// The scheduled job of a kind that was due last, none later than `until`: jobs of a clock that was ahead do not count.
    pub async fn last_due(&self, kind: &str, until: Timestamp) -> Result<Option<Job>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!(
            "{COLUMNS} WHERE kind = ? AND due_us <= ? AND by_hand = 0 ORDER BY due_us DESC LIMIT 1"
        ));
        let row = sqlx::query(sql).bind(kind).bind(until.as_microsecond()).fetch_optional(self.readers()).await;
        row.and_then(|row| row.as_ref().map(from_row).transpose()).map_err(|e| self.error(e))
    }
}

/// A day in microseconds: a clock that is wrong by less is no matter for due times.
const DAY_US: i64 = 86_400_000_000;

pub(super) fn from_row(row: &SqliteRow) -> Result<Job, sqlx::Error> {
    let holder: Option<String> = row.try_get("holder")?;
    let beat: i64 = row.try_get("beat")?;
    let lease = match (holder, row.time_if("lease_us")?) {
        (Some(holder), Some(until)) => Some(Lease { holder, until, beat: beat as u64 }),
        _ => None,
    };
    Ok(Job {
        id: row.try_get("id")?,
        kind: row.try_get("kind")?,
        due: row.time("due_us")?,
        by_hand: row.try_get::<i64, _>("by_hand")? != 0,
        state: row.one_of("state", &JobState::ALL, JobState::as_str)?,
        lease,
        attempts: row.try_get::<i64, _>("attempts")? as u32,
        begun: row.time_if("begun_us")?,
        ended: row.time_if("ended_us")?,
        error: row.try_get("error")?,
    })
}
