//! Looks what is due, and lets the worker do it.

use std::time::Duration;

use anyhow::Result;
use hivis_store::{Claim, Job, Lease, NewJob};
use jiff::{SignedDuration, Timestamp};

use super::{BEAT, Clock, Kind, LENGTH, Outcome, Stations, Times, Worker};

/// The longest sleep: a clock that was set, and a job that was asked for by hand, are seen after it.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// A clock that is wrong by less than this changes nothing about what was due.
const TOLERANCE: SignedDuration = SignedDuration::from_hours(24);

/// What one look came to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Turn {
    /// A job was run.
    Worked(Job, Outcome),
    /// Another works in this home.
    Held {
        /// On which job.
        job: Job,
        /// Its lease runs longer than a lease can: the clock was set back.
        far: bool,
    },
    /// Nothing is due before this.
    Idle(Option<Timestamp>),
}

/// Whoever turns the wheel of one home.
pub(crate) struct Scheduler<S, C> {
    pub(crate) worker: Worker<S, C>,
    pub(crate) times: Times,
    /// The lease that is in the way, and since when its heart stands still by a clock that only goes forward.
    watched: Option<(Lease, Duration)>,
}

impl<S: Stations, C: Clock> Scheduler<S, C> {
    pub(crate) fn new(worker: Worker<S, C>, times: Times) -> Self {
        Self { worker, times, watched: None }
    }

    /// Looks once, and runs at most one job.
    pub(crate) async fn turn(&mut self) -> Result<Turn> {
        let (ledger, now) = (self.worker.ledger.clone(), self.worker.clock.now());
        let since = ledger.scheduled_since(now).await?;
        let submitted = self.worker.stations.submitted().await.unwrap_or_else(|error| {
            tracing::warn!(error = format!("{error:#}"), "the day of the submission is not known");
            None
        });
        let soon = now.checked_add(TOLERANCE)?;
        for kind in Kind::ALL {
            let Some(due) = self.times.last(kind, now, submitted).filter(|due| *due > since) else { continue };
            // What a clock that is set back by hours has done already is not done again.
            let newest = ledger.last_due(kind.as_str(), soon).await?;
            if newest.is_none_or(|job| job.due < due) {
                let new = NewJob { kind: kind.as_str().to_owned(), due, by_hand: false };
                ledger.add_job(&new, now).await?;
            }
        }
        // One that was never begun and is due later was made by a clock that was ahead: it waits for its time.
        let open = ledger.open_jobs().await?.into_iter().filter(|job| job.attempts > 0 || job.due <= soon);
        for job in open {
            let passed = self.worker.clock.passed();
            let stalled = self.watched.as_ref().filter(|(_, since)| passed.saturating_sub(*since) >= LENGTH);
            match self.worker.claim(job.id, stalled.map(|(lease, _)| lease)).await? {
                Some(Claim::Taken(job)) => {
                    self.watched = None;
                    let outcome = self.worker.work(&job).await?;
                    return Ok(Turn::Worked(job, outcome));
                }
                Some(Claim::Held { job, far }) => {
                    if self.watched.as_ref().map(|(lease, _)| lease) != job.lease.as_ref() {
                        self.watched = job.lease.clone().map(|lease| (lease, passed));
                    }
                    return Ok(Turn::Held { job, far });
                }
                Some(Claim::Over(_)) | None => {}
            }
        }
        self.watched = None;
        Ok(Turn::Idle(Kind::ALL.iter().filter_map(|kind| self.times.next(*kind, now, submitted)).min()))
    }

    /// Turns until it is asked to stop. What goes wrong is told, and tried again.
    pub(crate) async fn follow(&mut self) {
        let stop = self.worker.stop.clone();
        let mut told: Option<String> = None;
        while !stop.asked() {
            let pause = match self.turn().await {
                Ok(Turn::Worked(job, outcome)) => {
                    tell(&job, &outcome);
                    Duration::ZERO
                }
                Ok(Turn::Held { job, far }) => {
                    let holder = job.lease.map(|lease| lease.holder);
                    if told != holder {
                        let holder = holder.as_deref().unwrap_or_default();
                        tracing::info!(holder, job = job.id, kind = job.kind, "another process works in this home");
                        if far {
                            tracing::warn!(
                                holder,
                                "its lease runs longer than a lease can: the clock was set back; it is taken over when its heartbeat stands still for two minutes"
                            );
                        }
                    }
                    told = holder;
                    BEAT
                }
                Ok(Turn::Idle(next)) => {
                    told = None;
                    let left = next.map(|next| next.duration_since(self.worker.clock.now()));
                    left.and_then(|left| Duration::try_from(left).ok()).unwrap_or(LOOK_EVERY).min(LOOK_EVERY)
                }
                Err(error) => {
                    tracing::error!(error = format!("{error:#}"), "the night cannot go on; it is tried again");
                    LOOK_EVERY
                }
            };
            tokio::select! {
                () = self.worker.clock.sleep(pause) => {}
                () = stop.wait() => {}
            }
        }
    }
}

fn tell(job: &Job, outcome: &Outcome) {
    let (id, kind) = (job.id, job.kind.as_str());
    match outcome {
        Outcome::Done => tracing::info!(job = id, kind, "done; `hivis night report` says what came of it"),
        Outcome::Failed(why) => tracing::error!(job = id, kind, why, "failed; `hivis night show {id}` says more"),
        Outcome::Stopped => tracing::info!(job = id, kind, "stopped; it goes on at the next start"),
        Outcome::Lost => tracing::warn!(job = id, kind, "another process took it over"),
    }
}
