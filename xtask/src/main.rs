//! The developer's verbs: `cargo xtask check` is all that CI runs; the others measure.

mod bench;
mod check;
mod command;
mod dist;
mod peers;
mod programs;
mod rooms;
mod soak;
mod tools;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The developer's verbs of hivis.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Everything that CI checks, cheapest first; prints the seconds of each step.
    Check {
        /// Run only the steps whose name contains this.
        #[arg(long)]
        only: Option<String>,
    },
    /// Measure against a peer in the same run; the figures go to bench/RESULTS.md by hand, with the command.
    Bench(bench::Args),
    /// Long tests: 20 kills under load, fuzzers with coverage.
    Soak(soak::Args),
    /// Measure the shipped backbone's headroom (DESIGN: shipped head, oracle head, withheld slices).
    Headroom,
    /// Build the program that runs on Debian 11 and newer, check what it asks for, and pack it (about 10 minutes).
    Dist(dist::Args),
    /// Install the official clients that tests talk to, and nothing else.
    Peers,
}

/// Trains the shipped head anew, and the oracle's; writes both and the figures into the embedded model's folder.
fn headroom() -> anyhow::Result<()> {
    let work = command::cache().join("headroom");
    let mut run = command::cargo(&["run", "--release", "-p", "hivis-train", "--example", "headroom", "--"])?;
    run.arg("crates/hivis-train/hivis-tiny").arg(work);
    command::run(run)
}

fn main() -> ExitCode {
    let outcome = match Args::parse().verb {
        Verb::Check { only } => check::run(only.as_deref()),
        Verb::Bench(args) => bench::run(&args),
        Verb::Soak(args) => soak::run(&args),
        Verb::Headroom => headroom(),
        Verb::Dist(args) => dist::run(&args),
        Verb::Peers => peers::install_all().map(|_| ()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
