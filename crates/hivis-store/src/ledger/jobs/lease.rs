//! Who runs the home's job: taking the lease, renewing it, giving it back, and losing it.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::{COLUMNS, Job, JobState, from_row};
use crate::{Ledger, StoreError};

/// A clock may be so much ahead of another before a lease counts as one of a wrong clock.
const SLACK: Duration = Duration::from_mins(1);

/// A lease on a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lease {
    /// Who holds it: host, process, and a random word, so that no process is taken for an earlier one.
    pub holder: String,
    /// Until when, UTC, by the holder's clock.
    pub until: Timestamp,
    /// Rises with every heartbeat.
    pub beat: u64,
}

impl Lease {
    /// Whether it has not run out.
    pub fn is_alive(&self, now: Timestamp) -> bool {
        self.until > now
    }

    /// Whether it runs longer than any lease of that length could: the clock was set back since its last heartbeat.
    pub fn is_far(&self, now: Timestamp, length: Duration) -> bool {
        let ahead = self.until.as_microsecond() - now.as_microsecond();
        ahead > (length + SLACK).as_micros() as i64
    }
}

/// How long a lease is, from when on.
#[derive(Clone, Copy, Debug)]
pub struct Term {
    /// UTC.
    pub now: Timestamp,
    /// Without a heartbeat it ends after so long.
    pub length: Duration,
}

impl Term {
    fn end_us(self) -> i64 {
        self.now.as_microsecond().saturating_add(self.length.as_micros() as i64)
    }
}

/// Who asks for a job.
#[derive(Clone, Copy, Debug)]
pub struct Claimant<'a> {
    /// The name that the lease gets.
    pub holder: &'a str,
    /// From when, how long.
    pub term: Term,
    /// A lease whose heartbeat this claimant has seen standing still for its whole length, by a clock that only goes
    /// forward: whoever held it is gone, whatever the calendar says.
    pub stalled: Option<&'a Lease>,
}

/// What became of a claim.
#[derive(Clone, Debug, PartialEq)]
pub enum Claim {
    /// It is the claimant's.
    Taken(Job),
    /// Another works in this home.
    Held {
        /// On which job.
        job: Job,
        /// Whether its lease runs longer than a lease can.
        far: bool,
    },
    /// It ended meanwhile.
    Over(JobState),
}

impl Ledger {
    /// Takes a job, unless anybody else holds a job of this home. A lease that ran out is no obstacle, and the job's ended
    /// steps stay. `None` when there is no such job.
    pub async fn claim_job(&self, id: i64, by: &Claimant<'_>) -> Result<Option<Claim>, StoreError> {
        let Claimant { holder, term, stalled } = *by;
        let mut transaction = self.begin().await?;
        let held = sqlx::AssertSqlSafe(format!(
            "{COLUMNS} WHERE state = 'running' AND holder IS NOT NULL AND holder <> ? AND lease_us > ?"
        ));
        let held = sqlx::query(held).bind(holder).bind(term.now.as_microsecond()).fetch_all(&mut *transaction).await;
        let held = held.and_then(|rows| rows.iter().map(from_row).collect::<Result<Vec<Job>, _>>());
        let other = held.map_err(|e| self.error(e))?.into_iter().find(|job| job.lease.as_ref() != stalled);
        if let Some(job) = other {
            let far = job.lease.as_ref().is_some_and(|lease| lease.is_far(term.now, term.length));
            return Ok(Some(Claim::Held { job, far }));
        }
        if let Some(stalled) = stalled {
            // Nobody has to watch the same dead one twice.
            let sql = "UPDATE jobs SET state = 'waiting', holder = NULL, lease_us = NULL
                WHERE state = 'running' AND holder = ? AND beat = ? AND id <> ?";
            let query = sqlx::query(sql).bind(&*stalled.holder).bind(stalled.beat as i64).bind(id);
            query.execute(&mut *transaction).await.map_err(|e| self.error(e))?;
        }
        let sql = "UPDATE jobs SET state = 'running', holder = ?2, lease_us = ?3, beat = beat + 1,
            attempts = attempts + 1, begun_us = coalesce(begun_us, ?4)
            WHERE id = ?1 AND state IN ('waiting', 'running')";
        let taken = sqlx::query(sql)
            .bind(id)
            .bind(holder)
            .bind(term.end_us())
            .bind(term.now.as_microsecond())
            .execute(&mut *transaction)
            .await
            .map_err(|e| self.error(e))?;
        let sql = sqlx::AssertSqlSafe(format!("{COLUMNS} WHERE id = ?"));
        let row = sqlx::query(sql).bind(id).fetch_optional(&mut *transaction).await;
        let job = row.and_then(|row| row.as_ref().map(from_row).transpose()).map_err(|e| self.error(e))?;
        transaction.commit().await.map_err(|e| self.error(e))?;
        Ok(job.map(|job| if taken.rows_affected() == 1 { Claim::Taken(job) } else { Claim::Over(job.state) }))
    }

    /// The holder lives: its lease runs anew. False when it is not the holder any more, and must stop.
    pub async fn beat_job(&self, id: i64, holder: &str, term: Term) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        // The end is set, not only moved on: a lease from a clock that was ahead is mended by the next heartbeat.
        let sql = "UPDATE jobs SET lease_us = ?, beat = beat + 1 WHERE id = ? AND holder = ? AND state = 'running'";
        let query = sqlx::query(sql).bind(term.end_us()).bind(id).bind(holder);
        let done = query.execute(&mut *transaction).await.map_err(|e| self.error(e))?;
        transaction.commit().await.map_err(|e| self.error(e))?;
        Ok(done.rows_affected() == 1)
    }

    /// The holder gives the job back: it waits, and goes on after its last ended step. A step that ran counts as not
    /// tried. False when it was not the holder.
    pub async fn release_job(&self, id: i64, holder: &str) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let sql = "UPDATE jobs SET state = 'waiting', holder = NULL, lease_us = NULL
            WHERE id = ? AND holder = ? AND state = 'running'";
        let query = sqlx::query(sql).bind(id).bind(holder);
        let done = query.execute(&mut *transaction).await.map_err(|e| self.error(e))?;
        if done.rows_affected() == 1 {
            let sql = "UPDATE job_steps SET attempts = attempts - 1 WHERE job = ? AND state = 'running'";
            sqlx::query(sql).bind(id).execute(&mut *transaction).await.map_err(|e| self.error(e))?;
        }
        transaction.commit().await.map_err(|e| self.error(e))?;
        Ok(done.rows_affected() == 1)
    }

    /// The job is over: done, or failed for that reason. False when somebody else holds it.
    pub async fn end_job(&self, id: i64, holder: &str, error: Option<&str>, at: Timestamp) -> Result<bool, StoreError> {
        let state = if error.is_some() { JobState::Failed } else { JobState::Done };
        let mut transaction = self.begin().await?;
        let sql = "UPDATE jobs SET state = ?, error = ?, ended_us = ?, holder = NULL, lease_us = NULL
            WHERE id = ? AND holder = ? AND state = 'running'";
        let done = sqlx::query(sql)
            .bind(state.as_str())
            .bind(error)
            .bind(at.as_microsecond())
            .bind(id)
            .bind(holder)
            .execute(&mut *transaction)
            .await
            .map_err(|e| self.error(e))?;
        transaction.commit().await.map_err(|e| self.error(e))?;
        Ok(done.rows_affected() == 1)
    }
}
