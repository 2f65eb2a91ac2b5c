//! Tests of hivis-train.

#![cfg(feature = "burn")]

mod golden;
mod optimiser;
mod pretraining;
