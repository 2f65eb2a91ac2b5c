//! The steps of a job, and what they found.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::ledger::columns::RowExt as _;
use crate::{Ledger, StoreError};

/// Where a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StepState {
    /// It was begun.
    Running,
    /// It did its work.
    Done,
    /// There was nothing for it to do.
    Skipped,
    /// It did what it could; a person has to do the rest.
    Waits,
    /// A step that it builds on failed.
    Blocked,
    /// It failed.
    Failed,
}

impl StepState {
    const ALL: [Self; 6] = [Self::Running, Self::Done, Self::Skipped, Self::Waits, Self::Blocked, Self::Failed];

    /// The name in the ledger and in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Skipped => "skipped",
            Self::Waits => "waits",
            Self::Blocked => "blocked",
            Self::Failed => "failed",
        }
    }
}

/// A step as the ledger holds it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct JobStep {
    /// Its place in the plan, from 0.
    pub place: u32,
    /// Its name in the plan.
    pub name: String,
    /// Where it stands.
    pub state: StepState,
    /// How often it was begun and not given back.
    pub attempts: u32,
    /// When it was last begun, UTC.
    pub begun: Timestamp,
    /// When it ended, UTC.
    pub ended: Option<Timestamp>,
    /// One line for a person.
    pub said: Option<String>,
    /// What later steps and the report need.
    pub facts: Option<Value>,
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq)]
pub struct StepEnd {
    /// Anything but running.
    pub state: StepState,
    /// One line for a person.
    pub said: String,
    /// What later steps and the report need.
    pub facts: Option<Value>,
    /// When, UTC.
    pub at: Timestamp,
}

const COLUMNS: &str = "SELECT place, name, state, attempts, begun_us, ended_us, said, facts FROM job_steps";

impl Ledger {
    /// The holder begins a step, or begins it again. Gives how often it was begun without being given back: above 1, the
    /// process died in it. `None` when somebody else holds the job.
    pub async fn begin_step(
        &self,
        job: i64,
        holder: &str,
        (place, name): (u32, &str),
        at: Timestamp,
    ) -> Result<Option<u32>, StoreError> {
        let mut transaction = self.begin().await?;
        let sql = "INSERT INTO job_steps (job, place, name, state, attempts, begun_us)
            SELECT id, ?3, ?4, 'running', 1, ?5 FROM jobs WHERE id = ?1 AND holder = ?2 AND state = 'running'
            ON CONFLICT (job, place) DO UPDATE SET state = 'running', attempts = attempts + 1,
                begun_us = excluded.begun_us, ended_us = NULL, said = NULL, facts = NULL
            RETURNING attempts";
        let attempts = sqlx::query_scalar::<_, i64>(sql)
            .bind(job)
            .bind(holder)
            .bind(i64::from(place))
            .bind(name)
            .bind(at.as_microsecond())
            .fetch_optional(&mut *transaction)
            .await
            .map_err(|e| self.error(e))?;
        transaction.commit().await.map_err(|e| self.error(e))?;
        Ok(attempts.map(|n| n as u32))
    }

    /// The holder ends a step. False when somebody else holds the job, and nothing is written.
    pub async fn end_step(&self, job: i64, holder: &str, place: u32, end: &StepEnd) -> Result<bool, StoreError> {
        let facts = end.facts.as_ref().map(serde_json::to_string).transpose()?;
        let mut transaction = self.begin().await?;
        let sql = "UPDATE job_steps SET state = ?, ended_us = ?, said = ?, facts = ? WHERE job = ? AND place = ?
            AND EXISTS (SELECT 1 FROM jobs WHERE id = job_steps.job AND holder = ? AND state = 'running')";
        let done = sqlx::query(sql)
            .bind(end.state.as_str())
            .bind(end.at.as_microsecond())
            .bind(&*end.said)
            .bind(facts)
            .bind(job)
            .bind(i64::from(place))
            .bind(holder)
            .execute(&mut *transaction)
            .await
            .map_err(|e| self.error(e))?;
        transaction.commit().await.map_err(|e| self.error(e))?;
        Ok(done.rows_affected() == 1)
    }

    /// The steps of a job that were begun, in the plan's order.
    pub async fn job_steps(&self, job: i64) -> Result<Vec<JobStep>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("{COLUMNS} WHERE job = ? ORDER BY place"));
        let rows = sqlx::query(sql).bind(job).fetch_all(self.readers()).await;
        rows.and_then(|rows| rows.iter().map(from_row).collect()).map_err(|e| self.error(e))
    }

    /// What steps of that name found that are done, with the job's number, newest job first, of jobs before `before`.
    pub async fn earlier_facts(&self, name: &str, before: i64, limit: u32) -> Result<Vec<(i64, Value)>, StoreError> {
        let sql = "SELECT job, facts FROM job_steps WHERE name = ? AND job < ? AND state IN ('done', 'waits')
            AND facts IS NOT NULL ORDER BY job DESC LIMIT ?";
        let rows = sqlx::query(sql).bind(name).bind(before).bind(i64::from(limit)).fetch_all(self.readers()).await;
        let read = |row: &SqliteRow| Ok((row.try_get("job")?, row.json_if("facts")?.unwrap_or_default()));
        rows.and_then(|rows| rows.iter().map(read).collect()).map_err(|e| self.error(e))
    }
}

fn from_row(row: &SqliteRow) -> Result<JobStep, sqlx::Error> {
    Ok(JobStep {
        place: row.try_get::<i64, _>("place")? as u32,
        name: row.try_get("name")?,
        state: row.one_of("state", &StepState::ALL, StepState::as_str)?,
        attempts: row.try_get::<i64, _>("attempts")? as u32,
        begun: row.time("begun_us")?,
        ended: row.time_if("ended_us")?,
        said: row.try_get("said")?,
        facts: row.json_if("facts")?,
    })
}
