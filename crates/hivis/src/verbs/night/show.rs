//! `hivis night list` and `show`.

use std::process::ExitCode;

use anyhow::Result;
use hivis_store::{Home, Job, JobState, StepState};
use jiff::Timestamp;
use serde_json::json;

use super::{is_held, table};
use crate::cli::Global;
use crate::config::Settings;
use crate::failure::Hinted;
use crate::night::{Kind, LENGTH, Times};
use crate::submission::submission;

/// Turns that are listed.
const HISTORY: u32 = 20;

/// What is due when, what ran, and who works now.
pub(super) async fn list(global: &Global, home: &Home, settings: &Settings) -> Result<ExitCode> {
    let (ledger, now, times) = (home.ledger().await?, Timestamp::now(), Times::new(settings));
    let submitted = submission(home, &ledger).await?.map(|submission| submission.day);
    let jobs = ledger.jobs(HISTORY).await?;
    let due = Kind::ALL.map(|kind| (kind, times.next(kind, now, submitted)));
    let held = ledger.open_jobs().await?.into_iter().find(|job| is_held(job, now));
    if global.json {
        let due: Vec<_> = due.iter().map(|(kind, next)| json!({ "kind": kind, "next": next })).collect();
        println!("{}", json!({ "due": due, "held": held, "jobs": jobs }));
        return Ok(ExitCode::SUCCESS);
    }
    for (kind, next) in due {
        let next = match (next, kind) {
            (Some(next), _) => minute(next),
            (None, Kind::Retrain) => "no day of the calendar is left; `hivis dates` says why".to_owned(),
            (None, _) => "never: night.days is empty".to_owned(),
        };
        println!("{:<8} next {next}", kind.as_str());
    }
    match &held {
        None => println!("nobody works now; `hivis run` and `hivis night watch` do what is due"),
        Some(job) => {
            let lease = job.lease.as_ref();
            let holder = lease.map_or("", |lease| lease.holder.as_str());
            println!("{holder} works on job {} ({})", job.id, job.kind);
            if lease.is_some_and(|lease| lease.is_far(now, LENGTH)) {
                println!("its lease runs longer than a lease can: the clock was set back since its last heartbeat");
            }
        }
    }
    if jobs.is_empty() {
        println!("no turn yet; `hivis night run --dry-run` says what one would do");
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<Vec<String>> = jobs.iter().map(|job| row(job, now)).collect();
    let by = |job: &Job| if job.by_hand { "by hand".to_owned() } else { String::new() };
    let said: Vec<String> = jobs.iter().map(|job| job.error.clone().unwrap_or_else(|| by(job))).collect();
    print!("\n{}", beside(&table(&["job", "kind", "due (UTC)", "state", "took"], &rows), &said));
    Ok(ExitCode::SUCCESS)
}

fn row(job: &Job, now: Timestamp) -> Vec<String> {
    let took = job.begun.zip(job.ended).map(|(begun, ended)| format!("{} s", ended.duration_since(begun).as_secs()));
    let state = match job.state {
        JobState::Running if !is_held(job, now) => "cut off",
        JobState::Waiting if job.attempts > 0 => "stopped",
        state => state.as_str(),
    };
    vec![job.id.to_string(), job.kind.clone(), minute(job.due), state.to_owned(), took.unwrap_or_default()]
}

/// One turn, step by step.
pub(super) async fn show(global: &Global, home: &Home, id: i64) -> Result<ExitCode> {
    let (ledger, now) = (home.ledger().await?, Timestamp::now());
    let none = || Hinted::new(format!("there is no job {id}"), "`hivis night list` shows those that there are");
    let job = ledger.job(id).await?.ok_or_else(none)?;
    let steps = ledger.job_steps(id).await?;
    if global.json {
        println!("{}", json!({ "job": job, "steps": steps }));
        return Ok(ExitCode::SUCCESS);
    }
    println!("job {} ({}), due {}, {}", job.id, job.kind, minute(job.due), row(&job, now)[3]);
    if let Some(lease) = job.lease.as_ref().filter(|_| is_held(&job, now)) {
        println!("held by {} until {}, {} heartbeats", lease.holder, minute(lease.until), lease.beat);
    }
    if job.attempts > 1 {
        println!("taken up {} times", job.attempts);
    }
    let rows: Vec<Vec<String>> = steps
        .iter()
        .map(|step| {
            let state = match step.state {
                StepState::Running if !is_held(&job, now) => "cut off",
                state => state.as_str(),
            };
            let took = step.ended.map(|ended| format!("{:.1} s", ended.duration_since(step.begun).as_secs_f64()));
            vec![step.name.clone(), state.to_owned(), minute(step.begun), took.unwrap_or_default()]
        })
        .collect();
    if !rows.is_empty() {
        let said: Vec<String> = steps.iter().map(|step| step.said.clone().unwrap_or_default()).collect();
        print!("\n{}", beside(&table(&["step", "state", "begun (UTC)", "took"], &rows), &said));
    }
    if let Some(kind) = Kind::named(&job.kind) {
        let left: Vec<&str> = kind.plan().iter().skip(steps.len()).map(|step| step.as_str()).collect();
        if !left.is_empty() {
            println!("\nto come: {}", left.join(", "));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Text beside the rows of a table, which only has columns of numbers.
fn beside(table: &str, said: &[String]) -> String {
    let width = table.lines().map(|line| line.chars().count()).max().unwrap_or_default();
    let said = std::iter::once("").chain(said.iter().map(String::as_str));
    table.lines().zip(said).map(|(line, said)| format!("{line:<width$}  {said}").trim_end().to_owned() + "\n").collect()
}

fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M").to_string()
}
