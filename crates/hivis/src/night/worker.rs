//! Runs one job under its lease, step by step.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use hivis_store::{Claim, Claimant, Job, JobStep, Lease, Ledger, StepEnd, StepState, Term};
use tokio::task::JoinHandle;

use super::station::{self, Context, Ended, Stations, Stop};
use super::{Clock, Kind, Step};
use crate::{entropy, failure};

/// A lease without a heartbeat ends after so long.
pub(crate) const LENGTH: Duration = Duration::from_mins(2);
/// From one heartbeat to the next.
pub(crate) const BEAT: Duration = Duration::from_secs(20);
/// A step that is asked to stop has so long to keep what it has.
const GRACE: Duration = Duration::from_secs(5);
/// After so many deaths in one step it is no use to try again.
const MOST_DEATHS: u32 = 3;

/// The name of this process on a lease: host, process, and a random word.
pub(crate) fn holder() -> Result<String> {
    let host = rustix::system::uname().nodename().to_string_lossy().replace(':', "-");
    Ok(format!("{host}:{}:{}", std::process::id(), hex::encode(&*entropy::fresh(4)?)))
}

/// What became of a job.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Outcome {
    /// All its steps ended.
    Done,
    /// A step failed: this is why. The others ran where they could.
    Failed(String),
    /// It was asked to stop; the job waits for whoever comes next.
    Stopped,
    /// Another took it.
    Lost,
}

/// Hears of every step that ended.
pub(crate) type Tell = Box<dyn Fn(Step, &StepEnd) + Send + Sync>;

/// One who runs jobs.
pub(crate) struct Worker<S, C> {
    pub(crate) ledger: Ledger,
    pub(crate) stations: Arc<S>,
    pub(crate) clock: C,
    /// Its name on a lease.
    pub(crate) holder: String,
    /// Steps that are left out.
    pub(crate) off: Vec<Step>,
    pub(crate) stop: Stop,
    pub(crate) tell: Tell,
}

/// How the run of a step ended.
enum Ran {
    Ended(StepEnd),
    Stopped,
    Lost,
}

impl<S: Stations, C: Clock> Worker<S, C> {
    fn term(&self) -> Term {
        Term { now: self.clock.now(), length: LENGTH }
    }

    /// Asks for a job. `stalled` is a lease that was seen standing still for its whole length.
    pub(crate) async fn claim(&self, id: i64, stalled: Option<&Lease>) -> Result<Option<Claim>> {
        let by = Claimant { holder: &self.holder, term: self.term(), stalled };
        Ok(self.ledger.claim_job(id, &by).await?)
    }

    /// Runs what is left of a job that this worker holds.
    pub(crate) async fn work(&self, job: &Job) -> Result<Outcome> {
        let outcome = self.steps(job).await;
        if !matches!(outcome, Ok(Outcome::Done | Outcome::Failed(_) | Outcome::Lost)) {
            // Given back at once, so that nobody waits for the lease to run out.
            self.ledger.release_job(job.id, &self.holder).await?;
        }
        outcome
    }

    async fn steps(&self, job: &Job) -> Result<Outcome> {
        let Some(kind) = Kind::named(&job.kind) else {
            // A newer hivis made it. It must not stand in the way of the others.
            let why = format!("this hivis knows no plan {}", job.kind);
            self.ledger.end_job(job.id, &self.holder, Some(&why), self.clock.now()).await?;
            return Ok(Outcome::Failed(why));
        };
        for (place, &step) in (0..).zip(kind.plan()) {
            let earlier = self.ledger.job_steps(job.id).await?;
            if earlier.iter().any(|s| s.place == place && s.ended.is_some()) {
                continue;
            }
            if self.stop.asked() {
                return Ok(Outcome::Stopped);
            }
            let now = self.clock.now();
            let begun = self.ledger.begin_step(job.id, &self.holder, (place, step.as_str()), now).await?;
            let Some(attempts) = begun else { return Ok(Outcome::Lost) };
            let end = if let Some(end) = self.settled(step, &earlier, attempts) {
                end
            } else {
                let (begun, stop) = (job.begun.unwrap_or(now), self.stop.clone());
                let at = Context { job: job.id, kind, due: job.due, begun, now, earlier, stop };
                match self.run(step, at).await {
                    Ran::Ended(end) => end,
                    Ran::Stopped => return Ok(Outcome::Stopped),
                    Ran::Lost => return Ok(Outcome::Lost),
                }
            };
            if !self.ledger.end_step(job.id, &self.holder, place, &end).await? {
                return Ok(Outcome::Lost);
            }
            (self.tell)(step, &end);
        }
        let steps = self.ledger.job_steps(job.id).await?;
        let failed = steps.iter().find(|step| step.state == StepState::Failed);
        let error = failed.map(|step| format!("{}: {}", step.name, step.said.as_deref().unwrap_or_default()));
        let ended = self.ledger.end_job(job.id, &self.holder, error.as_deref(), self.clock.now()).await?;
        Ok(match (ended, error) {
            (false, _) => Outcome::Lost,
            (true, None) => Outcome::Done,
            (true, Some(why)) => Outcome::Failed(why),
        })
    }

