//! One import: all of it is compared first, then new pictures, labels and what else was said are written, in this order.
//!
//! Each step can be repeated, so what was cut short is done again by the same command.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use fs_err as fs;
use hivis_store::{Home, Ledger, ObjectId, StoredLabel};
use hivis_types::{Label, LabelSource};
use jiff::Timestamp;
use serde::Serialize;

use super::compare::{self, Change, Comparison};
use super::found::Take;
use super::kept::Kept;
use super::relabelled::{Relabelled, reviewers, write_down};
use super::rows::class;
use super::taking::{Taking, take_new};
use super::{fiftyone, folder, imagefolder, table};
use crate::cli::BridgeFormat;
use crate::failure::Hinted;

/// Longer is no name.
pub(super) const MAX_NAME: usize = 100;
/// Changes that are printed.
const PRINTED: usize = 10;

/// What to read, and who changed it.
pub(crate) struct ImportOrder {
    pub(crate) folder: PathBuf,
    /// None: what the folder looks like.
    pub(crate) format: Option<BridgeFormat>,
    pub(crate) dry_run: bool,
    pub(crate) reviewer: String,
    pub(crate) now: Timestamp,
}

/// What changed, or would.
#[derive(Debug, Serialize)]
pub(crate) struct ImportReport {
    folder: PathBuf,
    dry_run: bool,
    /// Pictures with the label that the home says.
    same: u64,
    /// Labels that the home learned otherwise since the export; they stay.
    stale: u64,
    /// Pictures of the home that have no label there; theirs stays.
    unlabelled: u64,
    without_file: u64,
    repeated: u64,
    relabelled: Vec<Relabelled>,
    /// Pictures that the home did not know, and the data set that they are now.
    new: usize,
    dataset: Option<String>,
    skipped: BTreeMap<String, u64>,
}

/// Compares the folder with the home and takes what changed.
pub(crate) async fn import(home: &Home, order: ImportOrder) -> Result<ImportReport> {
    let reviewer = order.reviewer.trim().to_owned();
    if reviewer.is_empty() || reviewer.len() > MAX_NAME || reviewer.contains(char::is_control) {
        let hint = format!("--reviewer takes 1 to {MAX_NAME} characters");
        return Err(Hinted::new("that is no reviewer's name", hint).into());
    }
    let folder = fs::canonicalize(&order.folder).map_err(|error| {
        let hint = "give the folder that `hivis data export` or the other tool wrote";
        anyhow::Error::new(error).context(Hinted::new("there is nothing to import", hint))
    })?;
    let format = order.format.map_or_else(|| looks_like(&folder), Ok)?;
    let _alone = lock(home)?;
    let ledger = home.ledger().await?;
    let now = compare::Home::read(&ledger, reviewers(home)?, reviewer.clone()).await?;
    let reading = folder.clone();
    let work = move || -> Result<_> {
        let mut found = Comparison::default();
        read(format, &reading, &mut |one| found.take(&now, one))?;
        found.work(&now)?;
        Ok((found, now))
    };
    let (mut found, now) = tokio::task::spawn_blocking(work).await.context("comparing the folder panicked")??;
    recorded(&ledger, &mut found).await?;
    refuse(&found, &folder)?;
    let relabelled = |(id, change): (&ObjectId, &Change)| Relabelled {
        sha256: id.to_string(),
        from: change.from.map(|label| class(label).to_owned()),
        to: class(change.to).to_owned(),
        reviewer: reviewer.clone(),
        at: order.now,
    };
    let mut report = ImportReport {
        folder: folder.clone(),
        dry_run: order.dry_run,
        same: found.same,
        stale: found.stale,
        unlabelled: found.unlabelled,
        without_file: found.without_file,
        repeated: found.repeated,
        relabelled: found.changes.iter().map(relabelled).collect(),
        new: found.new.len(),
        dataset: None,
        skipped: std::mem::take(&mut found.skipped),
    };
    if order.dry_run {
        return Ok(report);
    }
    let keeping = if format == BridgeFormat::Fiftyone { Some(Kept::open(home)?.replace()?) } else { None };
    let taking = Taking { format, folder, new: found.new, samples: now.samples, keeping };
    report.dataset = take_new(&ledger, taking, order.now).await?;
    write_down(home, &report.relabelled)?;
    for (id, change) in &found.changes {
        relabel(&ledger, *id, change.to, order.now).await?;
    }
    Ok(report)
}

/// One import at a time: the second compares with what the first wrote.
fn lock(home: &Home) -> Result<File> {
    let file = File::create(home.reports().join("import.lock")).context("the home cannot be written to")?;
    file.try_lock().map_err(|_| Hinted::new("another import runs on this home", "wait until it is done"))?;
    Ok(file)
}

