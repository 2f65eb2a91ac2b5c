//! The queue before the writer: bounded in records and in bytes, pictures dropped before rows.

/// How much may wait for the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueLimits {
    /// Records. From half of them on pictures are dropped, so that the rows have the disk for themselves.
    pub records: usize,
    /// Bytes of records and pictures together.
    pub bytes: usize,
}

impl Default for QueueLimits {
    fn default() -> Self {
        Self { records: 65_536, bytes: 256 << 20 }
    }
}
