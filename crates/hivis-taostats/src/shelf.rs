//! What was answered and what was asked, on disk: all processes of a home share the plan's calls.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::TaoStatsError;

/// What the plan's number of calls counts over.
const WINDOW: SignedDuration = SignedDuration::from_secs(60);

/// The folder.
#[derive(Clone, Debug)]
pub(crate) struct Shelf {
    pub(crate) folder: PathBuf,
    /// Calls that may be made in any minute.
    pub(crate) calls: u32,
}

/// An answer as it was given.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// Which server gave it.
    base: String,
    /// The whole question.
    question: String,
    /// When it came, UTC.
    pub(crate) at: Timestamp,
    /// Its rows, all pages together.
    pub(crate) rows: Vec<Value>,
}

/// Calls of late.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Calls {
    made: Vec<Timestamp>,
    /// The server wants no call before.
    until: Option<Timestamp>,
}

impl Shelf {
    fn failed(&self) -> impl Fn(std::io::Error) -> TaoStatsError {
        let folder = self.folder.clone();
        move |source| TaoStatsError::Folder { folder: folder.clone(), source }
    }

    /// The file of a question; its text is made of our own words, numbers and a key's letters.
    fn path(&self, question: &str) -> PathBuf {
        let name: String =
            question.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(200).collect();
        self.folder.join(format!("{}.json", name.trim_matches('-')))
    }

    /// The answer that is kept; one that cannot be read is as good as none.
    pub(crate) fn find(&self, base: &str, question: &str) -> Option<Kept> {
        let kept: Kept = serde_json::from_slice(&std::fs::read(self.path(question)).ok()?).ok()?;
        (kept.base == base && kept.question == question).then_some(kept)
    }

    /// Takes the place of the one before.
    pub(crate) fn keep(
        &self,
        base: &str,
        question: &str,
        at: Timestamp,
        rows: Vec<Value>,
    ) -> Result<Kept, TaoStatsError> {
        let kept = Kept { base: base.to_owned(), question: question.to_owned(), at, rows };
        let write = || {
            fs_err::create_dir_all(&self.folder)?;
            let path = self.path(question);
            let beside = path.with_extension(format!("{}.partial", std::process::id()));
            fs_err::write(&beside, serde_json::to_vec(&kept).map_err(std::io::Error::other)?)?;
            fs_err::rename(&beside, &path)
        };
        write().map_err(self.failed())?;
        Ok(kept)
    }

    /// Books a call that is about to be made, or says how long there is none to be had.
    pub(crate) fn book(&self, now: Timestamp) -> Result<(), TaoStatsError> {
        let mut wait = None;
        self.change(now, |calls| {
            let first = calls.made.len().checked_sub(self.calls.max(1) as usize).map(|at| calls.made[at]);
            let free = first.map(|first| first.saturating_add(WINDOW).unwrap_or(Timestamp::MAX));
            match free.max(calls.until) {
                Some(free) if free > now => wait = Some(free.duration_since(now).unsigned_abs()),
                _ => calls.made.push(now),
            }
        })?;
        wait.map_or(Ok(()), |wait| Err(TaoStatsError::Spent { calls: self.calls, wait }))
    }

    /// The server wants to be left alone so long.
    pub(crate) fn hold(&self, now: Timestamp, wait: Duration) -> Result<(), TaoStatsError> {
        let wait = SignedDuration::try_from(wait).unwrap_or(WINDOW);
        self.change(now, |calls| calls.until = now.checked_add(wait).ok())
    }

    fn change(&self, now: Timestamp, change: impl FnOnce(&mut Calls)) -> Result<(), TaoStatsError> {
        self.changed(now, change).map_err(self.failed())
    }

    /// Under the file's lock, which a process that dies gives back.
    fn changed(&self, now: Timestamp, change: impl FnOnce(&mut Calls)) -> std::io::Result<()> {
        fs_err::create_dir_all(&self.folder)?;
        let path = self.folder.join("calls.json");
        let mut file: File = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        file.lock()?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        let mut calls: Calls = serde_json::from_str(&text).unwrap_or_default();
        // A clock that was set back: what it calls the future was just now, so nothing is freed and nothing locked for long.
        calls.made.iter_mut().for_each(|at| *at = (*at).min(now));
        calls.made.retain(|at| now.duration_since(*at) < WINDOW);
        calls.made.sort_unstable();
        let far = now.saturating_add(SignedDuration::from_hours(24)).unwrap_or(now);
        calls.until = calls.until.filter(|until| (now..=far).contains(until));
        change(&mut calls);
        file.set_len(0)?;
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&serde_json::to_vec(&calls).map_err(std::io::Error::other)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_calls_than_the_plan_has_whatever_the_clock_does() {
        let folder = tempfile::tempdir().expect("a folder");
        let shelf = Shelf { folder: folder.path().join("shelf"), calls: 5 };
        let at = |second: i64| Timestamp::from_second(1_800_000_000 + second).expect("a time");
        let mut made = Vec::new();
        // Every second of five minutes.
        for second in 0..300 {
            if shelf.book(at(second)).is_ok() {
                made.push(second);
            }
        }
        for second in 0..300 {
            let within = made.iter().filter(|made| (second..second + 60).contains(*made)).count();
            assert!(within <= 5, "{within} calls in the minute from {second}");
        }
        assert_eq!(made.len(), 25);
        // The clock goes back by a day: the calls of the last minute still count, and not for longer than a minute.
        let back = -86_400;
        let Err(TaoStatsError::Spent { wait, .. }) = shelf.book(at(back)) else { panic!("a call was given away") };
        assert!(wait <= Duration::from_mins(1), "{wait:?}");
        assert!(shelf.book(at(back + 61)).is_ok());
        // A server that wants to be left alone is, and a word that nobody can mean holds nothing up.
        shelf.hold(at(1000), Duration::from_secs(90)).expect("noted");
        assert!(shelf.book(at(1089)).is_err() && shelf.book(at(1090)).is_ok());
        std::fs::write(folder.path().join("shelf/calls.json"), "{\"made\":[\"x").expect("written");
        assert!(shelf.book(at(2000)).is_ok());
    }
}
