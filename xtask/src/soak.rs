//! Tests that are too long for `check`.

use anyhow::Result;

use crate::command;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Kills under load.
    #[arg(long, default_value_t = 20)]
    kills: u32,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let mut kills = command::cargo(&["test", "-p", "hivis", "--test", "it", "kill"])?;
    kills.env("HIVIS_KILLS", args.kills.to_string());
    command::run(kills)
}
