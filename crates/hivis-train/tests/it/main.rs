//! Tests of hivis-train.

#![cfg(feature = "burn")]

mod golden;
mod head;
mod one_truth;
mod optimiser;
mod pretraining;
mod questions;
mod tiny;
