//! Hugging Face's imagefolder: `train/`, `validation/` and `test/`, each with its pictures and a `metadata.jsonl`.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Component, Path, PathBuf};

use anyhow::Result;
use fs_err as fs;
use serde_json::{Map, Value};

use super::columns::Columns;
use super::export::{ExportOrder, Item, Layout};
use super::found::{Found, Take, inside, origin};
use super::rows::label;
use crate::failure::Hinted;

/// The table of each part.
pub(super) const TABLE: &str = "metadata.jsonl";
/// Folders that may part it; the folder itself may be one part.
const PARTS: [&str; 9] = ["", "train", "training", "validation", "valid", "val", "dev", "test", "data"];

/// Parts in the making.
pub(super) struct ImageFolder {
    to: PathBuf,
    link: bool,
    now_us: i64,
    tables: BTreeMap<&'static str, BufWriter<fs::File>>,
}

impl ImageFolder {
    pub(super) fn begin(to: &Path, order: &ExportOrder) -> Self {
        let now_us = order.now.as_microsecond();
        Self { to: to.to_owned(), link: order.link, now_us, tables: BTreeMap::new() }
    }
}

impl Layout for ImageFolder {
    fn wants_split(&self) -> bool {
        true
    }

    fn put(&mut self, items: &[Item]) -> Result<()> {
        for item in items {
            let Some(split) = item.row.split() else { continue };
            let folder = self.to.join(split);
            if !self.tables.contains_key(split) {
                fs::create_dir(&folder)?;
                self.tables.insert(split, BufWriter::new(fs::File::create(folder.join(TABLE))?));
            }
            item.place(&folder.join(&item.file), self.link)?;
            if let Some(table) = self.tables.get_mut(split) {
                serde_json::to_writer(&mut *table, &Columns::new(&item.row, item.file.clone(), self.now_us))?;
                table.write_all(b"\n")?;
            }
        }
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        self.tables.values_mut().try_for_each(|table| Ok(table.flush()?))
    }
}

/// Gives every line of every part, one at a time.
pub(super) fn read(folder: &Path, take: &mut Take<'_>) -> Result<()> {
    let mut any = false;
    for part in PARTS {
        let root = folder.join(part);
        let table = root.join(TABLE);
        if !table.is_file() {
            continue;
        }
        any = true;
        for (at, line) in BufReader::new(fs::File::open(&table)?).lines().enumerate() {
            let broken = |error: anyhow::Error| {
                let hint = "each line is one whole JSON object; nothing was changed";
                error.context(Hinted::new(format!("{}, line {}, cannot be read", table.display(), at + 1), hint))
            };
            let line = line.map_err(|e| broken(e.into()))?;
            if line.trim().is_empty() {
                continue;
            }
            let object: Map<String, Value> = serde_json::from_str(&line).map_err(|e| broken(e.into()))?;
            take(found(&root, part, &object)?)?;
        }
    }
    if any {
        return Ok(());
    }
    let hint = format!("the folder or its train/, validation/, test/ have a {TABLE}");
    Err(Hinted::new(format!("{} is no imagefolder", folder.display()), hint).into())
}

fn found(root: &Path, part: &str, object: &Map<String, Value>) -> Result<Found> {
    let text = |name: &str| object.get(name).and_then(Value::as_str).unwrap_or_default();
    let file = text("file_name");
    let name = if part.is_empty() { file.to_owned() } else { format!("{part}/{file}") };
    if file.is_empty() || !Path::new(file).components().all(|c| matches!(c, Component::Normal(_) | Component::CurDir)) {
        return Ok(Found::refused(name, "its file_name leaves the folder".to_owned()));
    }
    let said = object.get("label").map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    let mut found = Found::named(name, inside(root, file)?);
    found.label = match said.filter(|said| !said.is_empty() && said != "null") {
        None => Ok(None),
        Some(said) => label(&said).map(Some).ok_or(said),
    };
    found.claimed = Some(text("sha256").to_owned()).filter(|claimed| !claimed.is_empty());
    found.was = label(text("exported_label"));
    found.exported_us = object.get("exported_us").and_then(Value::as_i64);
    found.scene = Some(text("scene").to_owned()).filter(|scene| !scene.is_empty());
    found.origin = origin(text("origin")).unwrap_or(found.origin);
    found.slices = text("slices").split(';').filter(|s| !s.is_empty()).map(str::to_owned).collect();
    Ok(found)
}

/// True when the folder looks like one.
pub(super) fn looks(folder: &Path) -> bool {
    PARTS.iter().any(|part| folder.join(part).join(TABLE).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_leaves_the_folder_is_refused() {
        let root = tempfile::tempdir().expect("a folder");
        for bad in ["../a.jpg", "/etc/passwd", "a/../../b.jpg", ""] {
            let object = serde_json::json!({ "file_name": bad, "label": "none" });
            let found = found(root.path(), "train", object.as_object().expect("an object")).expect("it is read");
            assert!(found.refused.is_some(), "{bad}");
        }
    }
}
