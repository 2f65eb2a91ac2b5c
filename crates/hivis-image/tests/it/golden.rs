//! Where the golden vectors are, and how they say what is equal.

use std::path::Path;

use hivis_image::Picture;
use serde::Deserialize;

use crate::corpus::differences;
pub(crate) use hivis_testbed::golden::folders;

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
