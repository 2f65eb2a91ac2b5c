//! `hivis trace`: one picture through the whole wheel.

use std::collections::BTreeMap;
use std::process::ExitCode;

use anyhow::{Context, Result};
use hivis_store::{Home, Ledger, MadePicture, ObjectId, PictureState, Story, Trace};
use hivis_types::Label;
use serde::Serialize;

use crate::cli::{Global, ServeArgs, TraceArgs};
use crate::embedded::Embedder;
use crate::failure::Hinted;
use crate::home;

/// Variations that are told one by one.
const TOLD: usize = 5;

/// All that is told.
#[derive(Serialize)]
struct Told {
    /// The newest record that shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    story: Option<Asked>,
    #[serde(flatten)]
    trace: Trace,
    /// Trainings whose split names it, with its part.
    runs: BTreeMap<String, String>,
    /// What the current release says of it now.
    now: Option<Now>,
}

/// The first station.
#[derive(Serialize)]
struct Asked {
    record: String,
    at: jiff::Timestamp,
    release: Option<String>,
    probability: Option<f32>,
    label: Option<(String, String)>,
}

#[derive(Serialize)]
struct Now {
    release: String,
    probability: f32,
}

/// Shows every station that a picture has been at.
pub(crate) async fn run(global: &Global, args: &TraceArgs) -> Result<ExitCode> {
    let home = home::open(global)?;
    let ledger = home.ledger().await?;
    let (id, story) = found(&ledger, &args.id).await?;
    let trace = ledger.trace(id).await?.context("a picture that was just found is gone")?;
    let now = if args.no_judge || !trace.there { None } else { judged(&home, &trace).await? };
    let told = Told { story: story.as_ref().map(asked), runs: runs(&home, id)?, trace, now };
    if global.json {
        println!("{}", serde_json::to_string(&told)?);
    } else {
        print!("{}", text(&told));
    }
    Ok(ExitCode::SUCCESS)
}

/// A record's picture, or the picture itself.
async fn found(ledger: &Ledger, word: &str) -> Result<(ObjectId, Option<Story>)> {
    if let Ok(story) = ledger.story(word).await {
        let (PictureState::Stored { sha256, .. } | PictureState::Removed { sha256, .. }) = story.stored.picture_state
        else {
            let hint = format!("`hivis records show {word}` says why");
            return Err(Hinted::new("this record's picture was never stored", hint).into());
        };
        return Ok((sha256, Some(story)));
    }
    let Some(id) = ledger.picture_named(word).await? else {
        let hint = "a record's id or a picture's SHA-256, enough characters that only one begins so";
        return Err(Hinted::new(format!("nothing is called `{word}`"), hint).into());
    };
    let newest = ledger.trace(id).await?.and_then(|trace| trace.records.last().cloned());
    let story = match newest {
        Some(record) => Some(ledger.story(&record).await?),
        None => None,
    };
    Ok((id, story))
}

fn asked(story: &Story) -> Asked {
    let record = &story.stored.record;
    let label = story.stored.trusted_label.as_ref();
    Asked {
        record: record.id.to_string(),
        at: record.arrived,
        release: record.judgement.as_ref().map(|judgement| judgement.release.to_string()),
        probability: record.judgement.as_ref().map(|judgement| judgement.probability),
        label: label.map(|label| (name(label.label).to_owned(), label.source.as_str().to_owned())),
    }
}

/// What the release that serves now says; nothing when there is none.
async fn judged(home: &Home, trace: &Trace) -> Result<Option<Now>> {
    let Some(release) = home.releases().current()? else { return Ok(None) };
    let settings = home::settings(home, &ServeArgs::default())?;
    let embedder = Embedder::open(home, &settings, None).await?;
    let scores = embedder.judge(&[(trace.id, trace.md5)]).await?.pop().flatten();
    Ok(scores.map(|scores| Now { release: release.to_string(), probability: scores.probability }))
}

