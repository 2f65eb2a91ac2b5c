//! Experiment trackers: what a training does, told to others while it runs.
//!
//! Optional, and none can fail a run: an event never waits, what could not be delivered is counted, and the first trouble
//! of a tracker is one line in the log. A tracker takes events as lines of JSON:
//!
//! ```json
//! {"config":{"epochs":30},"event":"start","run":"tiny-head-1","tags":["head"],"time":"2026-11-26T15:00:00Z"}
//! {"event":"metrics","step":0,"time":"2026-11-26T15:00:01Z","values":{"loss":0.61,"val_loss":0.58}}
//! {"event":"summary","time":"2026-11-26T15:00:09Z","values":{"accuracy":0.91}}
//! {"event":"finish","status":"finished","time":"2026-11-26T15:00:09Z"}
//! ```
//!
//! A value that is no finite number is null.

mod family;
mod json_lines;
mod wandb;

use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use json_lines::JsonLines;
use wandb::Wandb;

pub use wandb::{WandbMode, WandbSettings};

/// Where events can go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TrackerName {
    /// The file `events.jsonl` in the run's folder.
    #[serde(rename = "jsonl")]
    JsonLines,
    /// Weights & Biases, by the user's own Python package `wandb`.
    #[serde(rename = "wandb")]
    Wandb,
}

impl TrackerName {
    /// The name in settings and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::JsonLines => "jsonl",
            Self::Wandb => "wandb",
        }
    }
}

/// Which trackers are told, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrackerSettings {
    /// Those that are told; by default none.
    pub names: Vec<TrackerName>,
    /// For Weights & Biases.
    pub wandb: WandbSettings,
}

/// What is known of a run when it begins.
#[derive(Clone, Debug)]
pub struct RunFacts {
    /// Its name.
    pub run: String,
    /// Its folder, which is there: `events.jsonl` and wandb's own files go there.
    pub folder: PathBuf,
    /// Its settings, a JSON object.
    pub config: Value,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// Tells the time of each event.
    pub clock: fn() -> Timestamp,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunStatus {
    /// It came to its end.
    Finished,
    /// It did not.
    Failed,
}

/// How a tracker ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TrackerEnd {
    /// It took every event and ended well.
    Delivered,
    /// It missed events, or ended badly.
    Lost,
    /// It, or a process that it started, had not ended in time.
    Killed,
}

/// What became of a tracker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackerOutcome {
    /// Which one.
    pub tracker: TrackerName,
    /// How it ended.
    pub end: TrackerEnd,
    /// Events of the run, with its start and its end.
    pub events: u64,
    /// Those among them that it did not confirm.
    pub lost: u64,
    /// The reason, unless all was delivered.
    pub why: Option<String>,
    /// Where the run can be looked at: a file, a folder or an address.
    pub place: Option<String>,
}

/// One tracker.
trait Tracker: Send {
    /// Takes one event, a line of JSON with its line break. Never waits for another process.
    fn take(&mut self, line: String);

    /// Takes the last event and ends, in bounded time.
    fn end(&mut self, last: String) -> Ended;
}

/// A tracker's own word on its end.
struct Ended {
    end: TrackerEnd,
    /// Events that it is known to have taken.
    taken: u64,
    why: Option<String>,
    place: Option<String>,
    /// The log has its warning already.
    warned: bool,
}

/// A tracker, or why it could not be started.
struct Entry {
    name: TrackerName,
    started: Result<Box<dyn Tracker>, String>,
}

/// The trackers of one run. Dropped without [`finish`](Self::finish), they are told that it failed.
pub struct Trackers {
    entries: Vec<Entry>,
    clock: fn() -> Timestamp,
    events: u64,
}

impl Trackers {
    /// Starts the trackers and tells them of the run. One that cannot be started is a warning and an outcome.
    pub fn start(settings: &TrackerSettings, facts: RunFacts) -> Self {
        let start = |&name: &TrackerName| {
            let started: Result<Box<dyn Tracker>, String> = match name {
                TrackerName::JsonLines => JsonLines::start(&facts).map(|tracker| Box::new(tracker) as _),
                TrackerName::Wandb => Wandb::start(&settings.wandb, &facts).map(|tracker| Box::new(tracker) as _),
            };
            if let Err(why) = &started {
                warn(name, why);
            }
            Entry { name, started }
        };
        let entries = settings.names.iter().map(start).collect();
        let RunFacts { run, tags, config, clock, .. } = facts;
        let mut trackers = Self { entries, clock, events: 0 };
        trackers.tell("start", json!({ "run": run, "tags": tags, "config": config }));
        trackers
    }

    /// Tells the figures of a step (or epoch). Steps grow from call to call.
    pub fn log(&mut self, step: u64, values: &[(&str, f64)]) {
        self.tell("metrics", json!({ "step": step, "values": object(values) }));
    }

    /// Tells what the run comes to.
    pub fn summary(&mut self, values: &[(&str, f64)]) {
        self.tell("summary", json!({ "values": object(values) }));
    }

    /// Ends every tracker, in bounded time, and says what became of it.
    pub fn finish(mut self, status: RunStatus) -> Vec<TrackerOutcome> {
        self.end(status)
    }

    fn tell(&mut self, event: &str, fields: Value) {
        self.events += 1;
        let line = self.line(event, fields);
        for tracker in self.entries.iter_mut().filter_map(|entry| entry.started.as_mut().ok()) {
            tracker.take(line.clone());
        }
    }

    fn line(&self, event: &str, mut fields: Value) -> String {
        fields["time"] = json!((self.clock)());
        fields["event"] = json!(event);
        fields.to_string() + "\n"
    }

    fn end(&mut self, status: RunStatus) -> Vec<TrackerOutcome> {
        if self.entries.is_empty() {
            return Vec::new();
        }
        self.events += 1;
        let last = self.line("finish", json!({ "status": status }));
        let events = self.events;
        let outcome = |Entry { name, started }: Entry| {
            let ended = match started {
                Ok(mut tracker) => tracker.end(last.clone()),
                Err(why) => Ended { end: TrackerEnd::Lost, taken: 0, why: Some(why), place: None, warned: true },
            };
            if let (Some(why), false) = (&ended.why, ended.warned) {
                warn(name, why);
            }
            let lost = events.saturating_sub(ended.taken);
            TrackerOutcome { tracker: name, end: ended.end, events, lost, why: ended.why, place: ended.place }
        };
        self.entries.drain(..).map(outcome).collect()
    }
}

impl Drop for Trackers {
    fn drop(&mut self) {
        // After `finish` there are none left.
        self.end(RunStatus::Failed);
    }
}

fn object(values: &[(&str, f64)]) -> Map<String, Value> {
    values.iter().map(|&(name, value)| (name.to_owned(), json!(value))).collect()
}

/// The one line that a tracker's trouble is worth.
fn warn(tracker: TrackerName, why: &str) {
    let hint = match tracker {
        TrackerName::JsonLines => "look at the folder's disk and permissions",
        TrackerName::Wandb => {
            "HIVIS_PYTHON names a Python with `pip install wandb`; then `wandb login`, or mode offline"
        }
    };
    tracing::warn!(tracker = tracker.as_str(), why, hint, "the tracker is in trouble; the run goes on");
}
