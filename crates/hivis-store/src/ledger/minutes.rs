//! Counts of records by minute.
