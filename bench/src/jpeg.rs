//! `bench jpeg`: from JPEG files of 1280 x 720 to features, ours against a PyTorch DataLoader.
//!
//! Rounds alternate over the same files on the same cores. Ours decodes and resizes 64 files on all cores, then runs the
//! engine on them, batch by batch; the peer is tried with no, one and two loader workers, and its best counts.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use anyhow::{Context, Result};
use hivis_engine::{Engine, LoadSettings, load};
use hivis_image::DecodeLimits;
use hivis_synth::{Mix, Style, View, scene};
use hivis_types::{EngineKind, Picture, Precision};
use rayon::prelude::*;

use crate::engine::library;
use crate::overload::verdict;
use crate::peer::{self, Peer, median};
use crate::random_model::{self, SIDE, Size};

/// Files that are decoded before the engine runs.
const CHUNK: usize = 64;
/// Pictures of one run.
const BATCH: usize = 8;

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Files.
    #[arg(long, default_value_t = 128)]
    files: u64,
    /// Rounds.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Threads of each side.
    #[arg(long, default_value_t = 2)]
    threads: usize,
}

/// Where one pass spent its seconds.
#[derive(Clone, Copy, Default)]
struct Spent {
    all: f64,
    decode: f64,
    resize: f64,
    engine: f64,
}

impl Spent {
    fn overhead(&self) -> f64 {
        1.0 - (self.decode + self.resize + self.engine) / self.all
    }
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let folder = tempfile::tempdir()?;
    random_model::write(Size::S, folder.path())?;
    let files = write_files(folder.path(), args.files)?;
    let venv = peer::venv("torch").context("there is no virtual environment `torch`")?;
    let mut command = peer::python(&venv, "loader.py");
    command.arg(folder.path()).arg(args.threads.to_string());
    let (mut torch, ready) = Peer::start(command)?;
    println!("PyTorch {}; {}\n", ready["ready"].as_str().unwrap_or_default(), peer::machine());
    let rows = engines(folder.path(), args.threads)?;
    let workers = [0, 1, 2];
    let (mut theirs, mut ours) = (vec![Vec::new(); workers.len()], vec![Vec::new(); rows.len()]);
    for round in 0..=args.rounds {
        let mut theirs_here = Vec::new();
        for workers in workers {
            let answer = torch.ask(&format!("features {workers}"))?;
            theirs_here.push(answer["seconds"].as_f64().context("no `seconds`")?);
        }
        let ours_here = rows.iter().map(|(_, engine)| pass(&files, engine)).collect::<Result<Vec<_>>>()?;
        // Round 0 warms.
        if round > 0 {
            theirs.iter_mut().zip(theirs_here).for_each(|(all, one)| all.push(one));
            ours.iter_mut().zip(ours_here).for_each(|(all, one)| all.push(one));
        }
    }
    let ms = |seconds: f64| 1e3 * seconds / files.len() as f64;
    println!("| side | ms a picture, median | over the best of PyTorch | decode | resize | engine | beyond these |");
    println!("|---|---|---|---|---|---|---|");
    let best = (0..workers.len()).min_by(|&a, &b| median(&theirs[a]).total_cmp(&median(&theirs[b]))).unwrap_or(0);
    for (workers, seconds) in workers.iter().zip(&theirs) {
        println!("| PyTorch fp32, {workers} workers | {:.1} | | | | | |", ms(median(seconds)));
    }
    let mut fastest = [(0.0_f64, "", 0.0); 2];
    for ((name, engine), spent) in rows.iter().zip(&ours) {
        let ratios: Vec<f64> = theirs[best].iter().zip(spent).map(|(other, own)| other / own.all).collect();
        let ratio = median(&ratios);
        let mean = |of: fn(&Spent) -> f64| median(&spent.iter().map(of).collect::<Vec<_>>());
        let share = |of: fn(&Spent) -> f64| 100.0 * mean(of) / mean(|s| s.all);
        println!(
            "| {name} | {:.1} | {ratio:.2} | {:.0}% | {:.0}% | {:.0}% | {:.1}% |",
            ms(mean(|s| s.all)),
            share(|s| s.decode),
            share(|s| s.resize),
            share(|s| s.engine),
            100.0 * mean(Spent::overhead)
        );
        let kind = usize::from(engine.card().precision == Precision::Int8);
        if ratio > fastest[kind].0 {
            fastest[kind] = (ratio, name, mean(Spent::overhead));
        }
    }
    println!();
    for ((ratio, name, overhead), goal) in fastest.into_iter().zip([1.25, 1.9]) {
        println!("- at least {goal} times the best of PyTorch: {ratio:.2} ({name}): {}", verdict(ratio >= goal));
        println!("- overhead of {name} below 5%: {:.1}%: {}", 100.0 * overhead, verdict(overhead < 0.05));
    }
    Ok(())
}

