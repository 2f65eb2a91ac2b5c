//! What records show, and who says so.

use hivis_types::{Label, LabelSource, RecordId};
use jiff::Timestamp;
use serde::Serialize;

use crate::{Ledger, StoreError};

/// One source's word on one record.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct StoredLabel {
    /// What it says.
    pub label: Label,
    /// Who says it.
    pub source: LabelSource,
    /// How sure it is, in [0, 1].
    pub confidence: f64,
    /// When it was said, UTC.
    pub at: Timestamp,
}

/// What became of a label that was given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Labelled {
    /// The label that counts now: the most trusted source's.
    pub counts: StoredLabel,
    /// True when not all sources say the same.
    pub disagreement: bool,
}

impl Ledger {
    /// Writes down one source's word on a record. A source replaces its own earlier word; it never touches a more
    /// trusted one, which goes on to count.
    pub async fn label(&self, _record: RecordId, _label: StoredLabel) -> Result<Labelled, StoreError> {
        todo!()
    }

    /// All words on a record, most trusted first.
    pub async fn labels(&self, _record: RecordId) -> Result<Vec<StoredLabel>, StoreError> {
        todo!()
    }
}
