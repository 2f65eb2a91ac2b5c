//! Measures: us and the peer in interleaved rounds of one run, so that ratios hold where absolute times drift.
//!
//! `cargo xtask bench NAME` builds and runs this; what it printed goes to `bench/RESULTS.md` with the date.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Measures of hivis.
#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {}

fn main() -> ExitCode {
    match Args::parse().what {}
}
