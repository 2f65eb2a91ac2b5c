//! The embedded backbone `hivis-tiny` and its head.
//!
//! Trained on procedural scenes only; it makes no claim about real streets.

/// `config.json` as transformers writes it.
pub const CONFIG: &str = include_str!("../hivis-tiny/config.json");
/// `preprocessor_config.json`.
pub const PREPROCESSOR: &str = include_str!("../hivis-tiny/preprocessor_config.json");
