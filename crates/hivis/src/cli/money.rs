//! Flags of the verbs about earnings and dates.

use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;

/// Whose neuron, and where the subnet is read.
#[derive(Debug, Default, Clone, Args)]
pub struct NeuronArgs {
    /// The miner's hotkey (ss58) [default: the hotkey of the configured wallet].
    #[arg(long, value_name = "SS58")]
    pub hotkey: Option<String>,
    /// Read the metagraph from this JSON file instead of the chain.
    #[arg(long, value_name = "FILE")]
    pub metagraph: Option<PathBuf>,
    /// As if it were this time, for tests.
    #[arg(long, hide = true)]
    pub now: Option<Timestamp>,
}

/// `hivis earnings`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hivis earnings\n  hivis earnings --days 90 --csv > earnings.csv\n\nEach call keeps one reading a payout; payouts that nobody looked at are shown as missing.\nThe validators' own log is read where hivis.toml says where it is:\n  [earnings.wandb]\n  entity = \"natix_network_org\"\n  project = \"natix-subnet\"\n  api_key = \"env:WANDB_API_KEY\""
)]
pub struct EarningsArgs {
    /// Whose.
    #[command(flatten)]
    pub neuron: NeuronArgs,
    /// How many days, today included.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3660))]
    pub days: u32,
    /// Print one line a day for spreadsheets.
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
    /// Ask nobody: only what the home knows.
    #[arg(long)]
    pub offline: bool,
}

/// `hivis dates`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hivis dates\n  hivis dates --ics miner.ics\n\nTokens and entries of your own stand in hivis.toml:\n  [[dates.token]]\n  name = \"Hub token\"\n  expires = \"2027-01-31\"\n  [[dates.entry]]\n  name = \"pay the machine\"\n  date = \"2026-12-24\""
)]
pub struct DatesArgs {
    /// Whose.
    #[command(flatten)]
    pub neuron: NeuronArgs,
    /// Write the calendar as iCalendar; `-` prints it.
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    pub ics: Option<PathBuf>,
}
