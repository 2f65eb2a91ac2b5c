//! One binary: graphs written by hivis-onnx, run by every engine.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod classifier;
mod conformance;
mod ensemble;
mod golden;
mod golden_backbone;
mod golden_vit;
mod int8;
mod runtime;
