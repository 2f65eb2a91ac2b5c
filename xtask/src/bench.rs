//! `cargo xtask bench`: builds the benches for release and hands the arguments on.

use anyhow::Result;

use crate::{command, peers};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// What to measure and its flags; `--help` lists them.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    what: Vec<String>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    if let Some(name) = args.what.first() {
        peers::install_for_bench(name)?;
    }
    let mut bench = command::cargo(&["run", "--release", "--package", "hivis-bench", "--"])?;
    bench.args(&args.what);
    command::run(bench)
}
