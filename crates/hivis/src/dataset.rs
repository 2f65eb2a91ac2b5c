//! A folder or a table of labelled pictures into the home: shared by `import dataset` and `pull dataset`.
//!
//! One thread reads and decodes, this task writes groups; neither holds more than a few groups. Whatever is cut short
//! is repeated by the same command, and what is there already is not written again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use hivis_examiner::pictures::{Entry, Skipped, read_dataset};
use hivis_examiner::{ExaminerError, LibraryPicture, PictureBytes};
use hivis_image::DecodeLimits;
use hivis_store::{Home, Import, Ledger, NewDataset, NewPicture, Outcome};
use jiff::Timestamp;
use rayon::prelude::*;
use serde::Serialize;
use tokio::sync::mpsc;

use crate::cli::Global;
use crate::failure::Hinted;
use crate::meter::Meter;
use crate::table::table;

/// Pictures of a group: they are decoded side by side and get into the ledger together.
const GROUP: usize = 64;
/// Bytes of a group, more or less.
const GROUP_BYTES: usize = 32 << 20;
/// Groups that wait for the ledger.
const WAITING: usize = 2;
/// Skipped pictures that are printed; the report's file has all of them.
const PRINTED: usize = 5;
/// Longer is no name.
const MAX_NAME: usize = 100;

/// What to import.
pub(crate) struct Order {
    /// Its name in the home.
    pub(crate) name: String,
    /// Where it comes from, for people.
    pub(crate) source: String,
    /// The commit, of a repository.
    pub(crate) revision: Option<String>,
    /// The folder or the table.
    pub(crate) path: PathBuf,
}

/// What came of it.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    dataset: String,
    source: String,
    revision: Option<String>,
    /// Pictures that are new in the data set.
    new: u64,
    /// Pictures that were there.
    there: u64,
    /// Pictures that were there with another label, scene, origin or tags.
    changed: u64,
    /// Pictures of an earlier import that are no longer in the source.
    gone: u64,
    /// How many were passed over, by reason.
    reasons: BTreeMap<String, u64>,
    /// The file that names each picture that was passed over.
    file: Option<PathBuf>,
    #[serde(skip)]
    skipped: Vec<Skipped>,
}

/// What the reading thread hands over.
#[derive(Default)]
struct Group {
    pictures: Vec<NewPicture>,
    skipped: Vec<Skipped>,
}

/// Imports, or goes on with an import that was cut short.
pub(crate) async fn import(home: &Home, order: Order) -> Result<Report> {
    if order.name.is_empty() || order.name.len() > MAX_NAME || order.name.contains(|c: char| c.is_control()) {
        let hint = format!("--name takes 1 to {MAX_NAME} characters");
        return Err(Hinted::new(format!("`{}` is no name for a data set", order.name), hint).into());
    }
    let ledger = home.ledger().await?;
    let Order { name, source, revision, path } = order;
    let began = Timestamp::now();
    let new = NewDataset { name: name.clone(), source: source.clone(), revision: revision.clone() };
    let begun = ledger.begin_import(&new, began).await?;
    let mut report = Report {
        dataset: name,
        source,
        revision,
        new: 0,
        there: 0,
        changed: 0,
        gone: 0,
        reasons: BTreeMap::new(),
        file: None,
        skipped: Vec::new(),
    };
    let meter = Meter::things("pictures");
    let (send, mut groups) = mpsc::channel(WAITING);
    let reading = path.clone();
    let reader = tokio::task::spawn_blocking(move || read(&reading, &send));
    while let Some(group) = groups.recv().await {
        meter.add((group.pictures.len() + group.skipped.len()) as u64);
        report.store(&ledger, &begun, group).await?;
    }
    meter.end();
    reader.await.context("reading the data set panicked")?.map_err(|error| told(error, &path, &report))?;
    report.keep(home, began)?;
    if report.new + report.there + report.changed == 0 {
        let most = report.reasons.iter().max_by_key(|(_, n)| **n).map(|(why, _)| why.clone());
        let why = most.map_or_else(|| "it is empty".to_owned(), |why| format!("mostly because: {why}"));
        let hint = "`hivis import dataset --help` says how data sets are laid out";
        return Err(Hinted::new(format!("{} has no picture of use, {why}", path.display()), hint).into());
    }
    report.gone = ledger.end_import(&begun, Timestamp::now()).await?;
    Ok(report)
}

/// Reads and decodes all of it, group after group.
fn read(path: &Path, send: &mpsc::Sender<Group>) -> Result<(), ExaminerError> {
    let (mut waiting, mut bytes, mut skipped) = (Vec::new(), 0, Vec::new());
    let outcome = read_dataset(path, &mut |entry| {
        match entry {
            Entry::Skipped(one) => skipped.push(one),
            Entry::Picture(picture) => {
                bytes += match &picture.bytes {
                    PictureBytes::Memory(bytes) => bytes.len(),
                    PictureBytes::File(path) => fs_err::metadata(path).map_or(0, |file| file.len() as usize),
                };
                waiting.push(picture);
            }
        }
        if waiting.len() + skipped.len() < GROUP && bytes < GROUP_BYTES {
            return true;
        }
        bytes = 0;
        send.blocking_send(group(std::mem::take(&mut waiting), std::mem::take(&mut skipped))).is_ok()
    });
    // What came before an error counts. Nobody listens only when storing failed, which is told there.
    let _ = send.blocking_send(group(waiting, skipped));
    outcome
}

