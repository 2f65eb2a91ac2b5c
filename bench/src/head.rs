//! `bench head`: the head's training on cached features, ours in burn against a PyTorch script.
//!
//! Rounds alternate, each round another seed for both; the same rows, settings and number of threads. The loss is the
//! lowest on the validation rows over the epochs, which is what a training keeps.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use hivis_train::device::Processor;
use hivis_train::features::Samples;
use hivis_train::head::{HeadSettings, train_head};
use hivis_types::Label;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use crate::overload::verdict;
use crate::peer::{self, Peer, median};

/// The goal: as many times as fast.
const GOAL: f64 = 1.5;

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Seeds of each side.
    #[arg(long, default_value_t = 10)]
    rounds: u64,
    /// Rows to learn from.
    #[arg(long, default_value_t = 8000)]
    rows: usize,
    /// Features of a row.
    #[arg(long, default_value_t = 1024)]
    width: usize,
    /// Passes.
    #[arg(long, default_value_t = 10)]
    epochs: usize,
    /// Threads of the peer; ours takes what `RAYON_NUM_THREADS` says, or all cores.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// `cpu`, or `gpu` in a build with the feature `vulkan`: the peer then trains on `cuda`.
    #[arg(long, default_value = "cpu")]
    device: String,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let direction = rows(0, 1, args.width).0;
    let (training, validation) = (made(1, args.rows, &direction), made(2, 2000, &direction));
    let gpu = args.device == "gpu";
    let device = if gpu { Processor::Gpu } else { Processor::Cpu };
    let settings =
        |seed| HeadSettings { device, seed, epochs: args.epochs, patience: args.epochs, ..HeadSettings::default() };
    write(folder.path(), &training, &validation, &settings(0))?;
    let venv = peer::venv("torch").context("there is no virtual environment `torch`")?;
    let mut command = peer::python(&venv, "head.py");
    command.arg(folder.path()).arg(args.threads.to_string()).arg(if gpu { "cuda" } else { "cpu" });
    let (mut torch, ready) = Peer::start(command)?;
    println!("PyTorch {}; {}\n", ready["ready"].as_str().unwrap_or_default(), peer::machine());

    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for seed in 0..=args.rounds {
        let begin = Instant::now();
        let trained = train_head(&training, &validation, &settings(seed))?;
        let own = (begin.elapsed().as_secs_f64(), f64::from(trained.history[trained.best].validation));
        let answer = torch.ask(&format!("train {seed}"))?;
        let number = |name: &str| answer.get(name).and_then(Value::as_f64).with_context(|| format!("no `{name}`"));
        let other = (number("wall")?, number("loss")?);
        // Round 0 warms.
        if seed > 0 {
            ours.push(own);
            theirs.push(other);
        }
    }
    let walls = |side: &[(f64, f64)]| side.iter().map(|s| s.0).collect::<Vec<_>>();
    let ratios: Vec<f64> = walls(&ours).iter().zip(walls(&theirs)).map(|(own, other)| other / own).collect();
    let ((mean, spread), (their_mean, their_spread)) = (loss(&ours), loss(&theirs));
    println!("| side | s a training, median | validation loss, mean and deviation of {} seeds |", args.rounds);
    println!("|---|---|---|");
    println!("| hivis (burn, {}) | {:.2} | {mean:.4}, {spread:.4} |", args.device, median(&walls(&ours)));
    println!("| PyTorch | {:.2} | {their_mean:.4}, {their_spread:.4} |", median(&walls(&theirs)));
    let ratio = median(&ratios);
    println!("\n- at least {GOAL} times PyTorch: {ratio:.2}: {}", verdict(ratio >= GOAL));
    // Two standard errors of the difference of the means.
    let noise = 2.0 * ((spread * spread + their_spread * their_spread) / args.rounds as f64).sqrt();
    let off = mean - their_mean;
    println!("- the same loss within seed noise: {off:+.4} (noise {noise:.4}): {}", verdict(off <= noise));
    Ok(())
}

/// Mean and deviation of the losses.
fn loss(side: &[(f64, f64)]) -> (f64, f64) {
    let n = side.len().max(1) as f64;
    let mean = side.iter().map(|s| s.1).sum::<f64>() / n;
    let square = side.iter().map(|s| (s.1 - mean).powi(2)).sum::<f64>();
    (mean, (square / (n - 1.0).max(1.0)).sqrt())
}

/// Evenly drawn numbers in [-1, 1), `count` rows of `width`.
fn rows(seed: u64, count: usize, width: usize) -> (Vec<f32>, ChaCha8Rng) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    ((0..count * width).map(|_| rng.random_range(-1.0_f32..1.0)).collect(), rng)
}

/// Rows whose label is the side of a plane, a fifth of them blurred over it.
fn made(seed: u64, count: usize, direction: &[f32]) -> Samples {
    let width = direction.len();
    let (features, mut rng) = rows(seed, count, width);
    let label = |row: &[f32]| {
        let side: f32 = row.iter().zip(direction).map(|(x, d)| x * d).sum();
        let blur = rng.random_range(-6.0_f32..6.0);
        if side + blur > 0.0 { Label::Roadwork } else { Label::Clear }
    };
    let labels = features.chunks_exact(width).map(label).collect();
    Samples { width, features, labels }
}

fn write(folder: &Path, training: &Samples, validation: &Samples, settings: &HeadSettings) -> Result<()> {
    for (name, samples) in [("training", training), ("validation", validation)] {
        let bytes: Vec<u8> = samples.features.iter().flat_map(|x| x.to_le_bytes()).collect();
        fs_err::write(folder.join(format!("{name}.f32")), bytes)?;
        let labels: Vec<u8> = samples.labels.iter().map(|label| label.as_u8()).collect();
        fs_err::write(folder.join(format!("{name}.u8")), labels)?;
    }
    let shape = json!({
        "width": training.width, "hidden": settings.hidden[0], "epochs": settings.epochs, "batch": settings.batch
    });
    fs_err::write(folder.join("shape.json"), shape.to_string())?;
    Ok(())
}
