//! Writes the serving graph of a Hugging Face folder, for benches and for looking at it in Netron.
//!
//! `cargo run -p hivis-onnx --example write_graph -- FOLDER model.onnx [model.int8.onnx]`
//!
//! A classifier keeps its own head ("Roadwork", else its last class); a backbone gets a head of zeros.

use std::path::Path;

use hivis_onnx::{Calibration, Dense, Head, Model, ModelKind, OnnxError, Pooling, QuantiseOptions, WriteOptions};

fn main() -> Result<(), OnnxError> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, out, rest @ ..] = arguments.as_slice() else {
        eprintln!("usage: write_graph FOLDER model.onnx [model.int8.onnx]");
        return Ok(());
    };
    let model = Model::read(Path::new(folder))?;
    let head = match model.kind() {
        ModelKind::VitClassifier => {
            let last = model.labels().last().cloned().unwrap_or_default();
            model.own_head("roadwork").or_else(|_| model.own_head(&last))?
        }
        ModelKind::DinoV3 | ModelKind::DinoV2 | ModelKind::Siglip => {
            let inputs = model.hidden_size();
            let layer = Dense { weight: vec![0.0; inputs], bias: vec![0.0], inputs, outputs: 1 };
            Head { pooling: Pooling::Cls, layers: vec![layer], calibration: Calibration::default() }
        }
    };
    hivis_onnx::write_classifier(&model, &head, &WriteOptions::default())?.save(Path::new(out))?;
    if let [int8, ..] = rest {
        hivis_onnx::quantise(Path::new(out), Path::new(int8), &QuantiseOptions::default())?;
    }
    Ok(())
}
