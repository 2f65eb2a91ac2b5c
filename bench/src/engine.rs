//! ms a picture of our engines and of their peers, in interleaved rounds, on DINOv3-shaped models of random weights.
//!
//! Every row is a process of its own with the same number of threads; a round asks each once. Peers run in the virtual
//! environments `torch`, `openvino` and `ortov` (see `peers/engines.py`); what is not installed is not measured.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::engine_report::{Laps, Measured, print};
use crate::peer::{self, Peer};
use crate::random_model::{self, Size};

/// Threads go on waiting actively for a while after a run: the next row does not begin before they sleep.
const SETTLE: Duration = Duration::from_millis(60);
/// Rounds that are made whatever the time.
const FEWEST: usize = 3;

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Models.
    #[arg(long, value_enum, value_delimiter = ',', default_values = ["s", "b"])]
    models: Vec<Size>,
    /// Pictures in a run.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 8])]
    batches: Vec<usize>,
    /// Most rounds for a model and a batch.
    #[arg(long, default_value_t = 20)]
    rounds: usize,
    /// Seconds after which no further round begins, for a model and a batch.
    #[arg(long, default_value_t = 90)]
    seconds: u64,
    /// Threads of each row.
    #[arg(long, default_value_t = 2)]
    threads: usize,
}

/// One engine at one precision.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) ours: bool,
    pub(crate) fp32: bool,
    /// Ours: engine, precision, provider. A peer: its virtual environment and its word in `engines.py`.
    runs: Runs,
}

enum Runs {
    Ours(&'static str, &'static str, &'static str),
    Peer(&'static str, &'static str),
}

const fn ours(name: &'static str, engine: &'static str, precision: &'static str, provider: &'static str) -> Row {
    Row {
        name,
        ours: true,
        fp32: matches!(precision.as_bytes(), b"fp32"),
        runs: Runs::Ours(engine, precision, provider),
    }
}

const fn peer(name: &'static str, venv: &'static str, word: &'static str, fp32: bool) -> Row {
    Row { name, ours: false, fp32, runs: Runs::Peer(venv, word) }
}

/// All rows; the first is what losses are taken against.
const ROWS: [Row; 14] = [
    peer("PyTorch fp32", "torch", "torch-fp32", true),
    peer("ONNX Runtime fp32", "torch", "onnxruntime-fp32", true),
    peer("OpenVINO fp32", "openvino", "openvino-fp32", true),
    ours("rten fp32", "rten", "fp32", "cpu"),
    ours("onnxruntime fp32", "onnxruntime", "fp32", "cpu"),
    ours("onnxruntime fp32, OpenVINO provider", "onnxruntime", "fp32", "openvino"),
    peer("PyTorch bf16", "torch", "torch-bf16", false),
    peer("ONNX Runtime int8 (quantize_dynamic)", "torch", "onnxruntime-int8", false),
    peer("OpenVINO bf16", "openvino", "openvino-bf16", false),
    peer("OpenVINO int8 (NNCF, static)", "openvino", "openvino-int8", false),
    ours("rten int8", "rten", "int8", "cpu"),
    ours("onnxruntime int8", "onnxruntime", "int8", "cpu"),
    ours("onnxruntime bf16, OpenVINO provider", "onnxruntime", "bf16", "openvino"),
    ours("onnxruntime int8, OpenVINO provider", "onnxruntime", "int8", "openvino"),
];

/// Prints one table for each model and batch.
pub(crate) fn run(args: &Args) -> Result<()> {
    for &size in &args.models {
        let folder = tempfile::tempdir()?;
        random_model::write(size, folder.path())?;
        prepare(folder.path());
        let mut running: Vec<(&Row, Result<Peer>)> =
            ROWS.iter().map(|row| (row, start(row, folder.path(), args.threads))).collect();
        let probabilities: Vec<Vec<f64>> =
            running.iter_mut().map(|(_, peer)| peer.as_mut().map_or_else(|_| Vec::new(), score)).collect();
        for &batch in &args.batches {
            let laps = rounds(&mut running, batch, args)?;
            println!("\n### {}, batch {batch}\n\n{}\n", size.name(), peer::machine());
            print(&measure(&running, laps, &probabilities)?);
        }
    }
    Ok(())
}

/// Lets the peers make their own int8 models; one that cannot has no row later, and says so there.
fn prepare(folder: &Path) {
    for (venv, word) in [("torch", "onnxruntime"), ("openvino", "openvino")] {
        let Some(venv) = peer::venv(venv) else { continue };
        let done = peer::python(&venv, "engines.py").args(["prepare", word]).arg(folder).status();
        if !done.is_ok_and(|status| status.success()) {
            eprintln!("{word}: its int8 model could not be made");
        }
    }
}

fn start(row: &Row, folder: &Path, threads: usize) -> Result<Peer> {
    let command = match row.runs {
        Runs::Ours(engine, precision, provider) => {
            let mut command = Command::new(std::env::current_exe()?);
            command.arg("engine-worker").arg(folder).args([engine, precision, &threads.to_string()]);
            if engine == "onnxruntime" {
                let venv = if provider == "openvino" { "ortov" } else { "onnxruntime" };
                command.args(["--provider", provider, "--library"]).arg(library(venv)?);
            }
            command
        }
        Runs::Peer(venv, word) => {
            let venv = peer::venv(venv).with_context(|| format!("there is no virtual environment `{venv}`"))?;
            let mut command = peer::python(&venv, "engines.py");
            command.arg(word).arg(folder).arg(threads.to_string());
            command
        }
    };
    Ok(Peer::start(command)?.0)
}

/// ONNX Runtime's library in the package of a virtual environment.
pub(crate) fn library(venv: &str) -> Result<PathBuf> {
    let folder = peer::venv(venv).with_context(|| format!("there is no virtual environment `{venv}`"))?;
    for python in fs_err::read_dir(folder.join("lib"))? {
        let capi = python?.path().join("site-packages/onnxruntime/capi");
        for file in std::fs::read_dir(capi).into_iter().flatten() {
            let path = file?.path();
            if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("libonnxruntime.so")) {
                return Ok(path);
            }
        }
    }
    bail!("`{venv}` has no package onnxruntime")
}

