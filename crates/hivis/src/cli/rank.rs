//! Flags of `hivis rank` and `hivis drift`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::NeuronArgs;

/// `hivis rank`
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  hivis rank\n  hivis rank --days 90 --plot rank.svg\n  hivis rank releases\n\nTaoStats is asked beside the chain where hivis.toml names a key (https://dash.taostats.io):\n  [rank.taostats]\n  api_key = \"env:TAOSTATS_API_KEY\"\nThe free plan's 5 calls a minute are never exceeded; answers are kept for a quarter of an hour."
)]
pub struct RankArgs {
    /// Whose.
    #[command(flatten)]
    pub neuron: NeuronArgs,
    /// How many days, today included.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3660))]
    pub days: u32,
    /// Draw the rank over those days.
    #[arg(long, value_name = "SVG")]
    pub plot: Option<PathBuf>,
    /// Ask nobody: only what the home knows.
    #[arg(long)]
    pub offline: bool,
    /// What else there is.
    #[command(subcommand)]
    pub verb: Option<RankVerb>,
}

/// `hivis rank ...`
#[derive(Debug, Subcommand)]
pub enum RankVerb {
    /// Did each release help? Reward, incentive and rank before and after it, with a 90% interval.
    Releases(RankReleasesArgs),
}

/// `hivis rank releases`
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  hivis rank releases --days 60\n\nDays are drawn with replacement on each side of a change; [rank] least_days (5) says how many each side needs.\nWhat else changed in those days (validators, other miners) stands beside the difference."
)]
pub struct RankReleasesArgs {
    /// Whose.
    #[command(flatten)]
    pub neuron: NeuronArgs,
    /// Changes of so many days, today included.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=3660))]
    pub days: u32,
}

/// `hivis drift`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hivis drift\n  hivis drift --plot ./drift\n  hivis drift --json | jq '.questions[] | {kind, state, ratio}'\n\nRecords are cut into windows of 200 ([drift] window). What is unusual is learned from the windows before; until there\nare 50 ([drift] least) a question says that it learns."
)]
pub struct DriftArgs {
    /// Write a plot of each question into this folder.
    #[arg(long, value_name = "FOLDER")]
    pub plot: Option<PathBuf>,
    /// The newest windows that are shown.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(2..=2000))]
    pub windows: u32,
    /// Judge nothing new: only what the home knows.
    #[arg(long)]
    pub offline: bool,
}
