//! `bench world`: a training of ours against a PyTorch script on the procedural world, same data, same budget.
//!
//! Each seed has scenes of its own. Both learn from the features of the same views (the embedded backbone's, four draws of
//! each scene), stop by the same tuning scenes, and answer the same exam of fresh scenes. Ours is what `hivis train` does;
//! the script has the same defaults without calibration and shift of the threshold. What counts is the reward to expect.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use hivis_examiner::interval::{Asked, Pool, Resampling, Shard, forecast, paired, replicates};
use hivis_synth::Mix;
use hivis_train::features::{Backbone, Samples};
use hivis_train::head::{Checkpoints, logits};
use hivis_train::questions::{Questions, SetSettings};
use hivis_train::scenes::Scenes;
use hivis_train::split::Part;
use hivis_train::tiny;
use hivis_train::training::{Desk, TrainingSettings, features, train};
use serde_json::json;

use crate::overload::verdict;
use crate::peer::{self, Peer, median};

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Seeds of each side.
    #[arg(long, default_value_t = 5)]
    seeds: u64,
    /// Labelled scenes of a training.
    #[arg(long, default_value_t = 1000)]
    scenes: u32,
    /// Challenges of the exam, one of each scene.
    #[arg(long, default_value_t = 3000)]
    questions: usize,
    /// Where features are kept [default: hivis's cache].
    #[arg(long)]
    cache: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let cache = match (&args.cache, std::env::var_os("HOME")) {
        (Some(cache), _) => cache.clone(),
        (None, Some(home)) => PathBuf::from(home).join(".cache/hivis/bench-world"),
        (None, None) => std::env::temp_dir().join("hivis-bench-world"),
    };
    let backbone = Backbone::new(tiny::CONFIG, tiny::PREPROCESSOR, tiny::WEIGHTS.to_vec(), 0)?;
    let set =
        SetSettings { seed: 4242, mix: Mix::default(), scenes: args.questions, draws: 1, width: 480, height: 360 };
    let questions = set.load_or_make(&cache)?;
    let exam = backbone.samples(&set.key(), &questions, &cache)?;
    let folder = tempfile::tempdir()?;
    write(folder.path(), "exam", &exam)?;
    let venv = peer::venv("torch").context("there is no virtual environment `torch`")?;
    let mut command = peer::python(&venv, "world.py");
    command.arg(folder.path());
    let (mut torch, ready) = Peer::start(command)?;
    println!("PyTorch {}; {}\n", ready["ready"].as_str().unwrap_or_default(), peer::machine());
    println!("| seed | ours: accuracy, reward | PyTorch: accuracy, reward | reward, ours less theirs (90% paired) |");
    println!("|---|---|---|---|");
    let mut differences = Vec::new();
    for seed in 1..=args.seeds {
        let scenes = Scenes::new(args.scenes, 1000 + seed);
        let settings = TrainingSettings { draw_seed: seed, ..TrainingSettings::default() };
        let settings =
            TrainingSettings { head: hivis_train::head::HeadSettings { seed, ..settings.head.clone() }, ..settings };
        let wanted = [Part::Train, Part::Tune];
        let all = features(&scenes, &backbone, &settings, (&cache, &wanted), &mut |_| {})?;
        for (name, part) in [("training", Part::Train), ("validation", Part::Tune)] {
            write(folder.path(), name, &all.of_part(part))?;
        }
        let desk = Desk { cache: &cache, checkpoints: Checkpoints::none(), earlier: None, progress: &mut |_| {} };
        let trained = train(&scenes, &backbone, &settings, desk)?;
        let own: Vec<f64> = logits(&trained.head, &exam).into_iter().map(probability).collect();
        let answer = torch.ask(&format!("train {seed}"))?;
        let other: Vec<f32> = serde_json::from_value(answer["logits"].clone()).context("no `logits`")?;
        let other: Vec<f64> = other.into_iter().map(probability).collect();
        differences.push(compare(seed, &questions, other, own)?);
    }
    let middle = median(&differences);
    let lowest = differences.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = differences.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    println!("\n- median over {} seeds of the difference at least zero: {middle:+.4}", args.seeds);
    println!("  ({lowest:+.4} to {highest:+.4}): {}", verdict(middle >= 0.0));
    Ok(())
}

fn probability(logit: f32) -> f64 {
    1.0 / (1.0 + (-f64::from(logit)).exp())
}

/// Prints one seed's line; gives the difference of the expected rewards.
fn compare(seed: u64, questions: &Questions, theirs: Vec<f64>, ours: Vec<f64>) -> Result<f64> {
    let asked: Vec<Asked> = questions
        .rows
        .iter()
        .map(|row| Asked {
            scene: row.scene.to_string(),
            origin: row.origin,
            trained_on: false,
            label: row.label,
            level: Some(row.level),
        })
        .collect();
    let accuracy = |answers: &[f64]| {
        let right = answers.iter().zip(&asked).filter(|(p, asked)| (**p > 0.5) == (asked.label.as_u8() == 1));
        right.count() as f64 / answers.len() as f64
    };
    let (their_accuracy, own_accuracy) = (accuracy(&theirs), accuracy(&ours));
    let pool = Pool::new(&asked, &[theirs, ours]);
    let how = Resampling { deployment: 300, replicates: 2000, seed };
    let runs = replicates(&pool, &how, Shard::WHOLE).context("the exam lacks a label")?;
    let forecasts = forecast(&pool, &how, &runs).context("the exam lacks a label")?;
    let pair = paired(&pool, &how, &runs, 0.05).context("two candidates")?.reward;
    let reward = |at: usize| forecasts[at].from_full.reward.point;
    println!(
        "| {seed} | {own_accuracy:.4}, {:.4} | {their_accuracy:.4}, {:.4} | {:+.4} ({:+.4} to {:+.4}) |",
        reward(1),
        reward(0),
        pair.point,
        pair.low,
        pair.high
    );
    Ok(pair.point)
}

fn write(folder: &Path, name: &str, samples: &Samples) -> Result<()> {
    let bytes: Vec<u8> = samples.features.iter().flat_map(|x| x.to_le_bytes()).collect();
    fs_err::write(folder.join(format!("{name}.f32")), bytes)?;
    let labels: Vec<u8> = samples.labels.iter().map(|label| label.as_u8()).collect();
    fs_err::write(folder.join(format!("{name}.u8")), labels)?;
    let shape = json!({ "width": samples.width });
    Ok(fs_err::write(folder.join("shape.json"), shape.to_string())?)
}
