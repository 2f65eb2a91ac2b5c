//! The nearest-neighbour head: a bank of features with known answers, and a vote of those most alike.

use std::path::Path;

use crate::head::{self, Calibration};
use crate::weights::{Need, Weights};
use crate::{OnnxError, Pooling};

/// Rows of a bank: at 2,048 features a row 50,000 are 400 MB.
const MAX_ROWS: usize = 50_000;
/// What the metadata of a head's file says of its form.
pub(crate) const FORM: &str = "nearest";
/// A row shorter than this has no direction.
const MIN_LENGTH: f64 = 1e-12;

/// Votes by likeness.
///
/// The likeness of a picture to a row is the cosine of their features. The `k` rows most alike vote for their label, each
/// with weight exp(cosine / temperature); the probability is roadwork's share of the weights, as in DINO's k-NN
/// evaluation. The calibration works on the logit of that share, which is first drawn into 1e-5..1-1e-5 (all for one
/// side would have none).
#[derive(Clone, Debug, PartialEq)]
pub struct Nearest {
    /// What it looks at.
    pub pooling: Pooling,
    /// `[rows, features]`, row-major, of any lengths but zero; at most 50,000 rows.
    pub bank: Vec<f32>,
    /// One a row, `true` for roadwork; both kinds must occur.
    pub labels: Vec<bool>,
    /// How many rows vote.
    pub k: usize,
    /// Smaller counts the nearest more; DINO uses 0.07. From 0.01 (below it, rounding of a cosine shows) to 100.
    pub temperature: f32,
    /// What turns the vote's logit into a probability.
    pub calibration: Calibration,
}

impl Nearest {
    /// Reads a head that [`Nearest::write`] wrote.
    pub fn read(path: &Path) -> Result<Self, OnnxError> {
        Self::from_bytes_named(fs_err::read(path)?, &path.display().to_string())
    }

    /// Writes safetensors: `bank`, `labels` (0 or 1), the rest in the metadata.
    pub fn write(&self, path: &Path) -> Result<(), OnnxError> {
        Ok(fs_err::write(path, self.to_bytes()?)?)
    }

    /// The bytes of [`Nearest::write`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, OnnxError> {
        self.check()?;
        let labels: Vec<f32> = self.labels.iter().map(|&roadwork| f32::from(u8::from(roadwork))).collect();
        let tensors = [
            ("bank".to_owned(), vec![self.labels.len(), self.inputs()], self.bank.as_slice()),
            ("labels".to_owned(), vec![self.labels.len()], labels.as_slice()),
        ];
        let mut metadata = head::metadata(self.pooling, self.calibration);
        metadata.insert("form".to_owned(), FORM.to_owned());
        metadata.insert("k".to_owned(), self.k.to_string());
        metadata.insert("temperature".to_owned(), self.temperature.to_string());
        head::serialize(&tensors, metadata)
    }

    /// The head in the bytes of [`Nearest::to_bytes`]; a bank in half precision is read too.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, OnnxError> {
        Self::from_bytes_named(bytes, "head.safetensors")
    }

    fn from_bytes_named(bytes: Vec<u8>, name: &str) -> Result<Self, OnnxError> {
        Self::from_weights(&Weights::from_bytes(bytes, name)?)
    }

    pub(crate) fn from_weights(weights: &Weights) -> Result<Self, OnnxError> {
        let missing = |key: &str| OnnxError::weights(weights.path(), format!("no head: `{key}` is missing or odd"));
        if weights.metadata("form") != Some(FORM) {
            return Err(missing("form"));
        }
        let (pooling, calibration) = head::read_metadata(weights)?;
        let number = |key: &str| weights.metadata(key).ok_or_else(|| missing(key));
        let k = number("k")?.parse().map_err(|_| missing("k"))?;
        let temperature = number("temperature")?.parse().map_err(|_| missing("temperature"))?;
        let &[rows, features] = weights.shape("bank")? else {
            return Err(OnnxError::tensor(weights.path(), "bank", "is no matrix"));
        };
        check_rows(rows)?;
        let labels = weights.get("labels", &[rows], Need::Data)?;
        if let Some(odd) = labels.iter().find(|&&label| label != 0.0 && label != 1.0) {
            return Err(OnnxError::tensor(weights.path(), "labels", format!("holds {odd}; 0 and 1 are read")));
        }
        let nearest = Self {
            pooling,
            bank: weights.get("bank", &[rows, features], Need::Data)?,
            labels: labels.into_iter().map(|label| label == 1.0).collect(),
            k,
            temperature,
            calibration,
        };
        nearest.check()?;
        Ok(nearest)
    }

    /// Length of the features that the head takes.
    pub fn inputs(&self) -> usize {
        self.bank.len() / self.labels.len().max(1)
    }

    /// Whether every row has a direction, both answers occur, and the numbers make sense.
    pub(crate) fn check(&self) -> Result<(), OnnxError> {
        let wrong = |reason: String| Err(OnnxError::Head(reason));
        let rows = self.labels.len();
        check_rows(rows)?;
        if self.bank.is_empty() || !self.bank.len().is_multiple_of(rows) {
            return wrong(format!("its bank holds {} numbers for {rows} labels", self.bank.len()));
        }
        for (at, row) in self.bank.chunks_exact(self.inputs()).enumerate() {
            let length = length(row);
            if !length.is_finite() {
                return wrong(format!("row {at} of its bank holds a number that is not finite"));
            }
            if length < MIN_LENGTH {
                return wrong(format!("row {at} of its bank is zero: it is like nothing"));
            }
        }
        let roadwork = self.labels.iter().filter(|&&label| label).count();
        if roadwork == 0 || roadwork == rows {
            return wrong(format!("{roadwork} of its {rows} rows are roadwork; both answers must occur"));
        }
        if self.k == 0 || self.k > rows {
            return wrong(format!("its k is {}, the bank has {rows} rows", self.k));
        }
        if !(1e-2..=1e2).contains(&self.temperature) {
            return wrong(format!("its temperature is {}; 0.01 to 100 are read", self.temperature));
        }
        self.calibration.check()
    }

    /// The bank `[features, rows]`, each row of length 1: what features of length 1 are multiplied with.
    pub(crate) fn directions(&self) -> Vec<f32> {
        let (rows, width) = (self.labels.len(), self.inputs());
        let mut out = vec![0.0; self.bank.len()];
        for (r, row) in self.bank.chunks_exact(width).enumerate() {
            let length = length(row);
            for (c, &value) in row.iter().enumerate() {
                out[c * rows + r] = (f64::from(value) / length) as f32;
            }
        }
        out
    }
}

fn length(row: &[f32]) -> f64 {
    row.iter().map(|&v| f64::from(v) * f64::from(v)).sum::<f64>().sqrt()
}

fn check_rows(rows: usize) -> Result<(), OnnxError> {
    if !(1..=MAX_ROWS).contains(&rows) {
        return Err(OnnxError::Head(format!("its bank has {rows} rows; 1 to {MAX_ROWS} are read")));
    }
    Ok(())
}