fn engines(folder: &Path, threads: usize) -> Result<Vec<(&'static str, Arc<dyn Engine>)>> {
    let settings = |kind, precision| {
        let graph = if precision == Precision::Int8 { "model.int8.onnx" } else { "model.onnx" };
        let runtime_library = if kind == EngineKind::Rten { None } else { Some(library("onnxruntime")?) };
        Ok::<_, anyhow::Error>(LoadSettings {
            kind,
            graph: folder.join(graph),
            precision,
            threads,
            runtime_library,
            provider: None,
        })
    };
    [
        ("rten fp32", EngineKind::Rten, Precision::Fp32),
        ("onnxruntime fp32", EngineKind::Onnxruntime, Precision::Fp32),
        ("rten int8", EngineKind::Rten, Precision::Int8),
        ("onnxruntime int8", EngineKind::Onnxruntime, Precision::Int8),
    ]
    .into_iter()
    .map(|(name, kind, precision)| Ok((name, load(&settings(kind, precision)?)?)))
    .collect()
}

/// Rendered streets, encoded as a camera would.
fn write_files(folder: &Path, count: u64) -> Result<Vec<PathBuf>> {
    let pictures = folder.join("pictures");
    fs_err::create_dir_all(&pictures)?;
    let file = |seed: u64| {
        let view = View { width: 1280, height: 720, camera: 0, style: Style::Camera };
        let jpeg = hivis_image::encode_jpeg(&scene(9000 + seed, &Mix::default()).render(&view).picture);
        let path = pictures.join(format!("{seed:04}.jpg"));
        fs_err::write(&path, jpeg)?;
        Ok(path)
    };
    (0..count).into_par_iter().map(file).collect()
}

/// All files to features; what is spent in a phase on all cores is told by wall time, split by what its parts took.
fn pass(files: &[PathBuf], engine: &Arc<dyn Engine>) -> Result<Spent> {
    let begin = Instant::now();
    let mut spent = Spent::default();
    let mut features: Vec<f32> = Vec::new();
    for some in files.chunks(CHUNK) {
        let phase = Instant::now();
        let (decode, resize) = (AtomicU64::new(0), AtomicU64::new(0));
        let picture = |path: &PathBuf| {
            let begin = Instant::now();
            let decoded = hivis_image::decode(&fs_err::read(path)?, &DecodeLimits::default())?;
            let middle = Instant::now();
            let small = hivis_image::resize_bilinear(&decoded.picture, SIDE, SIDE);
            decode.fetch_add((middle - begin).as_nanos() as u64, Ordering::Relaxed);
            resize.fetch_add(middle.elapsed().as_nanos() as u64, Ordering::Relaxed);
            Ok::<_, anyhow::Error>(small)
        };
        let pictures = some.par_iter().map(picture).collect::<Result<Vec<Picture>>>()?;
        let wall = phase.elapsed().as_secs_f64();
        let (decode, resize) = (decode.into_inner() as f64, resize.into_inner() as f64);
        // A core that waits for the last file of a chunk is overhead: only what the files took counts.
        let busy = (decode + resize) * 1e-9 / rayon::current_num_threads() as f64;
        spent.decode += busy.min(wall) * decode / (decode + resize);
        spent.resize += busy.min(wall) * resize / (decode + resize);
        for batch in pictures.chunks(BATCH) {
            let batch: Vec<&Picture> = batch.iter().collect();
            let phase = Instant::now();
            let scores = engine.run(&batch)?;
            spent.engine += phase.elapsed().as_secs_f64();
            features.extend(scores.into_iter().flat_map(|score| score.features));
        }
    }
    spent.all = begin.elapsed().as_secs_f64();
    anyhow::ensure!(!features.is_empty(), "there are no features");
    Ok(spent)
}
