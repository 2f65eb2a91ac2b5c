//! A folder of files never seen before into the home, as fast as the disk takes them: for `data version create --add`.
//!
//! The difference to `import dataset`: files are looked at (their first bytes, their length) but not decoded, and they come
//! in by thousands, with one sync and one transaction for each such group.

use std::path::Path;

use anyhow::{Context, Result};
use hivis_examiner::pictures::{Entry, Skipped, read_dataset};
use hivis_examiner::{LibraryPicture, PictureBytes};
use hivis_image::DecodeLimits;
use hivis_store::{Home, Ledger, NewDataset, NewFile, Outcome};
use jiff::Timestamp;
use serde::Serialize;

use crate::failure::Hinted;
use crate::meter::Meter;

/// Files of a group.
const GROUP: usize = 4096;

/// What came in.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct AddReport {
    /// The data set.
    pub(crate) dataset: String,
    /// Pictures that are new in it.
    pub(crate) new: u64,
    /// Pictures that were there.
    pub(crate) there: u64,
    /// Pictures of which something else is said now.
    pub(crate) changed: u64,
    /// Pictures that are no longer in the folder.
    pub(crate) gone: u64,
    /// What was passed over.
    pub(crate) skipped: Vec<Skipped>,
}

/// Brings in all of `path`, under the folder's name.
pub(crate) async fn add(home: &Home, ledger: &Ledger, path: &Path) -> Result<AddReport> {
    let path = fs_err::canonicalize(path)
        .map_err(|error| anyhow::Error::new(error).context(Hinted::new("there is nothing to add", "give a folder")))?;
    if !path.is_dir() {
        let hint = "`hivis import dataset` reads tables; then cut without --add";
        return Err(Hinted::new(format!("{} is no folder", path.display()), hint).into());
    }
    let dataset = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut report = AddReport { dataset: dataset.clone(), ..AddReport::default() };
    let reading = path.clone();
    let read = tokio::task::spawn_blocking(move || {
        let (mut found, mut skipped) = (Vec::new(), Vec::new());
        let read = read_dataset(&reading, &mut |entry| {
            match entry {
                Entry::Skipped(one) => skipped.push(one),
                Entry::Picture(picture) => match file(picture) {
                    Ok(file) => found.push(file),
                    Err(one) => skipped.push(one),
                },
            }
            true
        });
        read.map(|()| (found, skipped))
    });
    let (files, skipped) = read.await.context("reading the folder panicked")?.map_err(|error| {
        let hint = "`hivis import dataset --help` says how data sets are laid out";
        anyhow::Error::new(error).context(Hinted::new(format!("{} cannot be read", path.display()), hint))
    })?;
    report.skipped = skipped;
    if files.is_empty() {
        let hint = "`hivis import dataset --help` says how data sets are laid out";
        return Err(Hinted::new(format!("{} has no picture in a file", path.display()), hint).into());
    }
    let new = NewDataset { name: dataset, source: path.display().to_string(), revision: None };
    let import = ledger.begin_import(&new, Timestamp::now()).await?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let meter = Meter::things("pictures");
    for group in files.chunks(GROUP) {
        let outcomes = ledger.import_files(&import, group, threads, &probe).await?;
        meter.add(group.len() as u64);
        for (file, outcome) in group.iter().zip(outcomes) {
            report.take(&file.name, outcome);
        }
    }
    meter.end();
    if report.new + report.there + report.changed == 0 {
        let why =
            report.skipped.first().map_or_else(String::new, |one| format!(", for instance {}: {}", one.name, one.why));
        let message = format!("{} has no picture of use{why}", path.display());
        return Err(Hinted::new(message, "pictures are .jpg, .png or .webp").into());
    }
    report.gone = ledger.end_import(&import, Timestamp::now()).await?;
    keep(home, &report)?;
    Ok(report)
}

impl AddReport {
    fn take(&mut self, name: &str, outcome: Outcome) {
        let why = match outcome {
            Outcome::New => {
                self.new += 1;
                return;
            }
            Outcome::There => {
                self.there += 1;
                return;
            }
            Outcome::Changed => {
                self.changed += 1;
                return;
            }
            Outcome::Twin { of, agrees: true } => format!("the same picture as `{of}`"),
            Outcome::Twin { of, agrees: false } => format!("the same picture as `{of}`, labelled the other way"),
            Outcome::Refused(why) => why,
        };
        self.skipped.push(Skipped { name: name.to_owned(), why });
    }
}

/// Names every file that was passed over.
fn keep(home: &Home, report: &AddReport) -> Result<()> {
    if report.skipped.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = report.skipped.iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
    let name = format!("add-{}.jsonl", Timestamp::now().strftime("%Y%m%d-%H%M%S"));
    fs_err::write(home.reports().join(name), lines.join("\n") + "\n").context("the report cannot be written")
}

fn file(picture: LibraryPicture) -> Result<NewFile, Skipped> {
    let LibraryPicture { bytes, name, label, origin, scene, slices, .. } = picture;
    match bytes {
        PictureBytes::File(path) => Ok(NewFile { path, name, label, origin, scene, slices }),
        PictureBytes::Memory(_) => {
            Err(Skipped { name, why: "it lies in a table, which `hivis import dataset` reads".to_owned() })
        }
    }
}

/// What a picture begins with; whether it can be decoded is told where it is used.
fn probe(bytes: &[u8]) -> Result<(), String> {
    let limit = DecodeLimits::default().bytes;
    if bytes.len() > limit {
        return Err(format!("{} bytes are over the limit of {limit}", bytes.len()));
    }
    match bytes {
        [0xff, 0xd8, 0xff, ..]
        | [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..]
        | [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Ok(()),
        _ => Err("not a picture: neither JPEG, PNG nor WebP".to_owned()),
    }
}
