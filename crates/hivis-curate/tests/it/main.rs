//! Integration tests of the curation.
