//! `hivis search ...`

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `hivis search ...`
#[derive(Debug, Subcommand)]
pub enum SearchVerb {
    /// More like this: the pictures that look most like one.
    #[command(
        after_help = "Examples:\n  hivis search like 0198c3f2\n  hivis search like ./hard.jpg --limit 40 --sheet like.png\n\nThe first time features are computed and kept; a search after that reads them."
    )]
    Like {
        /// A record's id or the first characters of it, a picture's SHA-256 or the first eight of it, or a file.
        #[arg(value_name = "ID|SHA|FILE")]
        what: String,
        /// What every search takes.
        #[command(flatten)]
        common: SearchArgs,
    },
    /// The pictures nearest to 0.5 by the current release.
    #[command(after_help = "Example:\n  hivis search boundary --limit 40 --sheet boundary.png")]
    Boundary {
        /// Judge at most so many pictures that the current release has not judged yet, the newest first.
        #[arg(long, default_value_t = 1000)]
        judge: usize,
        /// What every search takes.
        #[command(flatten)]
        common: SearchArgs,
    },
    /// Near-duplicates in groups, by perceptual hash and features.
    #[command(after_help = "Example:\n  hivis search duplicates --json")]
    Duplicates(SearchArgs),
    /// The pictures that are unlike all others.
    #[command(after_help = "Example:\n  hivis search outliers --limit 40 --sheet strange.png")]
    Outliers(SearchArgs),
}

/// What every search takes.
#[derive(Debug, Clone, Args)]
pub struct SearchArgs {
    /// At most so many pictures (groups, of duplicates).
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub limit: u32,
    /// Only pictures whose features are kept already: nothing is computed.
    #[arg(long)]
    pub kept: bool,
    /// Write a contact sheet of the pictures here.
    #[arg(long, value_name = "PNG")]
    pub sheet: Option<PathBuf>,
}
