//! One import: all of it is compared first, then new pictures, labels and what else was said are written, in this order.
//!
//! Each step can be repeated, so what was cut short is done again by the same command.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use fs_err as fs;
use hivis_store::{Home, Ledger, NewDataset, NewPicture, ObjectId, Outcome, StoredLabel};
use hivis_types::{Label, LabelSource};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::compare::{self, Change, Comparison};
use super::found::{Found, Take, from_hex};
use super::kept::{Keeping, Kept};
use super::rows::class;
use super::{fiftyone, folder, imagefolder, table};
use crate::cli::BridgeFormat;
use crate::failure::Hinted;

/// Longer is no name.
const MAX_NAME: usize = 100;
/// New pictures that get into the ledger together, and groups that wait for it.
const GROUP: usize = 64;
const WAITING: usize = 2;
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

/// A line of the home's list of labels that came with imports.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Relabelled {
    sha256: String,
    /// `none`, `roadwork`, or nothing where there was no label.
    from: Option<String>,
    to: String,
    reviewer: String,
    at: Timestamp,
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
fn read(format: BridgeFormat, folder: &Path, take: &mut Take<'_>) -> Result<()> {
    match format {
        BridgeFormat::Fiftyone => fiftyone::read(folder, take),
        BridgeFormat::Imagefolder => imagefolder::read(folder, take),
        BridgeFormat::Parquet => table::read(folder, take),
        BridgeFormat::Folder => folder::read(folder, take),
    }
}

/// A picture that validators showed and nobody labelled is no new one: it gets its label.
async fn recorded(ledger: &Ledger, found: &mut Comparison) -> Result<()> {
    let mut labelled = Vec::new();
    for (id, label) in &found.new {
        if !ledger.records_of(*id).await?.is_empty() {
            labelled.push((*id, *label));
        }
    }
    for (id, to) in labelled {
        found.new.remove(&id);
        found.changes.insert(id, Change { from: None, to });
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

/// What the second reading wants.
struct Taking {
    format: BridgeFormat,
    folder: PathBuf,
    new: BTreeMap<ObjectId, Label>,
    samples: BTreeMap<ObjectId, compare::Known>,
    keeping: Option<Keeping>,
}

/// Reads again: new pictures become a data set of their own, whose name it gives; what FiftyOne says is kept.
async fn take_new(ledger: &Ledger, taking: Taking, now: Timestamp) -> Result<Option<String>> {
    let stem = taking.folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let stem: String = stem.chars().filter(|c| !c.is_control()).take(MAX_NAME / 2).collect();
    let name = format!("{stem}-{}", now.strftime("%Y%m%d-%H%M%S"));
    let source = taking.folder.display().to_string();
    let any = !taking.new.is_empty();
    if !any && taking.keeping.is_none() {
        return Ok(None);
    }
    let import = if any {
        let new = NewDataset { name: name.clone(), source, revision: None };
        Some(ledger.begin_import(&new, now).await?)
    } else {
        None
    };
    let (send, mut groups) = mpsc::channel(WAITING);
    let reader = tokio::task::spawn_blocking(move || taking.read(&send));
    let mut refused = Vec::new();
    while let (Some(group), Some(import)) = (groups.recv().await, &import) {
        for (picture, outcome) in group.iter().zip(ledger.import(import, &group).await?) {
            if let Outcome::Refused(why) = outcome {
                refused.push(format!("{}: {why}", picture.name.escape_debug()));
            }
        }
    }
    let keeping = reader.await.context("reading the folder panicked")??;
    if let Some(import) = &import {
        ledger.end_import(import, Timestamp::now()).await?;
    }
    if let Some((keeping, folder)) = keeping {
        fiftyone::keep(keeping, &folder)?;
    }
    if let Some(first) = refused.first() {
        let hint = "all others are imported; take these out of the folder and import it again";
        return Err(Hinted::new(format!("{} new pictures were refused: {first}", refused.len()), hint).into());
    }
    Ok(any.then_some(name))
}

impl Taking {
    fn read(mut self, send: &mpsc::Sender<Vec<NewPicture>>) -> Result<Option<(Keeping, PathBuf)>> {
        let mut group = Vec::new();
        let (format, folder) = (self.format, self.folder.clone());
        read(format, &folder, &mut |found| {
            if let Some(picture) = self.one(found)? {
                group.push(picture);
            }
            if group.len() >= GROUP {
                send.blocking_send(std::mem::take(&mut group)).ok().context("the ledger stopped")?;
            }
            Ok(())
        })?;
        if !group.is_empty() {
            send.blocking_send(group).ok().context("the ledger stopped")?;
        }
        Ok(self.keeping.map(|keeping| (keeping, folder)))
    }

    fn one(&mut self, found: Found) -> Result<Option<NewPicture>> {
        if found.odd.is_some() {
            return Ok(None);
        }
        let id = match &found.said {
            // Without a new picture to take, only what is said is of use: its claim was checked before.
            Some(_) if self.new.is_empty() => {
                found.claimed.as_deref().and_then(from_hex).map_or_else(|| found.id(), |id| Ok(Some(id)))?
            }
            _ => found.id()?.or_else(|| found.claimed.as_deref().and_then(from_hex)),
        };
        let Some(id) = id else { return Ok(None) };
        let label = self.new.remove(&id);
        let mut slices = found.slices.clone();
        if let (Some(said), Some(keeping)) = (&found.said, &mut self.keeping) {
            let said = match self.samples.get(&id) {
                Some(known) => fiftyone::against(id, said, &known.slices),
                None if label.is_some() => {
                    let (own, said) = fiftyone::own_slices(id, said);
                    slices = own;
                    said
                }
                None => fiftyone::against(id, said, &[]),
            };
            keeping.keep(id, &said)?;
        }
        let (Some(label), Some(bytes)) = (label, found.load()?) else { return Ok(None) };
        let bytes = bytes.to_vec();
        if ObjectId::of(&bytes) != id {
            let hint = "nobody should write to the folder meanwhile; the same command goes on";
            return Err(Hinted::new(format!("{} changed while it was read", found.name.escape_debug()), hint).into());
        }
        let scene = found.scene.clone().unwrap_or_else(|| found.name.clone());
        Ok(Some(NewPicture { bytes, label, origin: found.origin, scene, slices, name: found.name }))
    }
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

/// The home's list of labels that came with imports: who said what, and when.
fn list(home: &Home) -> PathBuf {
    home.reports().join("relabelled.jsonl")
}

fn write_down(home: &Home, relabelled: &[Relabelled]) -> Result<()> {
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
fn reviewers(home: &Home) -> Result<BTreeMap<ObjectId, String>> {
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
