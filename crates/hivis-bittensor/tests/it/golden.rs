//! Finds golden folders.

use std::path::{Path, PathBuf};

/// Every kind of golden vectors there is; a root with none of them is no root.
const KINDS: [&str; 4] = ["dinov3-", "challenge", "wire", "vit-"];

/// The folders whose name begins with `kind` under `HIVIS_GOLDEN`, or else the repository's `fixtures/`, by name.
pub(crate) fn folders(kind: &str) -> Vec<PathBuf> {
    let root = std::env::var_os("HIVIS_GOLDEN").map_or_else(repository, PathBuf::from);
    let entries = std::fs::read_dir(&root).unwrap_or_else(|e| panic!("no golden vectors in {}: {e}", root.display()));
    let named: Vec<(String, PathBuf)> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), path))
        .collect();
    let any = named.iter().any(|(name, _)| KINDS.iter().any(|kind| name.starts_with(kind)));
    assert!(any, "{} holds no golden vectors of any kind", root.display());
    let mut found: Vec<PathBuf> =
        named.into_iter().filter(|(name, _)| name.starts_with(kind)).map(|(_, path)| path).collect();
    found.sort();
    if found.is_empty() {
        println!("{} holds no {kind}* folders: nothing to compare", root.display());
    }
    found
}

/// The files of all `wire*` folders whose names satisfy `wanted`: name without its ending, and text.
pub(crate) fn wire_files(wanted: impl Fn(&str) -> bool) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for folder in folders("wire") {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            if path.extension().is_some_and(|e| e == "txt" || e == "json") && wanted(&name) {
                files.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

/// Whether a file's name is that of a capture.
pub(crate) fn is_capture(name: &str) -> bool {
    name.starts_with("bt") && name.contains('_') && !name.ends_with("_raw_requests") && !name.starts_with("btauth")
}

/// The repository's own fixtures.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}
