//! `/challenge/{id}`: everything that is known of one answer.

use hivis_store::{DropReason, PictureState, StoredLabel, Story, Trace};
use hivis_types::{Label, Protocol, Record};
use serde::Serialize;
use utoipa::ToSchema;

use super::source::Trained;
use crate::pages::row::{Row, stamp};

/// Decisions, picks and variations that are told one by one.
const TOLD: usize = 8;

/// One answer's whole story.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct Told {
    /// The answer.
    pub(crate) row: Row,
    /// What was asked and how, name and value; values are a stranger's words.
    pub(crate) asked: Vec<Fact>,
    /// What each phase took.
    pub(crate) phases: Vec<Phase>,
    /// What the model said, and how it may be read.
    pub(crate) judged: Vec<Fact>,
    /// Why there was no answer, in a sentence.
    pub(crate) silence: Option<String>,
    /// What was odd; a stranger's words.
    pub(crate) notes: Vec<String>,
    /// Every word on what it shows, most trusted first.
    pub(crate) labels: Vec<LabelTold>,
    /// What became of the picture.
    pub(crate) picture: String,
    /// Its SHA-256.
    pub(crate) sha256: Option<String>,
    /// Stations that it has been at, in the wheel's order.
    pub(crate) stations: Vec<Station>,
}

/// A name and a value.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct Fact {
    pub(crate) name: String,
    pub(crate) value: String,
}

/// One phase of the answer.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct Phase {
    pub(crate) name: String,
    pub(crate) ms: f64,
    /// Where its bar begins, and its length, of 400.
    pub(crate) from: f64,
    pub(crate) width: f64,
}

/// One source's word.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct LabelTold {
    pub(crate) label: String,
    pub(crate) source: String,
    pub(crate) at: String,
    /// It is the one that counts.
    pub(crate) counts: bool,
}

/// One station.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct Station {
    pub(crate) name: String,
    /// What happened there, a line each; empty where it has not been.
    pub(crate) said: Vec<String>,
}

/// Puts it together.
pub(crate) fn told(story: Story, trace: Option<&Trace>, trained: &[Trained]) -> Told {
    let record = &story.stored.record;
    let (asked, phases, judged) = (asked(record), phases(record), judged(record, &story.labels));
    let labels = story.labels.iter().enumerate().map(|(at, said)| LabelTold {
        label: name(said.label).to_owned(),
        source: said.source.as_str().to_owned(),
        at: stamp(said.at),
        counts: at == 0,
    });
    let labels = labels.collect();
    let silence = record.silence.map(|silence| explained(silence.as_str()).to_owned());
    let notes = record.notes.clone();
    let (picture, sha256) = picture(&story);
    Told {
        asked,
        phases,
        judged,
        silence,
        notes,
        labels,
        picture,
        sha256,
        stations: stations(trace, trained),
        row: Row::from(story.stored),
    }
}

fn fact(name: &str, value: impl Into<String>) -> Fact {
    Fact { name: name.to_owned(), value: value.into() }
}

fn asked(record: &Record) -> Vec<Fact> {
    let caller = &record.caller;
    let protocol = match record.protocol {
        Protocol::Axon => "bt_header_* (bittensor 7 to 10)",
        Protocol::Btauth => "btauth/1 (bittensor 11)",
    };
    let mut facts = vec![
        fact("validator", caller.hotkey.to_string()),
        fact("stake", if caller.stake.is_finite() { format!("{:.1}", caller.stake) } else { "not known".to_owned() }),
        fact("arrived", stamp(record.arrived)),
        fact("from", caller.peer.clone()),
        fact("protocol", protocol),
    ];
    if let Some(version) = caller.version {
        facts
            .push(fact("its version", format!("{}.{}.{}", version / 1_000_000, version / 1000 % 1000, version % 1000)));
    }
    if let Some(timeout) = record.timeout_s {
        facts.push(fact("it waits", format!("{timeout} s")));
    }
    facts.push(fact("nonce", caller.nonce.to_string()));
    if let Ok(signed) = jiff::Timestamp::from_nanosecond(i128::from(caller.nonce)) {
        let behind = record.arrived.duration_since(signed).as_secs_f64();
        if behind.abs() < 3600.0 {
            facts.push(fact("arrival after its nonce", format!("{behind:+.3} s")));
        }
    }
    if let Some(uuid) = &caller.uuid {
        facts.push(fact("dendrite", uuid.clone()));
    }
    facts.push(fact("answered with", format!("HTTP {}", record.status)));
    facts
}

/// In the order in which they come; what is left of the total is the rest.
fn phases(record: &Record) -> Vec<Phase> {
    let timings = &record.timings;
    let known = [
        ("verify", timings.verify_us),
        ("read the body", timings.body_us),
        ("decode", timings.decode_us),
        ("wait for a batch", timings.queue_us),
        ("engine", timings.engine_us),
    ];
    let sum: u64 = known.iter().map(|(_, us)| us).sum();
    let all = timings.total_us.max(sum).max(1) as f64;
    let rest = ("everything else", timings.total_us.saturating_sub(sum));
    let mut from = 0.0;
    let place = |(name, us): (&str, u64)| {
        let width = 400.0 * us as f64 / all;
        let phase = Phase { name: name.to_owned(), ms: us as f64 / 1000.0, from, width };
        from += width;
        phase
    };
    known.into_iter().chain([rest]).map(place).collect()
}

