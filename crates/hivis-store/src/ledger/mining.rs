//! What was mined.
