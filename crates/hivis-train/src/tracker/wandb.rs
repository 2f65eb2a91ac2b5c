//! Weights & Biases, by the user's own package in a child process.
//!
//! One named thread writes events from a bounded queue to the child, two read what it says. Only what the child
//! confirmed counts as delivered.

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::family::Family;
use super::{Ended, RunFacts, Tracker, TrackerEnd, TrackerName, warn};

/// What the child runs.
const SCRIPT: &str = include_str!("wandb.py");
/// Names the Python to use where the settings do not.
const PYTHON_VARIABLE: &str = "HIVIS_PYTHON";
/// Inherited by the child; never shown.
const KEY_VARIABLE: &str = "WANDB_API_KEY";
/// Events that wait while the child starts or is busy; a head logs one an epoch.
const QUEUE: usize = 4096;
/// Bytes of an answer that are looked at.
const LONGEST_ANSWER: u64 = 4096;
/// Bytes kept of the end of what the child wrote on standard error.
const TAIL: usize = 2048;
/// For the readers to see the end of a pipe whose writers are gone.
const READERS_TIME: Duration = Duration::from_secs(1);

/// How Weights & Biases is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WandbSettings {
    /// The project; `hivis` by default.
    pub project: String,
    /// The user or team; without one, the account's own choice.
    pub entity: Option<String>,
    /// Without one, what `WANDB_MODE` and wandb's own settings say.
    pub mode: Option<WandbMode>,
    /// The Python that has the package; without one `HIVIS_PYTHON`, then `python3`.
    pub python: Option<PathBuf>,
    /// Seconds that the child has to end once the run did; then it is killed.
    pub finish_within_s: u32,
}

impl Default for WandbSettings {
    fn default() -> Self {
        Self { project: "hivis".to_owned(), entity: None, mode: None, python: None, finish_within_s: 10 }
    }
}

/// Where wandb puts a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WandbMode {
    /// On its server as it happens.
    Online,
    /// In a folder, for `wandb sync`.
    Offline,
}

/// What the child said so far.
#[derive(Default)]
struct Said {
    confirmed: u64,
    place: Option<String>,
    error: Option<String>,
    /// The end of its standard error.
    tail: Vec<u8>,
}

/// The child, its queue and what it said.
pub(super) struct Wandb {
    family: Family,
    /// `None` once the last event is in it.
    queue: Option<Sender<String>>,
    /// Events that it should have had.
    offered: u64,
    said: Arc<Mutex<Said>>,
    /// Disconnected when both readers are through.
    reading: Receiver<()>,
    finish_within: Duration,
}

impl Wandb {
    pub(super) fn start(settings: &WandbSettings, facts: &RunFacts) -> Result<Self, String> {
        let python = settings.python.clone().or_else(|| std::env::var_os(PYTHON_VARIABLE).map(PathBuf::from));
        let python = python.filter(|path| !path.as_os_str().is_empty()).unwrap_or_else(|| "python3".into());
        let argument = json!({
            "project": settings.project,
            "entity": settings.entity,
            "mode": settings.mode,
            "folder": facts.folder,
            "finish_within_s": settings.finish_within_s,
        });
        let mut command = Command::new(&python);
        command.arg("-c").arg(SCRIPT).arg(argument.to_string());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let failed = |error: std::io::Error| format!("cannot start {}: {error}", python.display());
        let mut family = Family::start(command, &facts.run).map_err(failed)?;
        let pipes = (family.child().stdin.take(), family.child().stdout.take(), family.child().stderr.take());
        let (Some(mut stdin), Some(stdout), Some(stderr)) = pipes else {
            unreachable!("the child was given three pipes: this is a bug")
        };

        let (queue, events) = bounded::<String>(QUEUE);
        let feed = move || {
            for line in events {
                if stdin.write_all(line.as_bytes()).is_err() {
                    // The child is gone; the queue closes, and its end is told when the run ends.
                    return;
                }
            }
        };
        let said = Arc::new(Mutex::new(Said::default()));
        let (open, reading) = bounded::<()>(0);
        let (answers, heard) = (Arc::clone(&said), open.clone());
        let listen = move || {
            hear(stdout, &answers);
            drop(heard);
        };
        let errors = Arc::clone(&said);
        let keep = move || {
            keep_tail(stderr, &errors);
            drop(open);
        };
        thread::Builder::new().name("tracker-feed".to_owned()).spawn(feed).map_err(failed)?;
        thread::Builder::new().name("tracker-hear".to_owned()).spawn(listen).map_err(failed)?;
        thread::Builder::new().name("tracker-err".to_owned()).spawn(keep).map_err(failed)?;
        let finish_within = Duration::from_secs(u64::from(settings.finish_within_s));
        Ok(Self { family, queue: Some(queue), offered: 0, said, reading, finish_within })
    }
}

