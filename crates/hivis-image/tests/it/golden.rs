//! Where the golden vectors are, and how they say what is equal.

use std::path::{Path, PathBuf};

use hivis_image::Picture;
use serde::Deserialize;

use crate::corpus::differences;

/// Folders of golden vectors whose name starts with `kind`, under `HIVIS_GOLDEN` or the repository's `fixtures/`.
///
/// A kind that is absent is reported; a root without any vectors at all fails.
pub(crate) fn folders(kind: &str) -> Vec<PathBuf> {
    let root = std::env::var_os("HIVIS_GOLDEN")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures"), PathBuf::from);
    let mut all: Vec<PathBuf> = std::fs::read_dir(&root)
        .unwrap_or_else(|error| panic!("{}: {error}", root.display()))
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.is_dir())
        .collect();
    let named = |path: &Path, kind: &str| path.file_name().is_some_and(|n| n.to_string_lossy().starts_with(kind));
    let known = ["dinov3-", "challenge", "wire", "vit-", "chain"];
    assert!(all.iter().any(|path| known.iter().any(|kind| named(path, kind))), "no vectors in {}", root.display());
    all.retain(|path| named(path, kind));
    all.sort();
    if all.is_empty() {
        println!("no golden vectors of kind {kind} in {}", root.display());
    }
    all
}

/// One file of a folder of vectors.
pub(crate) fn parse<T: for<'a> Deserialize<'a>>(folder: &Path, name: &str) -> T {
    let path = folder.join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A case passes when at most `frac_pixels_exempt` of the pixels exceed `max_abs` and the mean stays below `mean_abs`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tolerance {
    pub(crate) max_abs: Option<f64>,
    pub(crate) mean_abs: Option<f64>,
    #[serde(default)]
    pub(crate) frac_pixels_exempt: f64,
    pub(crate) max_abs_float: Option<f64>,
}

impl Tolerance {
    /// What is wrong with `got`, if anything.
    pub(crate) fn check(&self, got: &Picture, want: &Picture) -> Result<String, String> {
        if (got.width(), got.height()) != (want.width(), want.height()) {
            return Err(format!("{got:?} instead of {want:?}"));
        }
        let (pixels, mean) = differences(got, want);
        let max_abs = self.max_abs.expect("a case of pixels has max_abs");
        let over = pixels.iter().filter(|&&d| f64::from(d) > max_abs).count() as f64 / pixels.len() as f64;
        let found = format!("largest {:?}, {over:.5} over {max_abs}, mean {mean:.5}", pixels.iter().max());
        let fine = over <= self.frac_pixels_exempt && self.mean_abs.is_none_or(|limit| mean <= limit);
        if fine { Ok(found) } else { Err(format!("{found}; allowed {self:?}")) }
    }
}