/// The laps of every row, ms a picture. A row that fails is out from then on.
fn rounds(running: &mut [(&Row, Result<Peer>)], batch: usize, args: &Args) -> Result<Vec<Laps>> {
    let mut laps = vec![Laps::default(); running.len()];
    let mut start = Instant::now();
    for round in 0..=args.rounds {
        if round > FEWEST && start.elapsed() > Duration::from_secs(args.seconds) {
            break;
        }
        for n in 0..running.len() {
            // Each round begins with another row, so that none always follows the same one.
            let n = (n + round) % running.len();
            let Ok(peer) = &mut running[n].1 else { continue };
            match lap(peer, batch) {
                // Round 0 warms.
                Ok((wall, cpu)) if round > 0 => {
                    laps[n].wall.push(wall);
                    laps[n].cpu.push(cpu);
                }
                Ok(_) => {}
                Err(error) => running[n].1 = Err(error),
            }
        }
        if round == 0 {
            start = Instant::now();
        }
    }
    if running.iter().all(|(_, peer)| peer.is_err()) {
        bail!("nothing could be measured");
    }
    Ok(laps)
}

/// Wall and CPU time of one run, ms a picture.
fn lap(peer: &mut Peer, batch: usize) -> Result<(f64, f64)> {
    let before = peer.cpu()?;
    let answer = peer.ask(&format!("time {batch}"))?;
    let cpu = peer.cpu()?.saturating_sub(before).as_secs_f64() * 1e3;
    std::thread::sleep(SETTLE);
    let wall = answer.get("ms").and_then(Value::as_f64).context("no `ms`")?;
    Ok((wall / batch as f64, cpu / batch as f64))
}

/// What a row says of each picture; nothing when it fails, which its rounds will report.
fn score(peer: &mut Peer) -> Vec<f64> {
    let answer = peer.ask("score").unwrap_or_default();
    serde_json::from_value(answer["probabilities"].clone()).unwrap_or_default()
}

/// Puts laps, memory and probabilities together; says what could not be measured.
fn measure<'a>(
    running: &[(&'a Row, Result<Peer>)],
    laps: Vec<Laps>,
    probabilities: &'a [Vec<f64>],
) -> Result<Vec<Measured<'a>>> {
    let mut measured = Vec::new();
    for (((row, peer), laps), probabilities) in running.iter().zip(laps).zip(probabilities) {
        match peer {
            Ok(peer) => measured.push(Measured { row, laps, peak_mib: peer.peak_mib()?, probabilities }),
            Err(why) => println!("{}: not measured: {why:#}\n", row.name),
        }
    }
    Ok(measured)
}