/// Trainings that put it into a part.
fn runs(home: &Home, id: ObjectId) -> Result<BTreeMap<String, String>> {
    let (key, mut found) = (id.to_string(), BTreeMap::new());
    for entry in fs_err::read_dir(home.runs())? {
        let entry = entry?;
        let split = entry.path().join("split.csv");
        if !split.is_file() {
            continue;
        }
        let mut reader = csv::Reader::from_path(&split)?;
        for row in reader.records() {
            let row = row.with_context(|| format!("{} cannot be read", split.display()))?;
            if row.get(0) == Some(&*key) && row.get(3).is_some_and(|part| !part.is_empty()) {
                found.insert(entry.file_name().to_string_lossy().into_owned(), row[3].to_owned());
            }
        }
    }
    Ok(found)
}

/// A line a station, in the wheel's order.
fn text(told: &Told) -> String {
    let trace = &told.trace;
    let mut lines =
        vec![format!("picture    {}{}", trace.id, if trace.there { "" } else { " (removed by retention)" })];
    if let Some(made) = &trace.made {
        lines.push(format!("made       {}", made_told(made)));
    }
    lines.extend(trace.datasets.iter().map(|name| format!("data set   {name}")));
    if let Some(asked) = &told.story {
        lines.push(format!("asked      {} in record {}", asked.at, asked.record));
        if let (Some(release), Some(probability)) = (&asked.release, asked.probability) {
            let sure = 100.0 * probability.max(1.0 - probability);
            lines.push(format!("answered   {probability:.3} by {release}: {sure:.0}% sure of {}", side(probability)));
        }
        if let Some((label, source)) = &asked.label {
            lines.push(format!("label      {label}, says {source}"));
        }
    }
    for pick in &trace.picks {
        let why = pick.reasons.join(", ");
        lines.push(format!("mined      {} in run {} ({why}; score {:.2})", pick.at, pick.run, pick.score));
    }
    if !trace.variations.is_empty() {
        let passed = trace.variations.iter().filter(|made| made.passed == Some(true)).count();
        let judged = trace.variations.iter().filter(|made| made.passed.is_some()).count();
        lines.push(format!(
            "varied     {} pictures were made of it; the gate passed {passed} of {judged}",
            trace.variations.len()
        ));
        lines.extend(trace.variations.iter().take(TOLD).map(|made| format!("           {}", made_told(made))));
    }
    if let Some(review) = trace.review.filter(|_| trace.decisions.is_empty()) {
        lines.push(format!("review     waits as number {review}: hivis review show {review}"));
    }
    for decision in &trace.decisions {
        let label = decision.label.map_or(String::new(), |label| format!(", shows {}", named(label)));
        let reason = decision.reason.as_ref().map_or(String::new(), |reason| format!(" ({reason})"));
        lines.push(format!("reviewed   {} by {}: {}{reason}{label}", decision.at, decision.reviewer, decision.verdict));
    }
    for span in &trace.versions {
        let until = span.until.as_ref().map_or(String::new(), |until| format!(", gone in {until}"));
        lines.push(format!("version    since {}{until}, as {}", span.since, span.name));
    }
    lines.extend(told.runs.iter().map(|(run, part)| format!("training   {run}: {part}")));
    if let Some(now) = &told.now {
        let right = told.story.as_ref().and_then(|asked| asked.label.as_ref());
        let right = right.map_or("", |(label, _)| if *label == side(now.probability) { ", right" } else { ", WRONG" });
        lines.push(format!("now        {:.3} by {}: {}{right}", now.probability, now.release, side(now.probability)));
    }
    lines.join("\n") + "\n"
}

fn made_told(made: &MadePicture) -> String {
    let verdict = match made.passed {
        None => "not judged yet".to_owned(),
        Some(true) => "passed the gate".to_owned(),
        Some(false) => format!("refused: {}", made.reasons.join(", ")),
    };
    format!("{:.12} by {} from {}, {}; {verdict}", made.id.to_string(), made.generator, made.prompt, named(made.wanted))
}

fn side(probability: f32) -> &'static str {
    name(Label::from_probability(probability))
}

fn named(label: u8) -> &'static str {
    if label == 1 { "roadwork" } else { "clear" }
}

fn name(label: Label) -> &'static str {
    named(label.as_u8())
}
