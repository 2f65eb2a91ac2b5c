//! Clients of image generators: a wanted label and a prompt become pictures, with their story and their price.
//!
//! This room never judges its own pictures; the label is the wanted one. It is apart from `hivis-synth` because HTTP
//! clients are of no use to those who only draw scenes.

mod error;

pub use error::GenerateError;
