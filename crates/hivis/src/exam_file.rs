//! Exams that are kept in the home: who sat, on what, and what came of it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use hivis_examiner::ExamReport;
use hivis_store::Home;
use hivis_types::{EngineKind, Precision, ReleaseId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Who sat. An exam belongs to a release on an engine in a precision: what serves is what sat.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sitter {
    /// The release.
    pub(crate) release: ReleaseId,
    /// What ran it.
    pub(crate) engine: EngineKind,
    /// In which arithmetic.
    pub(crate) precision: Precision,
    /// The size of its files.
    pub(crate) bytes: u64,
}

/// A file of `exams/`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ExamFile {
    /// When it was sat, UTC.
    pub(crate) made: Timestamp,
    /// One, or A and B.
    pub(crate) candidates: Vec<Sitter>,
    /// What came of it.
    pub(crate) report: ExamReport,
}

impl ExamFile {
    /// Writes it into the home; gives its path.
    pub(crate) fn keep(&self, home: &Home) -> Result<PathBuf> {
        let who: Vec<&str> = self.candidates.iter().map(|c| c.release.as_str()).collect();
        let name = format!("{}-{}.json", self.made.strftime("%Y%m%d-%H%M%S"), who.join("-vs-"));
        let path = home.exams().join(name);
        let beside = path.with_extension("partial");
        fs_err::write(&beside, serde_json::to_vec(self)?).context("the exam cannot be kept")?;
        fs_err::rename(&beside, &path)?;
        Ok(path)
    }

    /// The newest exam of `a` and then `b`, with its file's name.
    pub(crate) fn newest(home: &Home, a: &ReleaseId, b: &ReleaseId) -> Result<Option<(String, Self)>> {
        let end = format!("-{a}-vs-{b}.json");
        for name in names(home, |name| name.ends_with(&end))? {
            let file = Self::read(home, &name)?;
            // `x-vs-a` could be a release's own name.
            if file.candidates.len() == 2 && file.candidates[0].release == *a && file.candidates[1].release == *b {
                return Ok(Some((name, file)));
            }
        }
        Ok(None)
    }

    /// The newest exam that `release` sat, alone or beside another.
    pub(crate) fn newest_of(home: &Home, release: &ReleaseId) -> Result<Option<Self>> {
        for name in names(home, |name| name.contains(release.as_str()))? {
            let file = Self::read(home, &name)?;
            if file.candidates.iter().any(|sitter| sitter.release == *release) {
                return Ok(Some(file));
            }
        }
        Ok(None)
    }

    /// The names of the newest exams that two sat, at most `limit`.
    pub(crate) fn newest_of_two(home: &Home, limit: usize) -> Result<Vec<String>> {
        let mut names = names(home, |name| name.contains("-vs-"))?;
        names.truncate(limit);
        Ok(names)
    }

    /// The exam in the file of that name.
    pub(crate) fn read(home: &Home, name: &str) -> Result<Self> {
        let bytes = fs_err::read(home.exams().join(name))?;
        serde_json::from_slice(&bytes).with_context(|| format!("exams/{name} is no exam"))
    }
}

/// Exams whose file is wanted, newest first.
pub(crate) fn names(home: &Home, wanted: impl Fn(&str) -> bool) -> Result<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    for entry in fs_err::read_dir(home.exams())? {
        let name = entry?.file_name();
        let whole = Path::new(&name).extension().is_some_and(|end| end == "json");
        names.extend(name.to_str().filter(|name| whole && wanted(name)).map(str::to_owned));
    }
    // A name begins with its time.
    names.sort_unstable_by(|a, b| b.cmp(a));
    Ok(names)
}
