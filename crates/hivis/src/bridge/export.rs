//! One export: groups of pictures are read, checked and handed to the layout, a few at a time.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use fs_err as fs;
use hivis_store::{Home, Objects};
use jiff::Timestamp;
use rayon::prelude::*;
use serde::Serialize;

use super::fiftyone::FiftyOne;
use super::folder::Folder;
use super::imagefolder::ImageFolder;
use super::kept::Kept;
use super::rows::{self, Row};
use super::staged::Staged;
use super::table::Tables;
use crate::cli::BridgeFormat;
use crate::config::Settings;
use crate::embedded::Embedder;
use crate::failure::Hinted;
use crate::meter::Meter;

/// Pictures of a group, and their bytes, more or less.
const GROUP: usize = 64;
const GROUP_BYTES: u64 = 32 << 20;
/// Unreadable pictures that are named.
const NAMED: usize = 5;

/// What to write, and where.
pub(crate) struct ExportOrder {
    pub(crate) folder: PathBuf,
    pub(crate) format: BridgeFormat,
    /// `samples` or `data:NAME`.
    pub(crate) of: String,
    /// With features of the current release.
    pub(crate) embeddings: bool,
    /// Hard links instead of copies.
    pub(crate) link: bool,
    pub(crate) split_seed: u64,
    pub(crate) now: Timestamp,
}

/// What was written.
#[derive(Debug, Serialize)]
pub(crate) struct ExportReport {
    folder: PathBuf,
    format: &'static str,
    pictures: usize,
    roadwork: usize,
    /// Pictures by split; those of no split under `none`.
    splits: BTreeMap<&'static str, usize>,
    /// With features.
    embeddings: usize,
    /// Not written, by reason.
    left_out: BTreeMap<String, usize>,
    /// The first few that cannot be read.
    unreadable: Vec<String>,
}

/// A picture that goes out now.
pub(super) struct Item {
    pub(super) row: Row,
    /// Its file's name: SHA-256 and the ending that its bytes want.
    pub(super) file: String,
    pub(super) bytes: Vec<u8>,
    pub(super) vector: Option<Vec<f32>>,
}

impl Item {
    /// Puts the picture's file there: a copy, or a hard link to the home's own file.
    pub(super) fn place(&self, to: &Path, link: bool) -> Result<()> {
        if !link {
            return Ok(fs::write(to, &self.bytes)?);
        }
        fs::hard_link(&self.row.sample.path, to).map_err(|error| {
            let hint = "hard links need one file system that has them: leave --link out to copy";
            anyhow::Error::new(error).context(Hinted::new("a picture cannot be linked", hint))
        })
    }
}

/// A tool's layout on the disk.
pub(super) trait Layout: Send {
    /// True when pictures outside the split have no place.
    fn wants_split(&self) -> bool;
    /// Writes a group.
    fn put(&mut self, items: &[Item]) -> Result<()>;
    /// Writes what comes last.
    fn end(&mut self) -> Result<()>;
}

/// Writes the pictures that the order names.
pub(crate) async fn export(home: &Home, settings: &Settings, order: ExportOrder) -> Result<ExportReport> {
    let staged = Staged::begin(&order.folder)?;
    let found = rows::gather(home, &order.of, order.split_seed).await?;
    let embedder = if order.embeddings { Some(Embedder::open(home, settings, None).await?) } else { None };
    let mut layout: Box<dyn Layout> = match order.format {
        BridgeFormat::Fiftyone => {
            let kept = Kept::open(home)?;
            let space = embedder.as_ref().map(|embedder| embedder.space().to_owned());
            Box::new(FiftyOne::begin(staged.path(), &order, kept, (space, found.release.clone()))?)
        }
        BridgeFormat::Imagefolder => Box::new(ImageFolder::begin(staged.path(), &order)),
        BridgeFormat::Parquet => Box::new(Tables::begin(staged.path(), &order)?),
        BridgeFormat::Folder => Box::new(Folder::begin(staged.path(), &order)?),
    };
    let mut report = ExportReport::new(&order, &found.unreadable);
    let rows = report.wanted(found.all, layout.wants_split());
    if rows.is_empty() {
        let why = report.left_out.keys().next().cloned().unwrap_or_default();
        let hint = "--format folder or fiftyone also takes pictures that are in no part of the split";
        return Err(Hinted::new(format!("no picture is left to export: {why}"), hint).into());
    }
    let meter = Meter::things("pictures");
    for group in groups(rows) {
        let vectors = match &embedder {
            Some(embedder) => {
                let pictures: Vec<_> = group.iter().map(|row| (row.sample.id, row.sample.md5)).collect();
                embedder.features(&pictures).await?
            }
            None => vec![None; group.len()],
        };
        report.embeddings += vectors.iter().flatten().count();
        meter.add(group.len() as u64);
        let objects = home.objects().clone();
        let work = move || -> Result<Box<dyn Layout>> {
            let items = read(&objects, group, vectors)?;
            layout.put(&items)?;
            Ok(layout)
        };
        layout = tokio::task::spawn_blocking(work).await.context("writing the pictures panicked")??;
    }
    meter.end();
    layout.end()?;
    drop(layout);
    staged.done()?;
    Ok(report)
}

