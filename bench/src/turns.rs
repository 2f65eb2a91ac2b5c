//! `bench turns`: three turns of the wheel with the real program, on loopback.
//!
//! A turn: a validator asks 300 challenges of fresh scenes and tells their labels, as testnet's may; a head trains on all
//! records so far; the new release and its predecessor sit an exam of fresh scenes; it is promoted whatever it says, so that
//! a bad turn would show. At the end the last release sits the exam beside the first.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::overload::verdict;
use crate::peer;

/// //Alice asks, //Bob is the miner: public development keys.
pub(crate) const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
pub(crate) const BOB: &str = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";

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

/// A home and the program.
pub(crate) struct Wheel<'a> {
    pub(crate) hivis: &'a Path,
    pub(crate) home: &'a Path,
}

/// A server that ends with its value.
struct Server {
    child: Child,
    axon: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Wheel<'_> {
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(self.hivis);
        command.arg("--home").arg(self.home).args(args).stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Result<Value> {
        let out = self.command(args).arg("--json").stderr(Stdio::piped()).output().context("hivis does not start")?;
        if !out.status.success() {
            bail!("hivis {} failed: {}", args.join(" "), String::from_utf8_lossy(&out.stderr));
        }
        Ok(serde_json::from_slice(&out.stdout).unwrap_or_default())
    }

    fn serve(&self) -> Result<Server> {
        let args = ["serve", "--addr", "127.0.0.1:0", "--page", "127.0.0.1:0", "--hotkey", "//Bob", "--json"];
        let mut child = self.command(&args).stderr(Stdio::piped()).spawn().context("hivis does not start")?;
        let mut lines = BufReader::new(child.stderr.take().context("no stderr")?).lines();
        let axon = loop {
            let line = lines.next().context("the server ended")??;
            let event: Value = serde_json::from_str(&line).unwrap_or_default();
            if let Some(axon) = event["fields"]["axon"].as_str() {
                break axon.to_owned();
            }
        };
        // Read to the end, so that it never waits for its log.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Server { child, axon })
    }

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
    wheel.run(&["demo", "--questions", "2", "--rate", "20", "--no-stay", "--no-train"])?;
    let permits = format!("[[permit]]\nhotkey = \"{ALICE}\"\nstake = 1000.0\n");
    fs_err::write(home.join("permits.toml"), permits)?;
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
            &server.axon,
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
