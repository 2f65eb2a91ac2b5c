//! An exam of releases after its last answer: what is kept of it in files, and the parts of its report.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use hivis_examiner::interval::Shard;
use hivis_examiner::{ExamReport, Paper, Part, merge};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::exam_file::Sitter;
use crate::failure::Hinted;

/// The file of `--answers`: who sat, on what, and what was answered.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Answered {
    /// One, or A and B.
    pub(crate) candidates: Vec<Sitter>,
    /// Where the pictures came from, in the user's words.
    pub(crate) pictures: String,
    /// Questions and answers.
    pub(crate) paper: Paper,
}

/// A part of the report, in a file named by its shard.
#[derive(Serialize, Deserialize)]
struct PartFile {
    candidates: Vec<Sitter>,
    part: Part,
}

impl Answered {
    /// Reads a file of `--answers`; `None` when there is none yet.
    pub(crate) fn read(path: &Path) -> Result<Option<Self>> {
        if path.exists() { read(path).map(Some) } else { Ok(None) }
    }

    /// Keeps it for other parts of the report.
    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        write(path, self)
    }

    /// Computes one part of the report and writes it to `out`, or to a file named by the shard; gives its path. The same
    /// part again is the same file.
    pub(crate) fn write_part(self, shard: Shard, out: Option<&Path>) -> Result<PathBuf> {
        let name = || PathBuf::from(format!("exam-{}-of-{}.json", shard.index + 1, shard.of));
        let path = out.map_or_else(name, Path::to_owned);
        write(&path, &PartFile { part: self.paper.part(shard)?, candidates: self.candidates })?;
        Ok(path)
    }
}

/// Joins the files of all parts; gives who sat, and the report.
pub(crate) fn merged(files: &[PathBuf]) -> Result<(Vec<Sitter>, ExamReport)> {
    let parts = files.iter().map(|file| read::<PartFile>(file)).collect::<Result<Vec<_>>>()?;
    let hint = "give every part of one exam once; parts share their answers when each is run with the same --answers";
    let who = parts.first().map(|part| part.candidates.clone()).unwrap_or_default();
    if parts.iter().any(|part| part.candidates != who) {
        return Err(Hinted::new("the parts are of other releases, engines or precisions", hint).into());
    }
    let report = merge(parts.into_iter().map(|part| part.part).collect());
    Ok((who, report.map_err(|error| Hinted::new(error.to_string(), hint))?))
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let bytes = fs_err::read(path)?;
    serde_json::from_slice(&bytes).with_context(|| format!("{} is not what `hivis exam` writes there", path.display()))
}

/// Readers see the whole file or none.
fn write(path: &Path, what: &impl Serialize) -> Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".partial");
    fs_err::write(&beside, serde_json::to_vec(what).context("the exam cannot be written")?)?;
    Ok(fs_err::rename(&beside, path)?)
}
