//! Records between rows and values.

use hivis_types::{Record, RecordId};
use jiff::Timestamp;
use serde::Serialize;

use crate::{DropReason, Ledger, Md5, ObjectId, RecordFilter, StoreError, StoredLabel};

/// A record as it was read back.
#[derive(Clone, Debug, Serialize)]
pub struct StoredRecord {
    /// Its place in the order of commits, from 1 on.
    pub seq: i64,
    /// The record; its picture's bytes are empty (see [`Ledger::story`]).
    #[serde(flatten)]
    pub record: Record,
    /// What became of the picture's bytes.
    pub picture_state: PictureState,
    /// The label that counts: the most trusted source's.
    pub trusted_label: Option<StoredLabel>,
}

/// What became of a record's picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum PictureState {
    /// The body gave no bytes.
    None,
    /// Its bytes are in the home.
    Stored {
        /// Its identity.
        sha256: ObjectId,
        /// Its address.
        md5: Md5,
        /// Its length.
        bytes: u64,
    },
    /// Retention removed it.
    Removed {
        /// Its identity.
        sha256: ObjectId,
        /// Its address.
        md5: Md5,
        /// Its length.
        bytes: u64,
        /// When, UTC.
        at: Timestamp,
    },
    /// It was never stored.
    Dropped {
        /// Why.
        reason: DropReason,
    },
}

/// A record with everything that is known of it.
#[derive(Clone, Debug, Serialize)]
pub struct Story {
    /// The record, features included, and its picture's bytes when they are in the home.
    #[serde(flatten)]
    pub stored: StoredRecord,
    /// All words on it, most trusted first.
    pub labels: Vec<StoredLabel>,
    /// Why the picture could not be read although the ledger says that it is stored.
    pub picture_trouble: Option<String>,
}

impl Ledger {
    /// The records that the filter lets through, newest first.
    pub async fn list(&self, _filter: &RecordFilter) -> Result<Vec<StoredRecord>, StoreError> {
        todo!()
    }

    /// Everything about the one record whose id begins with `prefix` (hyphens may be left out).
    pub async fn story(&self, _prefix: &str) -> Result<Story, StoreError> {
        todo!()
    }

    /// The same for a whole id.
    pub async fn story_of(&self, id: RecordId) -> Result<Story, StoreError> {
        self.story(&id.to_string()).await
    }
}