fn judged(record: &Record, labels: &[StoredLabel]) -> Vec<Fact> {
    let Some(judgement) = &record.judgement else { return Vec::new() };
    let p = judgement.probability;
    let said = Label::from_probability(p);
    let mut facts = vec![
        fact("probability of roadwork", format!("{p:.4}")),
        fact("read as", format!("{:.0}% sure of {}", 100.0 * p.max(1.0 - p), name(said))),
    ];
    if let Some(known) = labels.first() {
        let right = if known.label == said { "right" } else { "WRONG" };
        facts.push(fact(
            "against the label",
            format!("{right}: it is {}, says {}", name(known.label), known.source.as_str()),
        ));
    }
    let (engine, precision) = (judgement.engine.as_str(), judgement.precision.as_str());
    facts.push(fact("release", judgement.release.to_string()));
    facts.push(fact("engine", format!("{engine}, {precision}")));
    let s = if judgement.batch == 1 { "" } else { "s" };
    facts.push(fact("batch", format!("{} picture{s}, left because {}", judgement.batch, judgement.left.as_str())));
    facts
}

/// What a reason of silence means.
fn explained(reason: &str) -> &'static str {
    match reason {
        "no-image" => "The body had no image, or one that is no text.",
        "not-base64" => "The image was not base64.",
        "not-a-picture" => "The bytes are no picture that can be judged.",
        "too-many-pixels" => "The picture is over the pixel limit, or claims to be.",
        "too-many-bytes" => "The body was over the byte limit.",
        "bad-body" => "The body was not the synapse's JSON.",
        "slow-body" => "The caller went away or was too slow with its body.",
        "overloaded" => "It could not have made its deadline, so it was refused at once.",
        "expired" => "Its deadline passed while it waited.",
        "engine-failed" => "The engine failed; the log has the reason.",
        "no-model" => "No release was loaded.",
        "unsure" => "The model was not sure enough (serve.silence_below).",
        "draining" => "The server was shutting down.",
        _ => "There was no answer.",
    }
}

fn picture(story: &Story) -> (String, Option<String>) {
    let size = story.stored.record.picture.as_ref();
    let size = size.filter(|picture| picture.width > 0);
    let size =
        size.map_or_else(String::new, |picture| format!("{} x {}, {}, ", picture.width, picture.height, picture.media));
    let kilo = |bytes: u64| format!("{:.1} kB", bytes as f64 / 1000.0);
    match story.stored.picture_state {
        PictureState::None => ("the body gave no picture".to_owned(), None),
        PictureState::Stored { sha256, bytes, .. } => {
            let trouble =
                story.picture_trouble.as_ref().map_or("", |_| "; it cannot be read from the disk: `hivis fsck`");
            (format!("{size}{}{trouble}", kilo(bytes)), Some(sha256.to_string()))
        }
        PictureState::Removed { sha256, at, .. } => {
            (format!("{size}removed by retention on {}", at.strftime("%Y-%m-%d")), Some(sha256.to_string()))
        }
        PictureState::Dropped { reason, bytes } => (format!("{size}{}: {}", kilo(bytes), dropped(reason)), None),
    }
}

fn dropped(reason: DropReason) -> String {
    format!("never stored ({})", reason.as_str())
}

fn stations(trace: Option<&Trace>, trained: &[Trained]) -> Vec<Station> {
    let station = |name: &str, said: Vec<String>| Station { name: name.to_owned(), said };
    let Some(trace) = trace else { return Vec::new() };
    let mut recorded: Vec<String> = Vec::new();
    if trace.records.len() > 1 {
        recorded.push(format!("{} records show this picture", trace.records.len()));
    }
    recorded.extend(trace.datasets.iter().take(TOLD).map(|name| format!("also in the data set {name}")));
    let picks = trace.picks.iter().take(TOLD);
    let mined = picks.map(|pick| {
        let why = pick.reasons.join(", ");
        format!("picked in run {} on {}: {why}; score {:.2}", pick.run, day(pick.at), pick.score)
    });
    let mut made: Vec<String> = Vec::new();
    if let Some(own) = &trace.made {
        made.push(format!("made by {} from {}", own.generator, own.prompt));
    }
    let judged = |passed: bool| trace.variations.iter().filter(|made| made.passed == Some(passed)).count();
    let mut gated: Vec<String> = Vec::new();
    if !trace.variations.is_empty() {
        let s = if trace.variations.len() == 1 { " was" } else { "s were" };
        made.push(format!("{} picture{s} made of it", trace.variations.len()));
        gated.push(format!("of those, {} passed and {} were refused", judged(true), judged(false)));
    }
    let mut reviewed: Vec<String> = trace
        .decisions
        .iter()
        .take(TOLD)
        .map(|decision| {
            let label =
                decision.label.map_or("", |label| if label == 1 { ", shows roadwork" } else { ", shows clear" });
            let reason = decision.reason.as_ref().map_or_else(String::new, |reason| format!(" ({reason})"));
            format!("{} by {} on {}{reason}{label}", decision.verdict, decision.reviewer, day(decision.at))
        })
        .collect();
    if let Some(number) = trace.review.filter(|_| trace.decisions.is_empty()) {
        reviewed.push(format!("waits as number {number}"));
    }
    let versions = trace.versions.iter().take(TOLD).map(|span| {
        let until = span.until.as_ref().map_or_else(String::new, |until| format!(", gone in {until}"));
        format!("since {}{until}, as {}", span.since, span.name)
    });
    vec![
        station("recorded", recorded),
        station("mined", mined.collect()),
        station("made", made),
        station("gated", gated),
        station("reviewed", reviewed),
        station("versioned", versions.collect()),
        station("trained", trained.iter().map(|one| format!("{}: {}", one.run, one.part)).collect()),
    ]
}

fn day(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M").to_string()
}

fn name(label: Label) -> &'static str {
    if label == Label::Roadwork { "roadwork" } else { "clear" }
}
