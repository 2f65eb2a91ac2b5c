//! The review queue and what people decided.
