//! A data set as a stream: one picture after the other, so that it need not fit into memory.

use std::path::{Path, PathBuf};

use super::folder::{relative, sorted};
use super::library::LibraryPicture;
use super::{Skipped, folder, table};
use crate::ExaminerError;

/// How deep tables are looked for.
const DEEP: usize = 6;

/// What is found in a data set, one by one.
#[derive(Clone, Debug)]
pub enum Entry {
    /// A picture with its label; it was not decoded.
    Picture(LibraryPicture),
    /// What is passed over.
    Skipped(Skipped),
}

/// Reads a parquet file, a folder with such files at any depth, or a folder in one of the layouts of
/// [`Library::from_folder`](super::Library::from_folder), always in the same order; ends early when `take` says false.
///
/// A table has a picture column (a struct with `bytes`, as the Hub's data sets have it, or plain binary) and a label
/// column (`label`, `labels`, `class`, `is_roadwork` or `roadwork`: 0 and 1, a truth value, a name, or a class of those
/// that the table's own `huggingface` metadata names), and where known `origin`, `scene` and slice columns. A table that
/// is damaged is an error that names it; what came before it was given.
pub fn read_dataset(path: &Path, take: &mut dyn FnMut(Entry) -> bool) -> Result<(), ExaminerError> {
    if path.is_file() {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        return table::read(path, &name, take).map(|_| ());
    }
    let mut tables = Vec::new();
    find_tables(path, DEEP, &mut tables)?;
    for table in &tables {
        if !table::read(table, &relative(path, table), take)? {
            return Ok(());
        }
    }
    if !tables.is_empty() {
        return Ok(());
    }
    let found = folder::read(path)?;
    let skipped = found.skipped.into_iter().map(Entry::Skipped);
    for entry in skipped.chain(found.pictures.into_iter().map(Entry::Picture)) {
        if !take(entry) {
            break;
        }
    }
    Ok(())
}

fn find_tables(folder: &Path, deep: usize, found: &mut Vec<PathBuf>) -> Result<(), ExaminerError> {
    for path in sorted(folder)? {
        if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("parquet")) && path.is_file() {
            found.push(path);
        } else if deep > 0 && path.is_dir() && !path.is_symlink() {
            find_tables(&path, deep - 1, found)?;
        }
    }
    Ok(())
}
