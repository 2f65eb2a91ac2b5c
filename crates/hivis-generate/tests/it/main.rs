//! Integration tests of the generators.
