//! What the night did and will do, and the calendar.

use anyhow::Result;
use hivis_console::system::{DateLine, JobLine, JobsView, NextTurn, StepLine};
use hivis_store::{Home, Job, JobState, Ledger};
use jiff::Timestamp;

use crate::calendar::{Entry, State, calendar};
use crate::config::Settings;
use crate::earnings::day_of;
use crate::night::{Kind, Times};
use crate::ranking::registration;
use crate::submission::submission;

/// Turns that are shown.
const TURNS: u32 = 10;

/// Turns of the wheel: next, now, before.
pub(super) async fn look(home: &Home, ledger: &Ledger, settings: &Settings, now: Timestamp) -> Result<JobsView> {
    let (times, submitted) = (Times::new(settings), submission(home, ledger).await?.map(|submission| submission.day));
    let next = Kind::ALL.map(|kind| NextTurn {
        kind: kind.as_str().to_owned(),
        at: times.next(kind, now, submitted).map(|at| at.to_string()),
        steps: kind
            .plan()
            .iter()
            .filter(|step| !settings.night.off.contains(step))
            .map(|step| step.as_str().to_owned())
            .collect(),
    });
    let mut view = JobsView { next: next.into(), held: None, jobs: Vec::new() };
    for job in ledger.jobs(TURNS).await? {
        let steps = ledger.job_steps(job.id).await?;
        if held(&job, now) {
            let step = steps.last().map_or_else(String::new, |step| format!(", step {}", step.name));
            let holder = job.lease.as_ref().map_or("somebody", |lease| lease.holder.as_str());
            view.held = Some(format!("{holder} works on {} {}{step}", job.kind, job.id));
        }
        let steps = steps.into_iter().map(|step| StepLine {
            name: step.name,
            state: step.state.as_str().to_owned(),
            said: step.said.unwrap_or_default(),
        });
        view.jobs.push(JobLine {
            id: job.id,
            due: job.due.to_string(),
            state: job.state.as_str().to_owned(),
            by_hand: job.by_hand,
            seconds: job.begun.zip(job.ended).map(|(begun, ended)| ended.duration_since(begun).as_secs_f64()),
            error: job.error,
            steps: steps.collect(),
            kind: job.kind,
        });
    }
    Ok(view)
}

/// Whether somebody works on it by the clock.
pub(super) fn held(job: &Job, now: Timestamp) -> bool {
    job.state == JobState::Running && job.lease.as_ref().is_some_and(|lease| lease.is_alive(now))
}

/// Days that are known here: the registration's by the last metagraph that was read. `hivis dates` asks the chain.
pub(super) async fn dates(home: &Home, ledger: &Ledger, settings: &Settings, now: Timestamp) -> Result<Vec<DateLine>> {
    let submission = submission(home, ledger).await?;
    let today = day_of(now);
    let registration = registration(home, settings);
    let entries = calendar(registration.as_ref(), submission.as_ref(), &settings.dates);
    let line = |entry: &Entry| DateLine {
        date: entry.date.to_string(),
        what: match entry {
            Entry { in_force: Some(false), what, .. } => format!("{what} (not in force)"),
            Entry { about: true, what, .. } => format!("{what} (about)"),
            Entry { what, .. } => what.clone(),
        },
        why: entry.why.clone(),
        source: entry.source.clone(),
        days_left: entry.days_left(today),
        state: match entry.state(today) {
            State::Overdue => "overdue",
            State::Passed => "passed",
            State::Today => "today",
            State::Coming => "coming",
        }
        .to_owned(),
    };
    Ok(entries.iter().map(line).collect())
}
