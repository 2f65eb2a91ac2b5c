//! Labelled pictures that a training learns from.

use hivis_types::{Label, Origin, Picture};
use sha2::{Digest, Sha256};

use super::TrainingSettings;
use crate::split::{Part, part};

/// A labelled picture that was not looked at yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its identity, such as its SHA-256 in hex: part of the features' address.
    pub key: String,
    /// What a person finds it by.
    pub name: String,
    /// What it shows.
    pub label: Label,
    /// Photograph or generated.
    pub origin: Origin,
    /// Whether it was picked out of the home's records because it was hard.
    pub mined: bool,
    /// Its scene.
    pub scene: String,
    /// Its slices, such as `weather:rain`.
    pub slices: Vec<String>,
}

/// Labelled pictures to learn from. Fetching decodes or renders, on many threads.
pub trait Source: Sync {
    /// All rows, in an order that does not change.
    fn rows(&self) -> &[Row];

    /// The part of a row under a split's seed; none for a row that is left out. By its scene, unless a plan says more.
    fn part(&self, row: usize, seed: u64) -> Option<Part> {
        Some(part(seed, &self.rows()[row].scene))
    }

    /// The whole picture of a row, or why it cannot be had.
    fn picture(&self, row: usize) -> Result<Picture, String>;
}

/// A hash of rows: what they are and what they show, in their order.
pub fn version(rows: &[Row]) -> String {
    let mut hash = Sha256::new();
    for row in rows {
        hash.update(format!("{}\t{}\t{}\t{}\n", row.key, row.label.as_u8(), row.origin.as_str(), row.scene));
    }
    hex::encode(&hash.finalize()[..8])
}

/// The part of every row.
pub(super) fn parts(source: &dyn Source, settings: &TrainingSettings) -> Vec<Option<Part>> {
    (0..source.rows().len()).map(|row| source.part(row, settings.split_seed)).collect()
}
