//! `hivis mine ...`

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `hivis mine ...`
#[derive(Debug, Subcommand)]
pub enum MineVerb {
    /// Look at what was answered, and pick a spread of what was hard.
    Run(MineRunArgs),
    /// What was picked, newest run first.
    #[command(after_help = "Example:\n  hivis mine list --json")]
    List {
        /// At most this many.
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
    },
    /// The picks of one run: record, probability, reasons, cluster.
    #[command(after_help = "Example:\n  hivis mine show 3 --sheet picks.png")]
    Show {
        /// The run's number, as `hivis mine list` prints it.
        run: i64,
        /// Write a contact sheet of the pictures here.
        #[arg(long, value_name = "PNG")]
        sheet: Option<PathBuf>,
    },
    /// Slices that the current release fails, worst first: by its newest exam and by labelled records.
    #[command(after_help = "Example:\n  hivis mine failing --json")]
    Failing,
}

/// `hivis mine run`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hivis mine run --dry-run\n  hivis mine run --since 2026-11-20T00:00:00Z\n\nHard is: a confidence below 0.7, a probability in a band (0.3-0.7, 0.4-0.6), an entropy above 0.6 bits (0.146 to 0.854),\nmembers or releases that disagree, a drift from one release to the next, or a wrong answer whose label came later.\n[mine] in hivis.toml sets each limit. Near-duplicates count once, clusters take turns, the hardest of each first."
)]
pub struct MineRunArgs {
    /// Records from this time on (UTC, such as 2026-11-20T00:00:00Z) [default: the last 30 days, of a night the last 7].
    #[arg(long, value_name = "TIME")]
    pub since: Option<jiff::Timestamp>,
    /// This is the week's run [default: a run by hand, which picks as many].
    #[arg(long, conflicts_with = "night")]
    pub week: bool,
    /// This is a night's run, which picks fewer.
    #[arg(long)]
    pub night: bool,
    /// The start of the clustering: the same seed gives the same picks.
    #[arg(long, default_value_t = 72)]
    pub seed: u64,
    /// Only look: nothing is written down, and nothing counts as picked.
    #[arg(long)]
    pub dry_run: bool,
    /// Write a contact sheet of the picks here.
    #[arg(long, value_name = "PNG")]
    pub sheet: Option<PathBuf>,
}
