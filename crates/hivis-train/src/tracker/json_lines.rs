//! Events in a file, one a line.

use std::fs::File;
use std::io::Write as _;

use super::{Ended, RunFacts, Tracker, TrackerEnd};

/// Appends to `events.jsonl` in the run's folder. After the first failure it is left alone: half a line may be in it.
pub(super) struct JsonLines {
    file: File,
    place: String,
    taken: u64,
    failure: Option<String>,
}

impl JsonLines {
    pub(super) fn start(facts: &RunFacts) -> Result<Self, String> {
        let path = facts.folder.join("events.jsonl");
        let place = path.display().to_string();
        let file = File::options().append(true).create(true).open(&path);
        let file = file.map_err(|error| format!("cannot write {place}: {error}"))?;
        Ok(Self { file, place, taken: 0, failure: None })
    }
}

impl Tracker for JsonLines {
    fn take(&mut self, line: String) {
        if self.failure.is_some() {
            return;
        }
        match self.file.write_all(line.as_bytes()) {
            Ok(()) => self.taken += 1,
            Err(error) => self.failure = Some(format!("cannot write {}: {error}", self.place)),
        }
    }

    fn end(&mut self, last: String) -> Ended {
        self.take(last);
        let why = self.failure.take();
        let end = if why.is_some() { TrackerEnd::Lost } else { TrackerEnd::Delivered };
        Ended { end, taken: self.taken, why, place: Some(self.place.clone()), warned: false }
    }
}