/// Neighbours until they are many or large.
fn groups(rows: Vec<Row>) -> Vec<Vec<Row>> {
    let (mut groups, mut bytes) = (Vec::new(), 0);
    for row in rows {
        if bytes == 0 || bytes >= GROUP_BYTES || groups.last().is_some_and(|g: &Vec<Row>| g.len() >= GROUP) {
            groups.push(Vec::new());
            bytes = 0;
        }
        bytes += row.sample.bytes.max(1);
        if let Some(last) = groups.last_mut() {
            last.push(row);
        }
    }
    groups
}

/// The bytes of a group, checked against their SHA-256.
fn read(objects: &Objects, group: Vec<Row>, vectors: Vec<Option<Vec<f32>>>) -> Result<Vec<Item>> {
    let item = |(row, vector): (Row, Option<Vec<f32>>)| {
        let bytes = objects.get(row.sample.id, row.sample.md5).map_err(|error| {
            let hint = "`hivis data fsck` names all that is damaged, and `hivis restore` brings a backup back";
            anyhow::Error::new(error).context(Hinted::new("a picture of the home is not what it was", hint))
        })?;
        let file = format!("{}.{}", row.sample.id, ending(&bytes));
        Ok(Item { row, file, bytes, vector })
    };
    group.into_par_iter().zip(vectors).map(item).collect()
}

/// A file's ending by its first bytes.
fn ending(bytes: &[u8]) -> &'static str {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => "png",
        [b'R', b'I', b'F', b'F', ..] => "webp",
        _ => "jpg",
    }
}

impl ExportReport {
    fn new(order: &ExportOrder, unreadable: &[hivis_examiner::pictures::Skipped]) -> Self {
        let mut left_out = BTreeMap::new();
        if !unreadable.is_empty() {
            left_out.insert("unreadable".to_owned(), unreadable.len());
        }
        Self {
            folder: order.folder.clone(),
            format: match order.format {
                BridgeFormat::Fiftyone => "fiftyone",
                BridgeFormat::Imagefolder => "imagefolder",
                BridgeFormat::Parquet => "parquet",
                BridgeFormat::Folder => "folder",
            },
            pictures: 0,
            roadwork: 0,
            splits: BTreeMap::new(),
            embeddings: 0,
            left_out,
            unreadable: unreadable.iter().take(NAMED).map(|s| format!("{}: {}", s.name, s.why)).collect(),
        }
    }

    /// Counts what goes out, and what does not.
    fn wanted(&mut self, rows: Vec<Row>, split: bool) -> Vec<Row> {
        let mut wanted = Vec::with_capacity(rows.len());
        for row in rows {
            if let (Err(why), true) = (row.place, split) {
                *self.left_out.entry(why.to_owned()).or_default() += 1;
                continue;
            }
            self.pictures += 1;
            self.roadwork += usize::from(row.sample.label.as_u8());
            *self.splits.entry(row.split().unwrap_or("none")).or_default() += 1;
            wanted.push(row);
        }
        wanted
    }

    /// The report for a person.
    pub(crate) fn said(&self) -> String {
        let mut text = format!("{} pictures, {} with roadwork", self.pictures, self.roadwork);
        let splits: Vec<String> = self.splits.iter().map(|(name, n)| format!("{name} {n}")).collect();
        let _ = writeln!(text, " ({}): {}", splits.join(", "), self.folder.display());
        if self.embeddings > 0 {
            let _ = writeln!(text, "{} with embeddings", self.embeddings);
        }
        for (why, n) in &self.left_out {
            let _ = writeln!(text, "left out: {n} {why}");
        }
        for line in &self.unreadable {
            let _ = writeln!(text, "  {line}");
        }
        let _ = writeln!(text, "back again: hivis data import {} --reviewer NAME", self.folder.display());
        text
    }
}
