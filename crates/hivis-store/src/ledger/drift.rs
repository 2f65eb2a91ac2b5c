//! Readings of drift.