/// The layout by what lies in the folder.
fn looks_like(folder: &Path) -> Result<BridgeFormat> {
    if folder.join("metadata.json").is_file() {
        return Ok(BridgeFormat::Fiftyone);
    }
    if folder.join(folder::TABLE).is_file() {
        return Ok(BridgeFormat::Folder);
    }
    if imagefolder::looks(folder) {
        return Ok(BridgeFormat::Imagefolder);
    }
    if table::looks(folder) {
        return Ok(BridgeFormat::Parquet);
    }
    if super::rows::CLASSES.iter().any(|class| folder.join(class).is_dir()) {
        return Ok(BridgeFormat::Folder);
    }
    let hint = "--format says whose layout it is; FiftyOne's has metadata.json and samples.json, imagefolder's a \
        metadata.jsonl, a plain folder `roadwork` and `none`";
    Err(Hinted::new(format!("{} is in no layout that we know", folder.display()), hint).into())
}

/// Gives every picture of the folder.
pub(super) fn read(format: BridgeFormat, folder: &Path, take: &mut Take<'_>) -> Result<()> {
    match format {
        BridgeFormat::Fiftyone => fiftyone::read(folder, take),
        BridgeFormat::Imagefolder => imagefolder::read(folder, take),
        BridgeFormat::Parquet => table::read(folder, take),
        BridgeFormat::Folder => folder::read(folder, take),
    }
}

/// A picture that validators showed and nobody labelled is no new one: it gets its label. One that the home has and does
/// not train on stays as it is.
async fn recorded(ledger: &Ledger, found: &mut Comparison) -> Result<()> {
    for (id, to) in std::mem::take(&mut found.new) {
        if ledger.is_known(id).await? {
            found.skip("the home has it and leaves it out: a reviewer or the gate rejected it");
        } else if ledger.records_of(id).await?.is_empty() {
            found.new.insert(id, to);
        } else {
            found.changes.insert(id, Change { from: None, to });
        }
    }
    Ok(())
}

/// Nothing is written where something is wrong.
fn refuse(found: &Comparison, folder: &Path) -> Result<()> {
    if found.problem_count == 0 {
        return Ok(());
    }
    let mut message = format!("{} cannot be imported; nothing was changed", folder.display());
    for problem in &found.problems {
        let _ = write!(message, "\n  {problem}");
    }
    let more = found.problem_count - found.problems.len() as u64;
    if more > 0 {
        let _ = write!(message, "\n  and {more} more");
    }
    let hint =
        "mend these or take them out of the folder; where two people disagree, export again, look, and import that";
    Err(Hinted::new(message, hint).into())
}

/// A person's label on the picture and on each record that shows it.
async fn relabel(ledger: &Ledger, id: ObjectId, label: Label, at: Timestamp) -> Result<()> {
    let word = StoredLabel { label, source: LabelSource::Person, confidence: 1.0, at };
    let records = ledger.records_of(id).await?;
    for record in &records {
        ledger.label(*record, word).await?;
    }
    Ok(ledger.label_picture(id, word).await?)
}

impl ImportReport {
    /// The report for a person.
    pub(crate) fn said(&self) -> String {
        let mut text = String::new();
        let would = if self.dry_run { "would be " } else { "" };
        let _ = writeln!(text, "{} pictures as the home has them", self.same);
        if !self.relabelled.is_empty() {
            let _ = writeln!(text, "{} {would}relabelled", self.relabelled.len());
            for one in self.relabelled.iter().take(PRINTED) {
                let from = one.from.as_deref().unwrap_or("no label");
                let _ = writeln!(text, "  {}  {from} -> {}", &one.sha256[..16], one.to);
            }
        }
        if self.new > 0 {
            let dataset = self.dataset.as_ref().map(|name| format!(" into data set {name}")).unwrap_or_default();
            let _ = writeln!(text, "{} new pictures {would}imported{dataset}", self.new);
        }
        let counts = [
            (self.stale, "labels stay as the home learned them since the export"),
            (self.unlabelled, "without a label there keep theirs"),
            (self.without_file, "known by their SHA-256, their files are not there"),
            (self.repeated, "are there more than once"),
        ];
        for (n, what) in counts.into_iter().filter(|(n, _)| *n > 0) {
            let _ = writeln!(text, "{n} {what}");
        }
        for (why, n) in &self.skipped {
            let _ = writeln!(text, "skipped: {n}, {why}");
        }
        if self.dry_run {
            text.push_str("nothing was changed: the same without --dry-run does it\n");
        }
        text
    }
}
