//! Tests that are too long for `check`: many kills under load, and fuzzers with coverage.

use std::process::Command;

use anyhow::{Context, Result};

use crate::{command, tools};

/// The targets of `fuzz/`, with the kept corpus that seeds each, when there is one.
const TARGETS: [(&str, Option<&str>); 6] = [
    ("headers", None),
    ("body", None),
    ("image", Some("crates/hivis-image/tests/corpus")),
    ("safetensors", Some("fixtures/dinov3-mlp")),
    ("metagraph", None),
    ("commitment", None),
];

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Kills under load.
    #[arg(long, default_value_t = 20)]
    kills: u32,
    /// Also fuzz, this many runs a target.
    #[arg(long, value_name = "RUNS")]
    fuzz: Option<u64>,
    /// Seconds after which a target ends before its runs are done.
    #[arg(long, default_value_t = 3600)]
    fuzz_seconds: u64,
    /// Fuzz only this target.
    #[arg(long)]
    target: Option<String>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    if args.kills > 0 {
        let mut kills = command::cargo(&["test", "--workspace", "--test", "it", "kill_loses"])?;
        kills.env("HIVIS_KILLS", args.kills.to_string());
        command::run(kills)?;
    }
    let Some(runs) = args.fuzz else { return Ok(()) };
    let fuzzer = tools::fuzzer()?.context("cargo-fuzz is needed")?;
    for (target, corpus) in TARGETS.into_iter().filter(|(t, _)| args.target.as_deref().is_none_or(|only| only == *t)) {
        // The first folder is the fuzzer's own; what it finds is kept there.
        let own = command::root().join("fuzz/corpus").join(target);
        fs_err::create_dir_all(&own)?;
        let mut fuzz = Command::new(&fuzzer);
        // libFuzzer's coverage wants unstable flags, which this variable allows on the pinned toolchain.
        fuzz.env("RUSTC_BOOTSTRAP", "1").current_dir(command::root()).args(["run", target]).arg(own);
        fuzz.args(corpus.map(|folder| command::root().join(folder)));
        let (runs, time) = (format!("-runs={runs}"), format!("-max_total_time={}", args.fuzz_seconds));
        fuzz.args(["--", &runs, &time, "-max_len=65536", "-print_final_stats=1"]);
        command::run(fuzz)?;
    }
    Ok(())
}
