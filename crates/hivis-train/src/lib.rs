//! Features, head and pretraining.