impl Tracker for Wandb {
    fn take(&mut self, line: String) {
        self.offered += 1;
        if let Some(queue) = &self.queue {
            // Full, or nobody takes from it any more: it is lost, and missing from what the child confirms.
            let _ = queue.try_send(line);
        }
    }

    fn end(&mut self, last: String) -> Ended {
        let deadline = Instant::now() + self.finish_within;
        self.offered += 1;
        if let Some(queue) = self.queue.take() {
            // A child that does not make room for it in time is killed below.
            let _ = queue.send_deadline(last, deadline);
        }
        let status = self.family.wait(deadline);
        self.family.kill();
        // Disconnected, or late: then somebody else holds a pipe, and what was said until now counts.
        let _ = self.reading.recv_timeout(READERS_TIME);
        let said = lock(&self.said);
        let (end, why) = self.judge(status, &said);
        Ended { end, taken: said.confirmed, why, place: said.place.clone(), warned: said.error.is_some() }
    }
}

impl Wandb {
    fn judge(&self, status: Option<ExitStatus>, said: &Said) -> (TrackerEnd, Option<String>) {
        let tail = match last_words(&said.tail) {
            Some(words) => format!("; it said: {words}"),
            None => String::new(),
        };
        match status {
            None => {
                let why = format!("it had not ended after {} s and was killed{tail}", self.finish_within.as_secs());
                (TrackerEnd::Killed, Some(why))
            }
            Some(_) if said.error.is_some() => (TrackerEnd::Lost, said.error.clone()),
            Some(status) if !status.success() => (TrackerEnd::Lost, Some(format!("it ended with {status}{tail}"))),
            Some(_) if said.confirmed < self.offered => {
                (TrackerEnd::Lost, Some(format!("it did not confirm every event{tail}")))
            }
            Some(_) => (TrackerEnd::Delivered, None),
        }
    }
}

/// Reads the child's answers to their end. A line that is none, and what is too long for one, is passed over.
fn hear(stdout: impl Read, said: &Mutex<Said>) {
    let mut stdout = BufReader::new(stdout);
    let mut line = Vec::new();
    loop {
        line.clear();
        match stdout.by_ref().take(LONGEST_ANSWER).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let text = String::from_utf8_lossy(&line);
        let (word, rest) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
        match word {
            "ok" => lock(said).confirmed += 1,
            "ready" => {
                tracing::info!(tracker = TrackerName::Wandb.as_str(), place = rest, "the run is tracked");
                let mut said = lock(said);
                said.confirmed += 1;
                said.place = Some(rest.to_owned());
            }
            "error" => {
                let why = without_key(rest);
                // Early, while the user looks on; the end of the run warns no more.
                warn(TrackerName::Wandb, &why);
                lock(said).error = Some(why);
                // One is all there is; the pipe is still drained.
                let _ = std::io::copy(&mut stdout, &mut std::io::sink());
                return;
            }
            _ => {}
        }
    }
}

/// Reads standard error to its end and keeps the last of it.
fn keep_tail(mut stderr: impl Read, said: &Mutex<Said>) {
    let mut chunk = [0; TAIL];
    while let Ok(read @ 1..) = stderr.read(&mut chunk) {
        let tail = &mut lock(said).tail;
        tail.extend_from_slice(&chunk[..read]);
        let extra = tail.len().saturating_sub(TAIL);
        tail.drain(..extra);
    }
}

/// The last line that is not empty.
fn last_words(tail: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(tail);
    text.lines().map(str::trim).rfind(|line| !line.is_empty()).map(without_key)
}

/// `text` without the user's key, should somebody have printed it.
fn without_key(text: &str) -> String {
    match std::env::var(KEY_VARIABLE) {
        Ok(key) if !key.is_empty() => text.replace(&key, "[key]"),
        _ => text.to_owned(),
    }
}

fn lock(said: &Mutex<Said>) -> MutexGuard<'_, Said> {
    said.lock().unwrap_or_else(PoisonError::into_inner)
}
