//! `preprocessor_config.json`: how pixels become a model's input.

use std::path::Path;

use serde::Deserialize;

use crate::OnnxError;
use crate::config::json;

/// How pixels become a model's input: `(rescale * u8 - mean) / std`, channel by channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Normalise {
    pub rescale: f64,
    pub mean: [f64; 3],
    pub std: [f64; 3],
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawPreprocessor {
    do_rescale: Option<bool>,
    rescale_factor: Option<f64>,
    do_normalize: Option<bool>,
    image_mean: Option<[f64; 3]>,
    image_std: Option<[f64; 3]>,
}

impl Normalise {
    /// ImageNet's mean and deviation, as torchvision states them.
    pub(crate) const IMAGENET: Self =
        Self { rescale: 1.0 / 255.0, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
    /// Every channel from -1 to 1.
    pub(crate) const SYMMETRIC: Self = Self { rescale: 1.0 / 255.0, mean: [0.5; 3], std: [0.5; 3] };

    /// Parses the text of a `preprocessor_config.json`; what it leaves out is the family's `default`.
    pub(crate) fn parse(text: &[u8], path: &Path, default: Self) -> Result<Self, OnnxError> {
        let raw: RawPreprocessor = json(text, path)?;
        let rescale = if raw.do_rescale.unwrap_or(true) { raw.rescale_factor.unwrap_or(default.rescale) } else { 1.0 };
        let (mean, std) = if raw.do_normalize.unwrap_or(true) {
            (raw.image_mean.unwrap_or(default.mean), raw.image_std.unwrap_or(default.std))
        } else {
            ([0.0; 3], [1.0; 3])
        };
        let sane = |v: f64| v.is_finite() && v.abs() <= 1e6;
        if !sane(rescale) || !mean.into_iter().all(sane) || !std.into_iter().all(|s| sane(s) && s >= 1e-6) {
            return Err(OnnxError::config(path, "image_mean, image_std and rescale_factor must be sane numbers"));
        }
        Ok(Self { rescale, mean, std })
    }
}
