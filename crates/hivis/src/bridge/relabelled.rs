//! Who relabelled which picture in another tool: a label has a source and a time, a reviewer's name is kept here.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;

use anyhow::Result;
use fs_err as fs;
use hivis_store::{Home, ObjectId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::found::from_hex;

/// A line of the home's list of labels that came with imports.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Relabelled {
    pub(super) sha256: String,
    /// `none`, `roadwork`, or nothing where there was no label.
    pub(super) from: Option<String>,
    pub(super) to: String,
    pub(super) reviewer: String,
    pub(super) at: Timestamp,
}

/// The home's list of labels that came with imports: who said what, and when.
fn list(home: &Home) -> PathBuf {
    home.reports().join("relabelled.jsonl")
}

/// Adds to the list.
pub(super) fn write_down(home: &Home, relabelled: &[Relabelled]) -> Result<()> {
    if relabelled.is_empty() {
        return Ok(());
    }
    let mut lines = String::new();
    for one in relabelled {
        let _ = writeln!(lines, "{}", serde_json::to_string(one)?);
    }
    let mut file = fs::OpenOptions::new().create(true).append(true).open(list(home))?;
    file.write_all(lines.as_bytes())?;
    Ok(file.sync_all()?)
}

/// Who labelled each picture last through an import.
pub(super) fn reviewers(home: &Home) -> Result<BTreeMap<ObjectId, String>> {
    let path = list(home);
    if !path.is_file() {
        return Ok(BTreeMap::new());
    }
    let mut reviewers = BTreeMap::new();
    for line in BufReader::new(fs::File::open(&path)?).lines() {
        // A line that was cut short names nobody: the label then counts as another person's.
        let Ok(line) = serde_json::from_str::<Relabelled>(&line?) else { continue };
        if let Some(id) = from_hex(&line.sha256) {
            reviewers.insert(id, line.reviewer);
        }
    }
    Ok(reviewers)
}
