//! Versions of the data.
