//! `bench turns`: three turns of the wheel with the real program, on loopback.
//!
//! A turn: a validator asks 300 challenges of fresh scenes and tells their labels, as testnet's may; a head trains on all
//! records so far; the new release and its predecessor sit an exam of fresh scenes; it is promoted whatever it says, so that
//! a bad turn would show. At the end the last release sits the exam beside the first.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::overload::verdict;
use crate::peer;
use crate::program::{BOB, Wheel};

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The program.
    #[arg(long, default_value = "target/release/hivis")]
    hivis: PathBuf,
    /// Turns.
    #[arg(long, default_value_t = 3)]
    turns: u32,
    /// Challenges of a turn.
    #[arg(long, default_value_t = 300)]
    asked: u32,
    /// Challenges of an exam.
    #[arg(long, default_value_t = 2000)]
    questions: u32,
}

impl Wheel<'_> {
    /// The paired difference of B less A on fresh scenes.
    fn exam(&self, a: &str, b: &str, seed: u32, questions: u32) -> Result<Value> {
        let (questions, seed) = (questions.to_string(), seed.to_string());
        let report = self.run(&["exam", a, b, "--questions", &questions, "--seed", &seed])?;
        let paired = report["paired"][0].clone();
        anyhow::ensure!(!paired.is_null(), "the exam has no comparison");
        Ok(paired)
    }
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let home = folder.path().join("home");
    let wheel = Wheel { hivis: &args.hivis, home: &home };
    wheel.begin()?;
    let releases = wheel.run(&["release", "list"])?;
    let first = releases.as_array().and_then(|all| all.iter().find(|release| release["current"] == true));
    let first = first.and_then(|release| release["release"].as_str()).context("the home has no release")?.to_owned();
    println!("{}\n", peer::machine());
    println!("| turn | learned from | reward, less its predecessor (90% paired) | one-sided p of better |");
    println!("|---|---|---|---|");
    let mut last = first.clone();
    let mut worse = Vec::new();
    let server = wheel.serve()?;
    for turn in 1..=args.turns {
        let (asked, seed) = (args.asked.to_string(), (500 + turn).to_string());
        wheel.run(&[
            "exam",
            "--axon",
            &server.axon.to_string(),
            "--axon-hotkey",
            BOB,
            "--tell",
            "--rate",
            "10",
            "--questions",
            &asked,
            "--seed",
            &seed,
        ])?;
        let id = format!("turn-{turn}");
        let trained = wheel.run(&["train", "--pictures", "home", "--id", &id])?;
        let pictures = trained["report"]["parts"]["train"]["pictures"].as_u64().unwrap_or_default();
        let paired = wheel.exam(&last, &id, 700 + turn, args.questions)?;
        let p = paired["paired"]["p_better"].as_f64().unwrap_or(f64::NAN);
        println!("| {turn} | {pictures} pictures | {} | {p:.4} |", told(&paired));
        if paired["paired"]["reward"]["high"].as_f64().is_some_and(|high| high < 0.0) {
            worse.push(id.clone());
        }
        wheel.run(&["release", "promote", &id, "--policy", "none"])?;
        last = id;
    }
    let paired = wheel.exam(&first, &last, 900, args.questions)?;
    let low = paired["paired"]["reward"]["low"].as_f64().unwrap_or(f64::NAN);
    println!(
        "\n- after {} turns against turn 0, lower bound above zero: {}: {}",
        args.turns,
        told(&paired),
        verdict(low > 0.0)
    );
    let below = if worse.is_empty() { "none is".to_owned() } else { worse.join(", ") };
    println!("- no turn is significantly below its predecessor: {below}: {}", verdict(worse.is_empty()));
    Ok(())
}

fn told(paired: &Value) -> String {
    let number = |name: &str| paired["paired"]["reward"][name].as_f64().unwrap_or(f64::NAN);
    format!("{:+.3} ({:+.3} to {:+.3})", number("point"), number("low"), number("high"))
}
