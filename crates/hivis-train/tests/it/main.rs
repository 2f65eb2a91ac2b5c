//! Tests of hivis-train.

#![cfg(feature = "burn")]

mod calibration;
mod golden;
mod head;
mod measures;
mod one_truth;
mod optimiser;
mod pretraining;
mod questions;
mod tiny;
