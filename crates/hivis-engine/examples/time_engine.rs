//! Times one engine on one graph and holds it to the conformance suite.
//!
//! `cargo run -p hivis-engine --example time_engine -- GRAPH rten|onnxruntime fp32|int8 [THREADS [cpu|openvino]]`
//!
//! Prints the best of 20 rounds for batches of 1 and 8, in ms a picture. The library of ONNX Runtime comes from
//! `ORT_DYLIB_PATH` or python3's package.

use std::error::Error;
use std::time::{Duration, Instant};

use hivis_engine::{Engine, LoadSettings, conformance, load};
use hivis_types::{EngineKind, Picture, Precision};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [graph, kind, precision, rest @ ..] = arguments.as_slice() else {
        return Err("usage: time_engine GRAPH rten|onnxruntime fp32|int8 [THREADS [cpu|openvino]]".into());
    };
    let settings = LoadSettings {
        kind: if kind == "rten" { EngineKind::Rten } else { EngineKind::Onnxruntime },
        precision: if precision == "int8" { Precision::Int8 } else { Precision::Fp32 },
        threads: rest.first().map_or(Ok(0), |t| t.parse())?,
        provider: rest.get(1).cloned(),
        ..LoadSettings::rten(graph)
    };
    let start = Instant::now();
    let engine = load(&settings)?;
    println!("loaded in {:.1?}: {:?}", start.elapsed(), engine.card());
    match conformance::check(engine.as_ref()) {
        Ok(()) => println!("conforms"),
        Err(broken) => println!("DOES NOT CONFORM: {broken}"),
    }
    for batch in [1u32, 8] {
        let best = (0..20).map(|_| round(engine.as_ref(), batch)).collect::<Result<Vec<_>, _>>()?;
        let best = best.into_iter().min().unwrap_or_default();
        println!("batch {batch}: {:.1} ms a picture", best.as_secs_f64() * 1e3 / f64::from(batch));
    }
    Ok(())
}

fn round(engine: &dyn Engine, batch: u32) -> Result<Duration, Box<dyn Error>> {
    let (width, height) = engine.card().input;
    let pictures: Vec<Picture> = (0..batch).map(|seed| conformance::noise(width, height, seed)).collect();
    let pictures: Vec<&Picture> = pictures.iter().collect();
    let start = Instant::now();
    engine.run(&pictures)?;
    Ok(start.elapsed())
}
