//! What each station of the wheel did in the last day, and which is at work.

use std::path::Path;

use anyhow::{Context, Result};
use hivis_console::StationLook;
use hivis_store::{Home, JobState, Ledger, StepState};
use jiff::Timestamp;

use crate::night::Step;

/// Jobs that are looked at for the last turn.
const JOBS: u32 = 5;

/// The stations in the wheel's order, and the last turn in words.
pub(crate) async fn stations(
    home: &Home,
    ledger: &Ledger,
    since: Timestamp,
    now: Timestamp,
) -> Result<(Vec<StationLook>, String)> {
    let day = ledger.window_counts(since).await?;
    let counts = ledger.stations(since).await?;
    let waiting = ledger.review_counts().await?.waiting();
    let (at_work, turn) = turn(ledger, now).await?;
    let (exams, runs) = (home.exams(), home.runs());
    let files = move || Ok::<_, anyhow::Error>((exams_since(&exams, since)?, runs_since(&runs, since)?));
    let (proved, trained) = tokio::task::spawn_blocking(files).await.context("reading the runs panicked")??;
    let station = |name: &str, count: u64, said: String| StationLook {
        at_work: at_work.as_deref() == Some(name),
        name: name.to_owned(),
        count,
        said,
    };
    let (asked, answered) = (day.summary.records, day.summary.answered);
    let waits = if waiting == 0 { String::new() } else { format!(", {waiting} wait for a person") };
    let stations = vec![
        station("asked", asked, format!("{asked} challenges, {answered} answered")),
        station("recorded", day.pictures, format!("{} pictures kept", day.pictures)),
        station("mined", counts.picked, format!("{} hard pictures picked", counts.picked)),
        station("made", counts.made, format!("{} pictures generated", counts.made)),
        station("gated", counts.passed, format!("{} passed the gate, {} were refused", counts.passed, counts.refused)),
        station("reviewed", counts.decided, format!("{} decisions{waits}", counts.decided)),
        station("versioned", counts.cut, format!("{} versions of the data cut", counts.cut)),
        station("trained", trained, format!("{trained} trainings")),
        station("proved", proved, format!("{proved} exams sat")),
        station("released", counts.promoted, format!("{} times a release began to serve", counts.promoted)),
    ];
    Ok((stations, turn))
}

/// The station that is at work, and what the newest turn came to.
async fn turn(ledger: &Ledger, now: Timestamp) -> Result<(Option<String>, String)> {
    let jobs = ledger.jobs(JOBS).await?;
    if let Some(job) = jobs.iter().find(|job| job.state == JobState::Running) {
        let steps = ledger.job_steps(job.id).await?;
        let step = steps.iter().find(|step| step.state == StepState::Running);
        let station = step.and_then(|step| station_of(&step.name));
        let doing = step.map_or_else(String::new, |step| format!(", step {}", step.name));
        return Ok((station.map(str::to_owned), format!("turning: {}{doing}", job.kind)));
    }
    let last = jobs.iter().filter(|job| job.ended.is_some()).max_by_key(|job| job.ended);
    let Some((job, ended)) = last.and_then(|job| Some((job, job.ended?))) else {
        return Ok((None, "not turned yet: hivis run turns it every night".to_owned()));
    };
    let word = if job.state == JobState::Done { "done" } else { "failed" };
    Ok((None, format!("last turn: {}, {word} {}", job.kind, ago(ended, now))))
}

fn station_of(step: &str) -> Option<&'static str> {
    let table = [
        (Step::Mine, "mined"),
        (Step::Synthesise, "made"),
        (Step::Adversarial, "made"),
        (Step::Gate, "gated"),
        (Step::Review, "reviewed"),
        (Step::Version, "versioned"),
        (Step::Train, "trained"),
        (Step::Exam, "proved"),
        (Step::Promote, "released"),
    ];
    table.into_iter().find(|(of, _)| of.as_str() == step).map(|(_, station)| station)
}

fn ago(then: Timestamp, now: Timestamp) -> String {
    match now.duration_since(then).as_mins() {
        minutes if minutes < 1 => "just now".to_owned(),
        minutes if minutes < 120 => format!("{minutes} min ago"),
        minutes if minutes < 60 * 48 => format!("{} h ago", minutes / 60),
        minutes => format!("{} days ago", minutes / 60 / 24),
    }
}

/// Exams whose file's name begins with a time since then.
fn exams_since(folder: &Path, since: Timestamp) -> Result<u64> {
    let from = since.strftime("%Y%m%d-%H%M%S").to_string();
    let wanted = |name: &str| {
        let begun = name.get(..15).is_some_and(|time| time >= from.as_str() && time.as_bytes()[0].is_ascii_digit());
        begun && Path::new(name).extension().is_some_and(|end| end == "json")
    };
    Ok(names(folder)?.filter(|name| wanted(name)).count() as u64)
}

/// Runs whose report was written since then.
fn runs_since(folder: &Path, since: Timestamp) -> Result<u64> {
    let mut count = 0;
    for name in names(folder)? {
        let Ok(about) = std::fs::metadata(folder.join(name).join("report.json")) else { continue };
        let written = about.modified().ok().and_then(|at| Timestamp::try_from(at).ok());
        count += u64::from(written.is_some_and(|at| at >= since));
    }
    Ok(count)
}

fn names(folder: &Path) -> Result<impl Iterator<Item = String>> {
    let entries = if folder.is_dir() { Some(std::fs::read_dir(folder)?) } else { None };
    Ok(entries.into_iter().flatten().filter_map(|entry| entry.ok()?.file_name().into_string().ok()))
}
