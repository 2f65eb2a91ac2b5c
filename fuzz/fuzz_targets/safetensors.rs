//! Weights from anywhere, read under the configuration of a small DINOv3.
#![no_main]

use hivis_onnx::{Model, write_backbone};
use libfuzzer_sys::fuzz_target;

const CONFIG: &str = include_str!("../../fixtures/dinov3-mlp/config.json");

fuzz_target!(|data: &[u8]| {
    if let Ok(model) = Model::from_parts(CONFIG, None, data.to_vec()) {
        // Good headers may still name missing or hostile tensors.
        let _ = write_backbone(&model, 32, 32);
    }
});
