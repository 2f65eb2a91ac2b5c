//! `bench drift`: how often the watch over drift cries wolf, and how soon it sees a shift, on real features of a release.
//!
//! Procedural streets stand for challenges. A pool of them is drawn from without a shift; others are the same kind of
//! streets in fog, rain, snow, at night, behind a dirty lens or with a noisier sensor, and the pool with four roadworks in
//! five. Miners learn their limits from windows without a shift as the server does, are watched over more of those, and then
//! a share of what is asked comes from the other pool.

use std::path::PathBuf;

use anyhow::{Context, Result};
use hivis_curate::drift::{Kind, Reference, calm, ks, limit, psi, wasserstein};
use hivis_curate::vectors::Matrix;
use hivis_engine::{Engine, LoadSettings};
use hivis_image::variation::{Variation, vary};
use hivis_synth::{Mix, View, scene};
use hivis_types::{Label, Picture};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

/// Pictures that are judged at once.
const BATCH: usize = 32;

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// A release's `model.onnx`.
    #[arg(long)]
    graph: PathBuf,
    /// Streets in the pool without a shift.
    #[arg(long, default_value_t = 1500)]
    pool: u64,
    /// Streets in each other pool.
    #[arg(long, default_value_t = 200)]
    shifted: u64,
    /// Pictures that stand for the training data.
    #[arg(long, default_value_t = 300)]
    reference: u64,
    /// Records of a window.
    #[arg(long, default_value_t = 100)]
    window: usize,
    /// Miners.
    #[arg(long, default_value_t = 20)]
    miners: u64,
    /// The share of quiet windows that may be called unusual.
    #[arg(long, default_value_t = 0.02)]
    rate: f64,
}

/// Judged pictures.
struct Pool {
    features: Vec<Vec<f32>>,
    scores: Vec<f64>,
    labels: Vec<Label>,
}

/// A window: features and scores.
type Window = (Matrix, Vec<f64>);

fn judged(
    engine: &dyn Engine,
    streets: std::ops::Range<u64>,
    look: &(dyn Fn(u64, Picture) -> Picture + Sync),
) -> Result<Pool> {
    let side = engine.card().input.0;
    let seen: Vec<(Picture, Label)> = streets
        .into_par_iter()
        .map(|seed| {
            let street = scene(seed, &Mix::default());
            (look(seed, street.render(&View::square(side)).picture), street.label)
        })
        .collect();
    let (mut features, mut scores) = (Vec::new(), Vec::new());
    for batch in seen.chunks(BATCH) {
        let pictures: Vec<&Picture> = batch.iter().map(|(picture, _)| picture).collect();
        for said in engine.run(&pictures).context("the release does not judge")? {
            features.push(said.features);
            scores.push(f64::from(said.probability));
        }
    }
    Ok(Pool { features, scores, labels: seen.into_iter().map(|(_, label)| label).collect() })
}

impl Pool {
    /// `size` records, a share of them from `other`.
    fn window(&self, size: usize, other: &[(&Pool, usize)], share: f64, rng: &mut ChaCha8Rng) -> Result<Window> {
        let (mut rows, mut scores) = (Vec::new(), Vec::new());
        for _ in 0..size {
            let (pool, at) = if !other.is_empty() && rng.random::<f64>() < share {
                other[rng.random_range(0..other.len() as u32) as usize]
            } else {
                (self, rng.random_range(0..self.scores.len() as u32) as usize)
            };
            rows.extend_from_slice(&pool.features[at]);
            scores.push(pool.scores[at]);
        }
        Ok((Matrix::new(self.features[0].len(), rows)?, scores))
    }
}

fn value(kind: Kind, reference: &Reference<u64>, first: &[f64], window: &Window) -> Result<f64> {
    Ok(match kind {
        Kind::InputNearest => reference.nearest(&window.0, &vec![None; window.0.len()])?,
        Kind::InputEnergy => reference.energy(&window.0)?,
        Kind::ScoreKs => ks(first, &window.1)?,
        Kind::ScorePsi => psi(first, &window.1, 10)?,
        Kind::ScoreWasserstein => wasserstein(first, &window.1)?,
        Kind::Accuracy => 0.0,
    })
}

