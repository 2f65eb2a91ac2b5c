//! What another tool says of pictures that the home has no place for: kept as it is written, and given out again.
//!
//! One file of JSON lines, replaced whole by each import. Values stay the text that the tool wrote, so that no number
//! loses a digit. It lies in the folder of reports, which a backup holds.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use fs_err as fs;
use hivis_store::{Home, ObjectId};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::found::from_hex;
use crate::failure::Hinted;

/// Fields by name, each as it was written.
pub(super) type Fields = BTreeMap<String, Box<RawValue>>;

/// What FiftyOne said of one picture.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Said {
    /// Its identifier there, when it is not the one that we give.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
    /// Tags that we did not give.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) tags: Vec<String>,
    /// Tags that we gave and that were taken away.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) without: Vec<String>,
    /// What stands in `ground_truth` beside label, confidence and source.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) ground_truth: Fields,
    /// Fields that are not ours.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) fields: Fields,
}

impl Said {
    /// True when there is nothing to keep.
    pub(super) fn is_empty(&self) -> bool {
        self.id.is_none()
            && self.tags.is_empty()
            && self.without.is_empty()
            && self.ground_truth.is_empty()
            && self.fields.is_empty()
    }
}

#[derive(Serialize, Deserialize)]
struct Line {
    sha256: String,
    said: Box<RawValue>,
}

/// The file, with the place of each line.
pub(super) struct Kept {
    folder: PathBuf,
    file: Option<fs::File>,
    places: BTreeMap<ObjectId, (u64, usize)>,
}

impl Kept {
    /// Opens what earlier imports kept, if any.
    pub(super) fn open(home: &Home) -> Result<Self> {
        let folder = home.reports().join("fiftyone");
        let mut kept = Self { folder, file: None, places: BTreeMap::new() };
        let path = kept.lines();
        if !path.is_file() {
            return Ok(kept);
        }
        let mut reader = BufReader::new(fs::File::open(&path)?);
        let (mut line, mut at) = (String::new(), 0);
        loop {
            line.clear();
            let length = reader.read_line(&mut line)?;
            if length == 0 {
                break;
            }
            let read: Line = serde_json::from_str(&line).with_context(|| {
                let hint = "take it out of a backup, or move it away: then what FiftyOne said is forgotten";
                Hinted::new(format!("{} is damaged", path.display()), hint)
            })?;
            if let Some(id) = from_hex(&read.sha256) {
                kept.places.insert(id, (at, length));
            }
            at += length as u64;
        }
        kept.file = Some(fs::File::open(&path)?);
        Ok(kept)
    }

    fn lines(&self) -> PathBuf {
        self.folder.join("samples.jsonl")
    }

    /// The folder with the other files of the last import.
    pub(super) fn rest(&self) -> PathBuf {
        self.folder.join("files")
    }

    /// The data set's own document of the last import.
    pub(super) fn document(&self) -> PathBuf {
        self.folder.join("metadata.json")
    }

    /// What is kept of a picture.
    pub(super) fn of(&mut self, id: ObjectId) -> Result<Option<Said>> {
        let (Some(&(at, length)), Some(file)) = (self.places.get(&id), &mut self.file) else { return Ok(None) };
        let mut line = vec![0; length];
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut line)?;
        let line: Line = serde_json::from_slice(&line)?;
        Ok(Some(serde_json::from_str(line.said.get())?))
    }

    /// Begins the next state: what an import says replaces what was kept of the same pictures.
    pub(super) fn replace(self) -> Result<Keeping> {
        fs::create_dir_all(&self.folder)?;
        let partial = self.folder.join("samples.jsonl.partial");
        let file = BufWriter::new(fs::File::create(&partial)?);
        Ok(Keeping { kept: self, partial, file, new: BTreeSet::new() })
    }
}

/// The next state in the making.
pub(super) struct Keeping {
    kept: Kept,
    partial: PathBuf,
    file: BufWriter<fs::File>,
    new: BTreeSet<ObjectId>,
}

impl Keeping {
    /// What is said of a picture now; the first word counts when a picture comes twice.
    pub(super) fn keep(&mut self, id: ObjectId, said: &Said) -> Result<()> {
        if self.new.insert(id) && !said.is_empty() {
            let line = Line { sha256: id.to_string(), said: serde_json::value::to_raw_value(said)? };
            serde_json::to_writer(&mut self.file, &line)?;
            self.file.write_all(b"\n")?;
        }
        Ok(())
    }

    /// Adds what is kept of other pictures, and puts the file in its place; `document` and `rest` are the import's own.
    pub(super) fn done(mut self, document: &Path, rest: &[PathBuf]) -> Result<()> {
        if let Some(file) = &mut self.kept.file {
            for (id, (at, length)) in &self.kept.places {
                if !self.new.contains(id) {
                    let mut line = vec![0; *length];
                    file.seek(SeekFrom::Start(*at))?;
                    file.read_exact(&mut line)?;
                    self.file.write_all(&line)?;
                }
            }
        }
        self.file.flush()?;
        self.file.get_ref().sync_all()?;
        copy_all(rest, &self.kept.rest())?;
        let beside = self.kept.document().with_extension("partial");
        fs::copy(document, &beside)?;
        fs::rename(&beside, self.kept.document())?;
        Ok(fs::rename(&self.partial, self.kept.lines())?)
    }
}

/// Copies files and folders into a folder that is made anew; links are left alone, they may lead anywhere.
pub(super) fn copy_all(from: &[PathBuf], to: &Path) -> Result<()> {
    if to.exists() {
        fs::remove_dir_all(to)?;
    }
    fs::create_dir_all(to)?;
    copy_into(from, to)
}

/// The same into a folder that is there.
pub(super) fn copy_into(from: &[PathBuf], to: &Path) -> Result<()> {
    for path in from {
        let Some(name) = path.file_name() else { continue };
        let (kind, to) = (fs::symlink_metadata(path)?.file_type(), to.join(name));
        if kind.is_dir() {
            fs::create_dir_all(&to)?;
            copy_into(&inside(path)?, &to)?;
        } else if kind.is_file() {
            fs::copy(path, &to)?;
        }
    }
    Ok(())
}

/// What lies in a folder, in the order of names.
pub(super) fn inside(folder: &Path) -> Result<Vec<PathBuf>> {
    let paths: std::io::Result<Vec<PathBuf>> = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect();
    let mut paths = paths?;
    paths.sort();
    Ok(paths)
}
