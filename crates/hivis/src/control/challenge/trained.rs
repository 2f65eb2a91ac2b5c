//! Which trainings know a picture: their `split.csv` names every picture with its part.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use anyhow::{Context, Result};
use hivis_console::Trained;
use hivis_store::ObjectId;

/// The newest trainings that are looked at.
const NEWEST: usize = 8;
/// Pictures whose trainings are kept, until there is a new training.
const KEPT: usize = 256;

/// The trainings of a home.
#[derive(Clone)]
pub(crate) struct Trainings {
    folder: PathBuf,
    kept: Arc<Mutex<Kept>>,
}

/// What was found in these runs, the oldest question first.
#[derive(Default)]
struct Kept {
    runs: Vec<Run>,
    found: VecDeque<(ObjectId, Vec<Trained>)>,
}

/// A run's split, and when it was written.
type Run = (SystemTime, String);

impl Trainings {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder, kept: Arc::default() }
    }

    /// The newest runs that have the picture in a part.
    pub(crate) async fn of(&self, picture: ObjectId) -> Result<Vec<Trained>> {
        let own = self.clone();
        tokio::task::spawn_blocking(move || own.look(picture)).await.context("reading the splits panicked")?
    }

    fn look(&self, picture: ObjectId) -> Result<Vec<Trained>> {
        let runs = runs(&self.folder)?;
        {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.runs != runs {
                *kept = Kept { runs: runs.clone(), found: VecDeque::new() };
            }
            if let Some((_, found)) = kept.found.iter().find(|(id, _)| *id == picture) {
                return Ok(found.clone());
            }
        }
        let key = picture.to_string();
        let mut found = Vec::new();
        for (_, run) in &runs {
            if let Some(part) = part(&self.folder.join(run).join("split.csv"), &key)? {
                found.push(Trained { run: run.clone(), part });
            }
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.runs == runs {
            kept.found.push_back((picture, found.clone()));
            if kept.found.len() > KEPT {
                kept.found.pop_front();
            }
        }
        Ok(found)
    }
}

/// The newest runs with a split, newest first.
fn runs(folder: &Path) -> Result<Vec<Run>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut runs = Vec::new();
    for entry in fs_err::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let Ok(about) = std::fs::metadata(entry.path().join("split.csv")) else { continue };
        runs.push((about.modified()?, name));
    }
    runs.sort_unstable_by(|a, b| b.cmp(a));
    runs.truncate(NEWEST);
    Ok(runs)
}

/// The part that the line of a picture names; line by line, so that no split is held in memory.
fn part(split: &Path, key: &str) -> Result<Option<String>> {
    let file = BufReader::with_capacity(1 << 18, fs_err::File::open(split)?);
    for line in file.lines() {
        let line = line.with_context(|| format!("{} cannot be read", split.display()))?;
        if line.get(..key.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(key)) {
            // A name may hold commas and quotes.
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(line.as_bytes());
            let row =
                reader.records().next().transpose().with_context(|| format!("{} is no split", split.display()))?;
            return Ok(row.and_then(|row| row.get(3).filter(|part| !part.is_empty()).map(str::to_owned)));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_newest_trainings_name_the_part() {
        let folder = tempfile::tempdir().expect("a folder");
        let id = ObjectId([0xab; 32]);
        let write = |run: &str, text: String| {
            std::fs::create_dir_all(folder.path().join(run)).expect("a folder");
            std::fs::write(folder.path().join(run).join("split.csv"), text).expect("a split");
        };
        write("one", format!("key,name,scene,part,out,held\n{id},\"a, \"\"b\"\"\",s,tune,,tune\n"));
        write("other", "key,name,scene,part,out,held\n00,a,s,train,,train\n".to_owned());
        write("out", format!("key,name,scene,part,out,held\n{id},a,s,,alike,\n"));
        let trainings = Trainings::new(folder.path().to_owned());
        let expected = vec![Trained { run: "one".into(), part: "tune".into() }];
        for _ in 0..2 {
            assert_eq!(trainings.of(id).await.expect("splits"), expected);
        }
        write("new", format!("key,name,scene,part,out,held\n{id},a,s,train,,train\n"));
        assert_eq!(trainings.of(id).await.expect("splits").len(), 2, "a new training is seen");
        assert!(Trainings::new(folder.path().join("none")).of(id).await.expect("nothing").is_empty());
    }
}
