//! Finds the labelled pictures of a folder without decoding any.

use std::path::{Path, PathBuf};

use hivis_types::{Label, Origin};

use super::library::{LibraryPicture, PictureBytes};
use super::{Skipped, metadata};
use crate::ExaminerError;

/// What a folder holds.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) pictures: Vec<LibraryPicture>,
    pub(super) skipped: Vec<Skipped>,
}

impl Found {
    pub(super) fn skip(&mut self, name: impl Into<String>, why: impl Into<String>) {
        self.skipped.push(Skipped { name: name.into(), why: why.into() });
    }

    /// A part's pictures, under its name.
    fn take_in(&mut self, part: &str, found: Self) {
        for mut picture in found.pictures {
            // A scene that was given may go through several parts; one that is only the file's name does not.
            if picture.scene == picture.name {
                picture.scene = format!("{part}/{}", picture.scene);
            }
            picture.name = format!("{part}/{}", picture.name);
            self.pictures.push(picture);
        }
        let skipped = found.skipped.into_iter();
        self.skipped.extend(skipped.map(|s| Skipped { name: format!("{part}/{}", s.name), why: s.why }));
    }
}

/// Folders that part a data set, as the Hub's data sets name them; each is laid out as a data set of its own.
const PARTS: [&str; 8] = ["data", "train", "training", "validation", "valid", "val", "dev", "test"];
/// How deep such folders are looked into.
const DEEP: usize = 3;

/// Reads either layout; a metadata file wins over class folders, both win over parts such as `train/` and `test/`.
pub(super) fn read(path: &Path) -> Result<Found, ExaminerError> {
    read_to(path, DEEP)
}

fn read_to(path: &Path, deep: usize) -> Result<Found, ExaminerError> {
    let none = match read_here(path) {
        Err(none @ ExaminerError::Layout { .. }) if deep > 0 => none,
        other => return other,
    };
    let (mut found, mut any) = (Found::default(), false);
    for entry in sorted(path)? {
        let name = file_name(&entry);
        if !entry.is_dir() || !PARTS.contains(&name.to_ascii_lowercase().as_str()) {
            found.skip(name, "outside the data set's parts");
            continue;
        }
        match read_to(&entry, deep - 1) {
            Ok(part) => {
                any = true;
                found.take_in(&name, part);
            }
            Err(ExaminerError::Layout { .. }) => found.skip(name, "a folder in no layout that we know"),
            Err(error) => return Err(error),
        }
    }
    if any { Ok(found) } else { Err(none) }
}

fn read_here(path: &Path) -> Result<Found, ExaminerError> {
    for (name, parse) in [
        ("metadata.jsonl", metadata::json_lines as metadata::Parse),
        ("metadata.csv", metadata::comma_separated as metadata::Parse),
    ] {
        let file = path.join(name);
        if file.is_file() {
            return metadata::read(path, &file, parse);
        }
    }
    class_folders(path)
}

fn class_folders(root: &Path) -> Result<Found, ExaminerError> {
    let mut found = Found::default();
    let mut classes = 0;
    for entry in sorted(root)? {
        let name = file_name(&entry);
        match (entry.is_dir(), metadata::label(&name)) {
            (true, Some(label)) => {
                classes += 1;
                walk(root, &entry, label, &mut found)?;
            }
            (true, None) => found.skip(name, "a folder that names no class"),
            (false, _) => found.skip(name, "outside the class folders"),
        }
    }
    if classes == 0 { Err(ExaminerError::Layout { path: root.to_owned() }) } else { Ok(found) }
}

fn walk(root: &Path, folder: &Path, label: Label, found: &mut Found) -> Result<(), ExaminerError> {
    for entry in sorted(folder)? {
        let name = relative(root, &entry);
        if entry.is_dir() {
            walk(root, &entry, label, found)?;
        } else if is_picture(&entry) {
            let origin = if generated(&name) { Origin::Synthetic } else { Origin::Real };
            found.pictures.push(LibraryPicture {
                bytes: PictureBytes::File(entry),
                label,
                origin,
                scene: name.clone(),
                slices: Vec::new(),
                name,
                trained_on: false,
            });
        } else {
            found.skip(name, "not a .jpg, .jpeg, .png or .webp file");
        }
    }
    Ok(())
}

/// In the order of names, so that the same folder gives the same exam on any machine.
pub(super) fn sorted(folder: &Path) -> Result<Vec<PathBuf>, ExaminerError> {
    let mut paths = Vec::new();
    for entry in fs_err::read_dir(folder)? {
        paths.push(entry?.path());
    }
    paths.retain(|path| !file_name(path).starts_with('.') && !is_paper(path));
    paths.sort();
    Ok(paths)
}

/// A data set's card and licence, which lie beside its pictures.
fn is_paper(path: &Path) -> bool {
    let name = file_name(path).to_ascii_lowercase();
    ["readme", "license", "licence"].iter().any(|paper| name == *paper || name == format!("{paper}.md"))
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

pub(super) fn relative(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

fn generated(name: &str) -> bool {
    name.split('/').any(|part| metadata::origin(part) == Some(Origin::Synthetic))
}

/// By its ending alone; the decoder looks at the bytes.
pub(super) fn is_picture(path: &Path) -> bool {
    path.extension().is_some_and(|e| {
        let e = e.to_string_lossy().to_ascii_lowercase();
        matches!(e.as_str(), "jpg" | "jpeg" | "png" | "webp")
    })
}