fn noisy(seed: u64, picture: &Picture) -> Picture {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut shake = |value: u8| {
        let noise = (0..4).map(|_| rng.random::<f32>()).sum::<f32>() - 2.0;
        (f32::from(value) + 30.0 * noise).clamp(0.0, 255.0) as u8
    };
    let mut picture = picture.clone();
    picture.rgb_mut().iter_mut().for_each(|value| *value = shake(*value));
    picture
}

/// Runs it.
pub(crate) fn run(args: &Args) -> Result<()> {
    let engine = hivis_engine::load(&LoadSettings::rten(&args.graph))?;
    let as_it_is = |_: u64, picture: Picture| picture;
    let learned = judged(&*engine, 0..args.reference, &as_it_is)?;
    let pool = judged(&*engine, 1_000_000..1_000_000 + args.pool, &as_it_is)?;
    let ids: Vec<u64> = (0..args.reference).collect();
    let width = learned.features[0].len();
    let reference = Reference::new(&Matrix::new(width, learned.features.concat())?, &ids)?;
    let streets = 2_000_000..2_000_000 + args.shifted;
    let weathers = [Variation::Fog, Variation::Rain, Variation::Snow, Variation::Night, Variation::LensDirt];
    let mut others: Vec<(&str, Pool)> = Vec::new();
    for weather in weathers {
        let look = move |seed: u64, picture: Picture| vary(&picture, weather, 0.6, seed);
        others.push((weather.as_str(), judged(&*engine, streets.clone(), &look)?));
    }
    others.push(("noise", judged(&*engine, streets, &|seed, picture| noisy(seed, &picture))?));
    let mut shifts: Vec<(String, Vec<(&Pool, usize)>)> = others
        .iter()
        .map(|(name, pool)| ((*name).to_owned(), (0..pool.scores.len()).map(|at| (pool, at)).collect()))
        .collect();
    let roadworks = (0..pool.labels.len()).filter(|at| pool.labels[*at] == Label::Roadwork).map(|at| (&pool, at));
    shifts.push(("labels".to_owned(), roadworks.collect()));

    println!("| question | false alarms | windows |");
    println!("|---|---|---|");
    let kinds = &Kind::ALL[..5];
    let mut delays = vec![vec![Vec::new(); shifts.len() * 2]; kinds.len()];
    for (k, kind) in kinds.iter().enumerate() {
        let (mut alarms, mut watched) = (0_u32, 0_u32);
        for miner in 0..args.miners {
            let mut rng = ChaCha8Rng::seed_from_u64(miner);
            let first = pool.window(3 * args.window, &[], 0.0, &mut rng)?.1;
            let mut past: Vec<(f64, Option<f64>)> = Vec::new();
            for at in 0..140 {
                let known = limit(&calm(&past), args.rate, 50).known();
                let now = value(*kind, &reference, &first, &pool.window(args.window, &[], 0.0, &mut rng)?)?;
                past.push((now, known));
                if at >= 60 {
                    watched += 1;
                    alarms += u32::from(known.is_some_and(|limit| now > limit));
                }
            }
            let known = limit(&calm(&past), args.rate, 50).known().context("140 windows are enough")?;
            for (s, (_, other)) in shifts.iter().enumerate() {
                for (h, share) in [0.3, 1.0].into_iter().enumerate() {
                    let mut fires = None;
                    for at in 1..=20 {
                        let window = pool.window(args.window, other, share, &mut rng)?;
                        if value(*kind, &reference, &first, &window)? > known {
                            fires = Some(at);
                            break;
                        }
                    }
                    delays[k][2 * s + h].push(fires.unwrap_or(99));
                }
            }
        }
        println!("| {} | {:.4} | {watched} |", kind.as_str(), f64::from(alarms) / f64::from(watched));
    }
    println!("\nWindows until it fires (median of {} miners, 99: never in 20); 30% / 100% shifted\n", args.miners);
    println!("| question | {} |", shifts.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(" | "));
    println!("|---{}|", "|---".repeat(shifts.len()));
    for (kind, delays) in kinds.iter().zip(&mut delays) {
        let middle = |all: &mut Vec<u32>| {
            all.sort_unstable();
            all[all.len() / 2]
        };
        let cells: Vec<String> =
            delays.chunks_mut(2).map(|pair| format!("{} / {}", middle(&mut pair[0]), middle(&mut pair[1]))).collect();
        println!("| {} | {} |", kind.as_str(), cells.join(" | "));
    }
    Ok(())
}
