//! Tests that are too long for `check`: many kills under load, and fuzzers with coverage.

use anyhow::Result;

use crate::command;

/// The targets of `fuzz/`, with the kept corpus that seeds each, when there is one.
const TARGETS: [(&str, Option<&str>); 4] = [
    ("headers", None),
    ("body", None),
    ("image", Some("crates/hivis-image/tests/corpus")),
    ("safetensors", Some("fixtures/dinov3-mlp")),
];

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Kills under load.
    #[arg(long, default_value_t = 20)]
    kills: u32,
    /// Also fuzz, this many runs a target; needs a nightly toolchain and cargo-fuzz.
    #[arg(long, value_name = "RUNS")]
    fuzz: Option<u64>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let mut kills = command::cargo(&["test", "-p", "hivis", "--test", "it", "kill"])?;
    kills.env("HIVIS_KILLS", args.kills.to_string());
    command::run(kills)?;
    let Some(runs) = args.fuzz else { return Ok(()) };
    for (target, corpus) in TARGETS {
        // The first folder is the fuzzer's own; what it finds is kept there.
        let own = command::root().join("fuzz/corpus").join(target);
        fs_err::create_dir_all(&own)?;
        let mut fuzz = command::cargo(&["+nightly", "fuzz", "run", target])?;
        fuzz.arg(own);
        fuzz.args(corpus.map(|folder| command::root().join(folder)));
        fuzz.args(["--", &format!("-runs={runs}"), "-max_len=65536"]);
        command::run(fuzz)?;
    }
    Ok(())
}
