//! `hivis night`: the wheel by itself, now or when it is due, and what it did.

mod report;
mod show;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use hivis_store::{Claim, Home, Job, JobState, NewJob, StepEnd};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::{Global, KindName, NightRunArgs, NightVerb, ServeArgs};
use crate::config::Settings;
use crate::failure::Hinted;
use crate::home;
use crate::night::{
    Clock as _, House, Kind, Outcome, Scheduler, Step, Stop, StopSwitch, Times, WallClock, Worker, dry, holder,
};
use crate::table::table;

/// Whether the process that started this one is there is looked at so often.
const PARENT_EVERY: Duration = Duration::from_secs(1);

/// Runs one of the verbs.
pub(crate) async fn run(global: &Global, verb: &NightVerb) -> Result<ExitCode> {
    let home = home::open(global)?;
    let settings = home::settings(&home, &ServeArgs::default())?;
    match verb {
        NightVerb::Run(args) => turn(global, home, settings, args).await,
        NightVerb::List => show::list(global, &home, &settings).await,
        NightVerb::Show { job } => show::show(global, &home, *job).await,
        NightVerb::Report(args) => report::report(global, home, settings, args).await,
        NightVerb::Watch { beside } => watch(home, settings, *beside).await,
    }
}

impl From<KindName> for Kind {
    fn from(name: KindName) -> Self {
        match name {
            KindName::Nightly => Self::Nightly,
            KindName::Weekly => Self::Weekly,
            KindName::Monthly => Self::Monthly,
            KindName::Retrain => Self::Retrain,
        }
    }
}

/// The stations of a home, and its ledger.
async fn house(home: Home, settings: Settings) -> Result<House> {
    let ledger = home.ledger().await?;
    Ok(House { home, settings, ledger })
}

fn worker(
    house: House,
    stop: Stop,
    tell: impl Fn(Step, &StepEnd) + Send + Sync + 'static,
) -> Result<Worker<House, WallClock>> {
    house.ledger.writable()?;
    Ok(Worker {
        ledger: house.ledger.clone(),
        off: house.settings.night.off.clone(),
        stations: Arc::new(house),
        clock: WallClock::new(),
        holder: holder()?,
        stop,
        tell: Box::new(tell),
    })
}

/// Asked to stop by SIGTERM or Ctrl-C, or when the process that started this one is gone.
fn signals(beside: Option<i32>) -> Result<Stop> {
    let (switch, stop) = StopSwitch::new();
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM cannot be handled")?;
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
            () = gone(beside) => tracing::warn!("the server is gone; the night ends too"),
        }
        switch.ask();
        // Held to the end: a switch that is gone asks nobody.
        std::future::pending::<()>().await;
    });
    Ok(stop)
}

/// Done when our parent is not `beside` any more; a killed server tells nobody.
async fn gone(beside: Option<i32>) {
    let Some(beside) = beside else { return std::future::pending().await };
    while rustix::process::getppid().is_some_and(|parent| parent.as_raw_nonzero().get() == beside) {
        tokio::time::sleep(PARENT_EVERY).await;
    }
}

/// `hivis night watch`
async fn watch(home: Home, settings: Settings, beside: Option<i32>) -> Result<ExitCode> {
    let stop = signals(beside)?;
    let times = Times::new(&settings);
    let tell = |step: Step, end: &StepEnd| {
        tracing::info!(step = step.as_str(), state = end.state.as_str(), said = end.said, "step ended");
    };
    let worker = worker(house(home, settings).await?, stop, tell)?;
    tracing::info!(holder = worker.holder, "the night watches");
    let ledger = worker.ledger.clone();
    Scheduler::new(worker, times).follow().await;
    ledger.close().await;
    Ok(ExitCode::SUCCESS)
}

/// One turn now, as by hand; gives the job and how it ended.
#[cfg(feature = "train")]
pub(crate) async fn turn_now(
    home: Home,
    settings: Settings,
    kind: Kind,
    tell: impl Fn(Step, &StepEnd) + Send + Sync + 'static,
) -> Result<(Job, Outcome)> {
    let (_switch, stop) = StopSwitch::new();
    let worker = worker(house(home, settings).await?, stop, tell)?;
    let job = open(&worker, kind).await?;
    let outcome = worker.work(&job).await?;
    Ok((job, outcome))
}

