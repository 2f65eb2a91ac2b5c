//! Procedural street scenes.
