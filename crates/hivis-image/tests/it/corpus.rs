//! The kept files of strangers, made by `tests/corpus/make.py`.

use std::path::{Path, PathBuf};

use hivis_image::{DecodeLimits, Picture, decode};

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

/// Every picture file's name and bytes, in order of the names.
pub(crate) fn files() -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = std::fs::read_dir(folder())
        .expect("tests/corpus is in the repository")
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.extension().is_some_and(|e| e == "jpg" || e == "png" || e == "webp"))
        .map(|path| (path.file_name().expect("a file").to_string_lossy().into_owned(), read(&path)))
        .collect();
    files.sort();
    files
}

pub(crate) fn file(name: &str) -> Vec<u8> {
    read(&folder().join(name))
}

pub(crate) fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A picture of the tests' own.
pub(crate) fn picture(path: &Path) -> Picture {
    decode(&read(path), &DecodeLimits::default()).unwrap_or_else(|error| panic!("{}: {error}", path.display())).picture
}

/// The process's peak memory in KiB, where the system tells, and where the process has no other test to blame.
pub(crate) fn peak_memory() -> Option<u64> {
    std::env::var_os("NEXTEST")?;
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.split_whitespace().next()?.parse().ok()
}

/// Largest difference of each pixel, and the mean over all values.
pub(crate) fn differences(a: &Picture, b: &Picture) -> (Vec<u8>, f64) {
    assert_eq!((a.width(), a.height()), (b.width(), b.height()));
    let each: Vec<u8> = a.rgb().iter().zip(b.rgb()).map(|(a, b)| a.abs_diff(*b)).collect();
    let mean = each.iter().map(|&d| f64::from(d)).sum::<f64>() / each.len() as f64;
    (each.chunks_exact(3).map(|pixel| *pixel.iter().max().expect("three")).collect(), mean)
}