    /// What needs no run: a step that is left out, one that builds on a failure, one that the process died of.
    fn settled(&self, step: Step, earlier: &[JobStep], attempts: u32) -> Option<StepEnd> {
        let end = |state, said| Some(StepEnd { state, said, facts: None, at: self.clock.now() });
        if self.off.contains(&step) {
            return end(StepState::Skipped, "switched off by night.off".to_owned());
        }
        let broken = |s: &&JobStep| {
            let builds = step.builds_on().iter().any(|on| on.as_str() == s.name);
            builds && matches!(s.state, StepState::Failed | StepState::Blocked)
        };
        if let Some(broken) = earlier.iter().find(broken) {
            return end(
                StepState::Blocked,
                format!("not tried: it builds on {}, which is {}", broken.name, broken.state.as_str()),
            );
        }
        if attempts > MOST_DEATHS {
            return end(StepState::Failed, format!("hivis died in this step {MOST_DEATHS} times; its log says more"));
        }
        None
    }

    /// Runs a step while the lease is held.
    async fn run(&self, step: Step, at: Context) -> Ran {
        let job = at.job;
        let stations = Arc::clone(&self.stations);
        let mut task = tokio::spawn(async move { station::run(&*stations, step, &at).await });
        tokio::select! {
            // A step that stops because it is asked to has not failed.
            ended = &mut task => match ended {
                Ok(Err(_)) if self.stop.asked() => Ran::Stopped,
                ended => Ran::Ended(self.end(step, ended)),
            },
            () = self.hold(job) => {
                task.abort();
                Ran::Lost
            }
            () = self.stop.wait() => self.last_words(step, task).await,
        }
    }

    /// A step that is almost done, or that looks whether it should stop, ends by itself.
    async fn last_words(&self, step: Step, mut task: JoinHandle<Result<Ended>>) -> Ran {
        match tokio::time::timeout(GRACE, &mut task).await {
            Ok(Ok(Ok(ended))) => Ran::Ended(self.end(step, Ok(Ok(ended)))),
            // What it says is that it was stopped.
            Ok(_) => Ran::Stopped,
            Err(_) => {
                task.abort();
                Ran::Stopped
            }
        }
    }

    /// Renews the lease until it is lost: to another, or because the ledger could not be written for its whole length.
    async fn hold(&self, job: i64) {
        let mut last = self.clock.passed();
        loop {
            self.clock.sleep(BEAT).await;
            match self.ledger.beat_job(job, &self.holder, self.term()).await {
                Ok(true) => last = self.clock.passed(),
                Ok(false) => return,
                Err(error) => {
                    tracing::warn!(%error, job, "the lease could not be renewed");
                    if self.clock.passed().saturating_sub(last) >= LENGTH {
                        return;
                    }
                }
            }
        }
    }

    fn end(&self, step: Step, ended: Result<Result<Ended>, tokio::task::JoinError>) -> StepEnd {
        let at = self.clock.now();
        let failed = |said: String| StepEnd { state: StepState::Failed, said, facts: None, at };
        match ended {
            Ok(Ok(Ended::Done { said, facts })) => StepEnd { state: StepState::Done, said, facts: Some(facts), at },
            Ok(Ok(Ended::Skipped { why })) => StepEnd { state: StepState::Skipped, said: why, facts: None, at },
            Ok(Ok(Ended::Waits { why })) => StepEnd { state: StepState::Waits, said: why, facts: None, at },
            Ok(Err(error)) => failed(one_line(&error)),
            Err(panic) => {
                tracing::error!(step = step.as_str(), "a step panicked");
                failed(format!("it panicked: {panic}"))
            }
        }
    }
}

/// An error with its causes and its hint in one line.
fn one_line(error: &anyhow::Error) -> String {
    let text = failure::text(error);
    let plain = |line: &str| line.trim().trim_start_matches("error: ").trim_start_matches("because: ").to_owned();
    text.lines().map(plain).collect::<Vec<_>>().join("; ")
}
