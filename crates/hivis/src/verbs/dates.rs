//! `hivis dates`: what comes when, and what is overdue.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::earnings::{hotkey, not_registered};
use crate::calendar::{Entry, Registration, State, Submission, calendar};
use crate::cli::{DatesArgs, Global, ServeArgs};
use crate::config::{DatesSettings, Settings};
use crate::earnings::day_of;
use crate::failure;
use crate::home;
use crate::ical::{Stamp, ical};
use crate::metagraph::read_metagraph;
use crate::submission::submission;
use crate::table::table;

/// Prints the calendar; overdue days are no failure of this verb.
pub(crate) async fn run(global: &Global, args: &DatesArgs) -> Result<ExitCode> {
    let home = home::open(global)?;
    let settings = home::settings(&home, &ServeArgs::default())?;
    let now = args.neuron.now.unwrap_or_else(Timestamp::now);
    let (registration, trouble) = match registration(&settings, args).await {
        Ok(registration) => (Some(registration), None),
        Err(error) => (None, Some(failure::text(&error.context("registration and immunity are not known")))),
    };
    let submission = submission(&home, &home.ledger().await?).await?;
    let entries = calendar(registration.as_ref(), submission.as_ref(), &settings.dates);
    if let Some(trouble) = trouble.as_deref().filter(|_| !global.json) {
        eprint!("{}", trouble.replacen("error: ", "note: ", 1));
    }
    let today = day_of(now);
    if let Some(file) = &args.ics {
        let owner = registration.as_ref().map(|r| r.hotkey.clone()).or_else(|| hotkey(&settings, &args.neuron).ok());
        let owner = owner.as_ref().map_or("home", |hotkey| hotkey.as_str());
        write(file, &ical(&entries, &Stamp { owner, now, remind_days: settings.dates.remind_days }))?;
    } else if global.json {
        let entries: Vec<Value> = entries.iter().map(|entry| one(entry, today)).collect();
        let model = submission.as_ref().map(|submission| model(submission, &settings.dates, today));
        println!("{}", json!({ "today": today, "entries": entries, "model": model, "trouble": trouble }));
    } else {
        print!("{}", text(&entries, submission.as_ref(), &settings.dates, today));
    }
    Ok(ExitCode::SUCCESS)
}

async fn registration(settings: &Settings, args: &DatesArgs) -> Result<Registration> {
    let hotkey = hotkey(settings, &args.neuron)?;
    let reading = read_metagraph(settings, args.neuron.metagraph.as_deref()).await?;
    Registration::of(&reading, &hotkey).ok_or_else(|| not_registered(&reading, &hotkey))
}

fn write(file: &Path, text: &str) -> Result<()> {
    if file == Path::new("-") {
        print!("{text}");
        return Ok(());
    }
    fs_err::write(file, text).context("the calendar cannot be written")?;
    eprintln!("wrote {}", file.display());
    Ok(())
}

fn one(entry: &Entry, today: Date) -> Value {
    json!({ "key": entry.key, "date": entry.date, "days_left": entry.days_left(today), "state": entry.state(today),
        "what": entry.what, "why": entry.why, "source": entry.source, "about": entry.about, "in_force": entry.in_force })
}

fn model(submission: &Submission, settings: &DatesSettings, today: Date) -> Value {
    json!({ "release": submission.release, "submitted": submission.day, "day_of": submission.of,
        "age_days": age(submission, today), "full_reward_days": settings.full_reward_days,
        "period_days": settings.period_days, "in_force": settings.in_force, "source": settings.source })
}

fn age(submission: &Submission, today: Date) -> i32 {
    submission.day.until(today).map_or(0, |span| span.get_days())
}

fn text(entries: &[Entry], submission: Option<&Submission>, settings: &DatesSettings, today: Date) -> String {
    let row = |entry: &Entry| {
        let state = match entry.state(today) {
            State::Overdue => "OVERDUE",
            State::Passed => "passed",
            State::Today => "today",
            State::Coming => "",
        };
        let about = if entry.about { "about " } else { "" };
        let force = if entry.in_force == Some(false) { " (not in force)" } else { "" };
        vec![
            format!("{}{force}", entry.what),
            format!("{about}{}", entry.date),
            entry.days_left(today).to_string(),
            state.to_owned(),
            entry.why.clone(),
            entry.source.clone(),
        ]
    };
    let rows: Vec<Vec<String>> = entries.iter().map(row).collect();
    let mut out = table(&["what", "day (UTC)", "days left", "", "why", "source"], &rows);
    if let Some(submission) = submission {
        let force = if settings.in_force { "in force" } else { "not in force" };
        let _ = writeln!(
            out,
            "\n{} is {} days old ({} {}); full reward to day {}, period ends at day {}: {force}, source: {}",
            submission.release,
            age(submission, today),
            submission.of,
            submission.day,
            settings.full_reward_days,
            settings.period_days,
            settings.source
        );
    }
    out
}
