//! Keeping the home small: pictures go, rows, hashes and features stay.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use crate::{Home, Ledger, StoreError};

/// How much is kept (`records.keep`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    /// Pictures whose last record is older go.
    pub age: Duration,
    /// When the pictures are more, some go until they are not.
    pub bytes: u64,
}

impl Default for Keep {
    fn default() -> Self {
        Self { age: Duration::from_secs(30 * 86_400), bytes: 20_000_000_000 }
    }
}

/// What a run of retention did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Retained {
    /// Pictures removed.
    pub removed: u64,
    /// Their bytes.
    pub removed_bytes: u64,
    /// Bytes of pictures that are still there.
    pub kept_bytes: u64,
}

impl Home {
    /// Removes the pictures that are over `keep` at the time `now`.
    pub async fn retain(&self, _ledger: &Ledger, _keep: &Keep, _now: Timestamp) -> Result<Retained, StoreError> {
        todo!()
    }
}
