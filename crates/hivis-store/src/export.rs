//! Records as CSV or JSON lines, page by page, so that memory stays small however many there are.

use std::io::Write;

use crate::{Ledger, RecordFilter, StoreError};

/// How an export is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    /// One header line, then one line a record; no features.
    Csv,
    /// One JSON object a line, features included when the filter asks for them.
    JsonLines,
}

impl Ledger {
    /// Writes the records that the filter lets through, oldest first; returns how many. The filter's `before` and
    /// `limit` count too (`limit` 0 means all).
    pub async fn export<W: Write + Send>(
        &self,
        _filter: &RecordFilter,
        _format: ExportFormat,
        _out: W,
    ) -> Result<u64, StoreError> {
        todo!()
    }
}
