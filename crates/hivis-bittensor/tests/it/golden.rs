//! Finds golden folders.

pub(crate) use hivis_testbed::golden::{fixtures, folders};

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
