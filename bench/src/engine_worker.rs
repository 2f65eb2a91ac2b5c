//! One of our engines in a process of its own, as `engines.py` is for the peers.
//!
//! `time N` is answered with `{"ms": ...}`, the wall time of one run over N pictures; `score` with
//! `{"probabilities": [...]}`, each picture judged alone.

use std::io::BufRead;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result};
use hivis_engine::{Engine, LoadSettings, load};
use hivis_types::{EngineKind, Picture, Precision};
use serde_json::{Value, json};

use crate::random_model::SIDE;

/// Which engine to load.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folder that [`crate::random_model::write`] filled.
    folder: PathBuf,
    /// `rten` or `onnxruntime`.
    engine: String,
    /// `fp32`, `bf16` or `int8`.
    precision: String,
    /// Threads.
    threads: usize,
    /// ONNX Runtime's library.
    #[arg(long)]
    library: Option<PathBuf>,
    /// ONNX Runtime's provider.
    #[arg(long)]
    provider: Option<String>,
}

/// Answers lines until there are no more; a failure is an answer too.
pub(crate) fn run(args: &Args) {
    if let Err(error) = serve(args) {
        println!("{}", json!({ "error": format!("{error:#}") }));
    }
}

fn serve(args: &Args) -> Result<()> {
    let precision = match args.precision.as_str() {
        "int8" => Precision::Int8,
        "bf16" => Precision::Bf16,
        _ => Precision::Fp32,
    };
    let graph = if precision == Precision::Int8 { "model.int8.onnx" } else { "model.onnx" };
    let engine = load(&LoadSettings {
        kind: if args.engine == "rten" { EngineKind::Rten } else { EngineKind::Onnxruntime },
        graph: args.folder.join(graph),
        precision,
        threads: args.threads,
        runtime_library: args.library.clone(),
        provider: args.provider.clone(),
    })?;
    let bytes = fs_err::read(args.folder.join("pictures.bin"))?;
    let pictures = bytes
        .chunks_exact((SIDE * SIDE * 3) as usize)
        .map(|rgb| Picture::new(SIDE, SIDE, rgb.to_vec()))
        .collect::<Result<Vec<_>, _>>()?;
    println!("{}", json!({ "ready": true }));
    for line in std::io::stdin().lock().lines() {
        println!("{}", answer(&engine, &pictures, &line?)?);
    }
    Ok(())
}

fn answer(engine: &Arc<dyn Engine>, pictures: &[Picture], line: &str) -> Result<Value> {
    if line == "score" {
        let scores = pictures.iter().map(|p| Ok(engine.run(&[p])?.first().map(|s| s.probability)));
        return Ok(json!({ "probabilities": scores.collect::<Result<Vec<Option<f32>>>>()? }));
    }
    let count: usize = line.strip_prefix("time ").context("`time N` or `score`")?.parse()?;
    let batch: Vec<&Picture> = pictures.iter().take(count).collect();
    let start = Instant::now();
    engine.run(&batch)?;
    Ok(json!({ "ms": start.elapsed().as_secs_f64() * 1e3 }))
}
