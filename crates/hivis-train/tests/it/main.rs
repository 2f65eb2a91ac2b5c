//! Tests of hivis-train.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

#[cfg(feature = "burn")]
mod blend;
mod measures;
mod split;
mod tracker;

#[cfg(feature = "burn")]
mod calibration;
#[cfg(feature = "burn")]
mod golden;
#[cfg(feature = "burn")]
mod head;
#[cfg(feature = "burn")]
mod one_truth;
#[cfg(feature = "burn")]
mod optimiser;
#[cfg(feature = "burn")]
mod pretraining;
#[cfg(feature = "burn")]
mod questions;
#[cfg(feature = "burn")]
mod tiny;
