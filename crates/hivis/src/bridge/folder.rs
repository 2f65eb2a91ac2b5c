//! A plain folder: `roadwork/` and `none/`, and `hivis.csv` beside them. Moving a picture between the two relabels it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use fs_err as fs;
use hivis_examiner::PictureBytes;
use hivis_examiner::pictures::{Entry, read_dataset};

use super::columns::Columns;
use super::export::{ExportOrder, Item, Layout};
use super::found::{Found, Take, id};
use super::rows::{CLASSES, class, label};
use crate::failure::Hinted;

/// The table beside the class folders. `metadata.csv` would win over them wherever data sets are read.
pub(super) const TABLE: &str = "hivis.csv";

/// Class folders in the making.
pub(super) struct Folder {
    to: PathBuf,
    link: bool,
    now_us: i64,
    table: csv::Writer<fs::File>,
}

impl Folder {
    pub(super) fn begin(to: &Path, order: &ExportOrder) -> Result<Self> {
        for class in CLASSES {
            fs::create_dir(to.join(class))?;
        }
        let table = csv::Writer::from_writer(fs::File::create(to.join(TABLE))?);
        Ok(Self { to: to.to_owned(), link: order.link, now_us: order.now.as_microsecond(), table })
    }
}

impl Layout for Folder {
    fn wants_split(&self) -> bool {
        false
    }

    fn put(&mut self, items: &[Item]) -> Result<()> {
        for item in items {
            let name = format!("{}/{}", class(item.row.sample.label), item.file);
            item.place(&self.to.join(&name), self.link)?;
            self.table.serialize(Columns::new(&item.row, name, self.now_us))?;
        }
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        Ok(self.table.flush()?)
    }
}

/// What the table says of one SHA-256.
struct Line {
    label: String,
    exported: String,
    exported_us: Option<i64>,
    scene: String,
    origin: String,
    slices: String,
}

/// Gives every picture of the class folders, with the words of the table where it knows the bytes.
pub(super) fn read(folder: &Path, take: &mut Take<'_>) -> Result<()> {
    let lines = table(&folder.join(TABLE))?;
    let mut failed = None;
    let outcome = read_dataset(folder, &mut |entry| {
        let taken = match entry {
            // Not the pictures' business: the table, and a card.
            Entry::Skipped(skipped) if skipped.name == TABLE => Ok(()),
            Entry::Skipped(skipped) => take(Found::odd(skipped.name, skipped.why)),
            Entry::Picture(picture) => found(picture, &lines).and_then(&mut *take),
        };
        failed = taken.err();
        failed.is_none()
    });
    match failed {
        Some(error) => Err(error),
        None => outcome.with_context(|| {
            let hint = "it wants class folders `roadwork` and `none`";
            Hinted::new(format!("{} cannot be read", folder.display()), hint)
        }),
    }
}

fn found(picture: hivis_examiner::LibraryPicture, lines: &BTreeMap<String, Line>) -> Result<Found> {
    let PictureBytes::File(path) = &picture.bytes else {
        return Ok(Found::of(picture));
    };
    // The table's line is found by content: a person may rename files.
    let key = id(path)?.to_string();
    let mut found = Found::of(picture);
    if let Some(line) = lines.get(&key) {
        let (was, said) = (label(&line.exported), label(&line.label));
        found.was = was;
        found.exported_us = line.exported_us;
        // Without a move, a changed cell counts.
        if found.label == Ok(was) && said.is_some() && said != was {
            found.label = Ok(said);
        }
        found.scene = Some(line.scene.clone()).filter(|scene| !scene.is_empty()).or(found.scene);
        found.slices = line.slices.split(';').filter(|s| !s.is_empty()).map(str::to_owned).collect();
        found.origin = super::found::origin(&line.origin).unwrap_or(found.origin);
    }
    Ok(found)
}

/// The table's lines by SHA-256; none when there is no table.
fn table(path: &Path) -> Result<BTreeMap<String, Line>> {
    if !path.is_file() {
        return Ok(BTreeMap::new());
    }
    let broken = |error: csv::Error| {
        let hint = "mend the line or remove the file; the class folders alone are enough to import";
        anyhow::Error::new(error).context(Hinted::new(format!("{} cannot be read", path.display()), hint))
    };
    let mut reader = csv::Reader::from_reader(fs::File::open(path)?);
    let header = reader.headers().map_err(broken)?.clone();
    let mut lines = BTreeMap::new();
    for record in reader.records() {
        let record = record.map_err(broken)?;
        let cell = |name: &str| {
            let at = header.iter().position(|column| column == name);
            at.and_then(|at| record.get(at)).unwrap_or_default().to_owned()
        };
        let line = Line {
            label: cell("label"),
            exported: cell("exported_label"),
            exported_us: cell("exported_us").parse().ok(),
            scene: cell("scene"),
            origin: cell("origin"),
            slices: cell("slices"),
        };
        lines.insert(cell("sha256"), line);
    }
    Ok(lines)
}