/// Decodes each picture once: what cannot be read is of no use later either.
fn group(found: Vec<LibraryPicture>, mut skipped: Vec<Skipped>) -> Group {
    let checked: Vec<_> = found.into_par_iter().map(checked).collect();
    let mut pictures = Vec::with_capacity(checked.len());
    for outcome in checked {
        match outcome {
            Ok(picture) => pictures.push(picture),
            Err(one) => skipped.push(one),
        }
    }
    Group { pictures, skipped }
}

fn checked(found: LibraryPicture) -> Result<NewPicture, Skipped> {
    let limits = DecodeLimits::default();
    let no = |why: String| Skipped { name: found.name.clone(), why };
    let bytes = match &found.bytes {
        PictureBytes::Memory(bytes) => bytes.to_vec(),
        PictureBytes::File(path) => {
            let length = fs_err::metadata(path).map_err(|e| no(e.to_string()))?.len();
            if length > limits.bytes as u64 {
                return Err(no(format!("{length} bytes are over the limit of {}", limits.bytes)));
            }
            fs_err::read(path).map_err(|e| no(e.to_string()))?
        }
    };
    hivis_image::decode_upright(&bytes, &limits).map_err(|e| no(e.to_string()))?;
    Ok(NewPicture {
        bytes,
        name: found.name,
        label: found.label,
        origin: found.origin,
        scene: found.scene,
        slices: found.slices,
    })
}

/// An error of the reader, with how far it got and what to do.
fn told(error: ExaminerError, path: &Path, report: &Report) -> anyhow::Error {
    let done = report.new + report.there + report.changed;
    let hint = match &error {
        ExaminerError::Table { .. } => {
            "a damaged table is mended by loading it again; the same command then goes on, and imports nothing twice"
        }
        ExaminerError::Layout { .. } => "`hivis import dataset --help` says how data sets are laid out",
        _ => "the same command goes on, and imports nothing twice",
    };
    let message = format!("{} could not be read to its end ({done} pictures are imported)", path.display());
    anyhow::Error::new(error).context(Hinted::new(message, hint))
}

impl Report {
    async fn store(&mut self, ledger: &Ledger, import: &Import, group: Group) -> Result<()> {
        for skipped in group.skipped {
            self.skip(skipped);
        }
        let outcomes = ledger.import(import, &group.pictures).await?;
        for (picture, outcome) in group.pictures.into_iter().zip(outcomes) {
            let why = match outcome {
                Outcome::New => {
                    self.new += 1;
                    continue;
                }
                Outcome::There => {
                    self.there += 1;
                    continue;
                }
                Outcome::Changed => {
                    self.changed += 1;
                    continue;
                }
                Outcome::Twin { of, agrees: true } => format!("the same picture as `{of}`"),
                Outcome::Twin { of, agrees: false } => format!("the same picture as `{of}`, labelled the other way"),
                Outcome::Refused(why) => why,
            };
            self.skip(Skipped { name: picture.name, why });
        }
        Ok(())
    }

    fn skip(&mut self, skipped: Skipped) {
        *self.reasons.entry(kind(&skipped.why)).or_default() += 1;
        self.skipped.push(skipped);
    }

    /// Writes the list of what was passed over, when there is any.
    fn keep(&mut self, home: &Home, began: Timestamp) -> Result<()> {
        if self.skipped.is_empty() {
            return Ok(());
        }
        let stem: String = self.dataset.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let name = format!("import-{stem}-{}.jsonl", began.strftime("%Y%m%d-%H%M%S"));
        let lines: Vec<String> = self.skipped.iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
        let path = home.reports().join(name);
        fs_err::write(&path, lines.join("\n") + "\n").context("the report cannot be written")?;
        self.file = Some(path);
        Ok(())
    }

    /// The report for a person, or JSON.
    pub(crate) fn tell(&self, global: &Global) -> Result<()> {
        if global.json {
            println!("{}", serde_json::to_string(self)?);
            return Ok(());
        }
        let skipped = self.skipped.len();
        println!(
            "{}: {} pictures new, {} already there, {} changed, {} gone, {skipped} skipped",
            self.dataset, self.new, self.there, self.changed, self.gone
        );
        if let Some(file) = &self.file {
            let rows: Vec<Vec<String>> = self.reasons.iter().map(|(why, n)| vec![why.clone(), n.to_string()]).collect();
            print!("{}", table(&["skipped because", "pictures"], &rows));
            for one in self.skipped.iter().take(PRINTED) {
                println!("  {}: {}", one.name, one.why);
            }
            println!("all of them: {}", file.display());
        }
        println!("next: hivis data list, or hivis train --pictures data");
        Ok(())
    }
}

/// A reason without what differs from picture to picture: numbers, and what stands in backquotes.
fn kind(why: &str) -> String {
    let mut out = String::new();
    for (part, text) in why.split('`').enumerate() {
        if part % 2 == 1 {
            out.push_str("`...`");
            continue;
        }
        let mut last_digit = false;
        for c in text.chars() {
            if !c.is_ascii_digit() {
                out.push(c);
            } else if !last_digit {
                out.push('N');
            }
            last_digit = c.is_ascii_digit();
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::kind;

    #[test]
    fn reasons_of_one_kind_are_counted_together() {
        assert_eq!(kind("label `zebra` is neither roadwork nor none"), "label `...` is neither roadwork nor none");
        assert_eq!(kind("9000000 bytes are over the limit of 8388608"), "N bytes are over the limit of N");
        assert_eq!(kind("too broken to judge"), "too broken to judge");
    }
}
