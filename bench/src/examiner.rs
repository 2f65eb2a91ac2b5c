//! Challenges made a second: ours on one thread against the reference's Python on one thread.
//!
//! A challenge is augmentation at one of the four levels, JPEG, base64, from a picture that is decoded already. Rounds
//! of both sides alternate, on the same pictures and levels. The reference is read from the folder that
//! `HIVIS_REFERENCE` names and runs in the virtual environment `torch`.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};
use hivis_image::{DecodeLimits, augment, challenge};
use hivis_synth::{Mix, View, scene};
use hivis_types::{Level, Picture};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use crate::peer::{self, Peer};

/// Names the folder with the reference's repository.
const REFERENCE: &str = "HIVIS_REFERENCE";
/// The goal: as many times the reference's challenges a second.
const GOAL: f64 = 5.0;
/// Sides of the scenes, as cameras give them.
const SCENES: [(u32, u32); 3] = [(640, 480), (1280, 720), (1920, 1080)];

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Rounds of each side.
    #[arg(long, default_value_t = 9)]
    rounds: u32,
    /// Challenges of each level in a round.
    #[arg(long, default_value_t = 20)]
    challenges: u32,
}

/// Seconds of one round.
#[derive(Clone, Copy)]
struct Lap {
    wall: f64,
    cpu: f64,
}

/// Which of the two.
type Take = fn(&Lap) -> f64;

/// Prints the table.
pub(crate) fn run(args: &Args) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let pictures = pictures(folder.path())?;
    let mut reference = match reference(folder.path()) {
        Ok(peer) => Some(peer),
        Err(why) => {
            println!("reference: not measured: {why:#}");
            None
        }
    };
    println!("{}\n", peer::machine());
    println!(
        "| level | ours/s | of CPU | reference/s | of CPU | ratio | ratio of CPU |\n|---|---|---|---|---|---|---|"
    );
    let levels = Level::ALL.len();
    let (mut ours, mut theirs) = (vec![Vec::new(); levels], vec![Vec::new(); levels]);
    // Round 0 warms both sides.
    for round in 0..=args.rounds {
        for (n, level) in Level::ALL.into_iter().enumerate() {
            let own = lap(&pictures, level, args.challenges, u64::from(round))?;
            let other = reference.as_mut().map(|r| ask(r, level, args.challenges, round)).transpose()?;
            if round > 0 {
                ours[n].push(own);
                theirs[n].extend(other);
            }
        }
    }
    for (n, level) in Level::ALL.into_iter().enumerate() {
        print_row(&format!("{level}"), f64::from(args.challenges), &ours[n], &theirs[n]);
    }
    // The validator draws each level with chance one in four, so a round of all four is its mix.
    let [ours, theirs] = [sum_rounds(&ours), sum_rounds(&theirs)];
    let ratio = print_row("all", f64::from(args.challenges) * levels as f64, &ours, &theirs);
    match ratio {
        Some(ratio) if ratio >= GOAL => println!("\ngoal: at least {GOAL}x: met, {ratio:.1}x"),
        Some(ratio) => println!("\ngoal: at least {GOAL}x: missed, {ratio:.1}x"),
        None => println!("\ngoal: at least {GOAL}x: not measured"),
    }
    Ok(())
}

/// The pictures that both sides augment, written to `folder` as PNG for the other side.
fn pictures(folder: &Path) -> Result<Vec<Picture>> {
    let inputs = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures/challenge/inputs");
    let mut pictures = Vec::new();
    for name in ["road640.png", "tall300.png"] {
        let bytes = fs_err::read(inputs.join(name))?;
        pictures.push(hivis_image::decode(&bytes, &DecodeLimits::default())?.picture);
    }
    for (seed, (width, height)) in SCENES.into_iter().enumerate() {
        let view = View { width, height, ..View::square(224) };
        pictures.push(scene(seed as u64, &Mix::default()).render(&view).picture);
    }
    for (n, picture) in pictures.iter().enumerate() {
        fs_err::write(folder.join(format!("{n}.png")), hivis_image::encode_png(picture))?;
    }
    Ok(pictures)
}

fn reference(pictures: &Path) -> Result<Peer> {
    let repository = std::env::var_os(REFERENCE).with_context(|| format!("{REFERENCE} names no folder"))?;
    let venv = peer::venv("torch").context("there is no virtual environment `torch`")?;
    let mut command = peer::python(&venv, "challenges.py");
    command.arg(repository).arg(pictures);
    // One thread, whatever each library's own switch is called.
    for name in ["OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"] {
        command.env(name, "1");
    }
    let (peer, ready) = Peer::start(command)?;
    println!("reference: {}", ready["ready"].as_str().unwrap_or_default());
    Ok(peer)
}

/// One round of ours.
fn lap(pictures: &[Picture], level: Level, count: u32, seed: u64) -> Result<Lap> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (start, cpu) = (Instant::now(), peer::own_cpu()?);
    let mut letters = 0;
    for picture in pictures.iter().cycle().take(count as usize) {
        let draw = augment::draw(level, picture.width(), picture.height(), &mut rng);
        letters += challenge::base64_jpeg(&augment::apply(picture, &draw)).len();
    }
    std::hint::black_box(letters);
    Ok(Lap { wall: start.elapsed().as_secs_f64(), cpu: peer::own_cpu()?.saturating_sub(cpu).as_secs_f64() })
}

/// One round of the reference.
fn ask(reference: &mut Peer, level: Level, count: u32, seed: u32) -> Result<Lap> {
    let answer = reference.ask(&format!("{level} {count} {seed}"))?;
    let number = |name: &str| answer.get(name).and_then(Value::as_f64).with_context(|| format!("no `{name}`"));
    Ok(Lap { wall: number("wall")?, cpu: number("cpu")? })
}

/// Adds the levels of each round.
fn sum_rounds(levels: &[Vec<Lap>]) -> Vec<Lap> {
    let rounds = levels.iter().map(Vec::len).min().unwrap_or(0);
    let sum = |n: usize, of: Take| levels.iter().map(|laps| of(&laps[n])).sum();
    (0..rounds).map(|n| Lap { wall: sum(n, |l| l.wall), cpu: sum(n, |l| l.cpu) }).collect()
}

/// Prints medians and the median of the rounds' ratios; gives the ratio of wall time.
fn print_row(name: &str, count: f64, ours: &[Lap], theirs: &[Lap]) -> Option<f64> {
    let rate = |laps: &[Lap], of: Take| count / peer::median(&laps.iter().map(of).collect::<Vec<_>>());
    let (wall, cpu): (Take, Take) = (|l| l.wall, |l| l.cpu);
    let own = format!("| {name} | {:.0} | {:.0}", rate(ours, wall), rate(ours, cpu));
    if theirs.is_empty() {
        println!("{own} | not measured | | | |");
        return None;
    }
    let ratio =
        |of: Take| peer::median(&ours.iter().zip(theirs).map(|(own, other)| of(other) / of(own)).collect::<Vec<_>>());
    let (by_wall, by_cpu) = (ratio(wall), ratio(cpu));
    println!("{own} | {:.0} | {:.0} | {by_wall:.1} | {by_cpu:.1} |", rate(theirs, wall), rate(theirs, cpu));
    Some(by_wall)
}