/// `hivis night run`
async fn turn(global: &Global, home: Home, settings: Settings, args: &NightRunArgs) -> Result<ExitCode> {
    let kind = Kind::from(args.kind);
    let house = house(home, settings).await?;
    if args.dry_run {
        let said = dry(&house, kind, &house.settings.night.off, WallClock::new().now()).await?;
        if global.json {
            println!("{}", json!({ "kind": kind, "steps": said }));
        } else {
            for would in said {
                println!("{:<12} {}", would.step.as_str(), would.says);
            }
        }
        return Ok(ExitCode::SUCCESS);
    }
    let quiet = global.json;
    let tell = move |step: Step, end: &StepEnd| {
        if !quiet {
            println!("{:<12} {:<8} {}", step.as_str(), end.state.as_str(), end.said);
        }
    };
    let worker = worker(house, signals(None)?, tell)?;
    let job = open(&worker, kind).await?;
    if !quiet {
        let how = if job.attempts > 1 { "goes on" } else { "begins" };
        println!("job {} ({}) {how}", job.id, job.kind);
    }
    let outcome = worker.work(&job).await?;
    let job = worker.ledger.job(job.id).await?.unwrap_or(job);
    let code = if outcome == Outcome::Done { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    if quiet {
        println!("{}", json!({ "job": job, "steps": worker.ledger.job_steps(job.id).await? }));
        return Ok(code);
    }
    match outcome {
        Outcome::Done => println!("\nnext: hivis night report {}", job.id),
        Outcome::Failed(why) => println!("\nfailed: {why}\nnext: hivis night report {}", job.id),
        Outcome::Stopped => println!("\nstopped; the same command goes on, and so does the next `hivis run`"),
        Outcome::Lost => println!("\nanother process took it over: hivis night show {}", job.id),
    }
    Ok(code)
}

/// The turn of that kind that was cut off, or a new one; held by this process.
async fn open(worker: &Worker<House, WallClock>, kind: Kind) -> Result<Job> {
    let open = worker.ledger.open_jobs().await?.into_iter().rfind(|job| job.kind == kind.as_str());
    let job = if let Some(job) = open {
        job
    } else {
        let now = worker.clock.now();
        // Nobody's work is queued behind another's: who works is told at once.
        if let Some(held) = worker.ledger.open_jobs().await?.into_iter().find(|job| is_held(job, now)) {
            return Err(busy(&held, false));
        }
        let new = NewJob { kind: kind.as_str().to_owned(), due: now, by_hand: true };
        worker.ledger.add_job(&new, now).await?
    };
    match worker.claim(job.id, None).await?.context("the job is gone: this is a bug")? {
        Claim::Taken(job) => Ok(job),
        Claim::Held { job, far } => Err(busy(&job, far)),
        Claim::Over(state) => {
            let hint = format!("hivis night show {}", job.id);
            Err(Hinted::new(format!("job {} is {} already", job.id, state.as_str()), hint).into())
        }
    }
}

fn is_held(job: &Job, now: jiff::Timestamp) -> bool {
    job.state == JobState::Running && job.lease.as_ref().is_some_and(|lease| lease.is_alive(now))
}

fn busy(job: &Job, far: bool) -> anyhow::Error {
    let holder = job.lease.as_ref().map_or("somebody", |lease| lease.holder.as_str());
    let until = job.lease.as_ref().map(|lease| lease.until.strftime("%Y-%m-%d %H:%M:%S UTC").to_string());
    let until = until.unwrap_or_default();
    let hint = if far {
        format!(
            "its lease runs until {until}, longer than a lease can: the clock was set back; `hivis night watch` takes it over once its heartbeat stands still for two minutes"
        )
    } else {
        format!("wait for it: `hivis night show {}`; if that process is gone, its lease ends at {until}", job.id)
    };
    Hinted::new(format!("{holder} works on job {} ({}) of this home", job.id, job.kind), hint).into()
}
