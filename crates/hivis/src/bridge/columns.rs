//! What the tables of Hugging Face and the plain folder say of a picture: the same columns in all of them.
//!
//! No cell is ever null and no type changes from row to row, because `datasets` takes a split's types from its first rows.

use hivis_store::SampleFrom;
use serde::Serialize;

use super::rows::{Row, class};

/// One line.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Columns {
    /// The picture's file, from the folder of the table on.
    pub(super) file_name: String,
    /// `none` or `roadwork`: what may be changed.
    pub(super) label: &'static str,
    /// The same; what is not changed tells an import that `label` was.
    pub(super) exported_label: &'static str,
    /// When it was written, Unix microseconds.
    pub(super) exported_us: i64,
    /// SHA-256 of the file, in hex.
    pub(super) sha256: String,
    /// Whose word the label is.
    pub(super) label_source: &'static str,
    /// How sure that source is, in [0, 1].
    pub(super) confidence: f64,
    /// `true` when data sets contradict each other on it.
    pub(super) disputed: bool,
    /// `real` or `synthetic`.
    pub(super) origin: &'static str,
    /// Pictures of one scene are never parted.
    pub(super) scene: String,
    /// Tags such as `weather:rain`, with `;` between them.
    pub(super) slices: String,
    /// `train`, `validation`, `test`, or empty.
    pub(super) split: &'static str,
    /// `dataset`, `record` or `generated`.
    pub(super) kind: &'static str,
    /// The data set.
    pub(super) dataset: String,
    /// Its file or row in the data set.
    pub(super) file: String,
    /// The record that shows it.
    pub(super) record: String,
    /// What made it.
    pub(super) generator: String,
    /// What the generator was asked for.
    pub(super) prompt: String,
    /// The picture that it varies, SHA-256 in hex.
    pub(super) parent: String,
    /// What it cost, dollars.
    pub(super) cost: f64,
}

impl Columns {
    /// The line of a picture that lies in `file_name`.
    pub(super) fn new(row: &Row, file_name: String, exported_us: i64) -> Self {
        let sample = &row.sample;
        let (mut dataset, mut file, mut record) = (String::new(), String::new(), String::new());
        match &sample.from {
            SampleFrom::Dataset { dataset: name, name: row } => (dataset, file) = (name.clone(), row.clone()),
            SampleFrom::Record { record: id } => record.clone_from(id),
            SampleFrom::Generated { .. } => {}
        }
        let made = row.made.as_ref();
        Self {
            file_name,
            label: class(sample.label),
            exported_label: class(sample.label),
            exported_us,
            sha256: sample.id.to_string(),
            label_source: sample.source.as_str(),
            confidence: sample.confidence,
            disputed: sample.disputed,
            origin: sample.origin.as_str(),
            scene: sample.scene.clone(),
            slices: sample.slices.join(";"),
            split: row.split().unwrap_or_default(),
            kind: sample.from.as_str(),
            dataset,
            file,
            record,
            generator: made.map(|made| made.generator.clone()).unwrap_or_default(),
            prompt: made.map(|made| made.prompt.clone()).unwrap_or_default(),
            parent: made.and_then(|made| made.parent).map(|id| id.to_string()).unwrap_or_default(),
            cost: made.map_or(0.0, |made| made.cost.0 as f64 / 1e6),
        }
    }
}
