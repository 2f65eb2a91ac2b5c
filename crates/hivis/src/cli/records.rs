//! `hivis records`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `hivis records ...`
#[derive(Debug, Subcommand)]
pub enum RecordsVerb {
    /// The newest records, one a line.
    List(ListArgs),
    /// New records as they are committed; with --json an id that is printed is on disk.
    Tail {
        /// Stop after this many.
        #[arg(long)]
        limit: Option<u64>,
        /// Begin after this id instead of at the end.
        #[arg(long, value_name = "ID")]
        after: Option<String>,
    },
    /// One record, its picture and the whole story of its answer.
    Show {
        /// The id, or its first characters.
        id: String,
        /// Write the picture's bytes here, as they came.
        #[arg(long, value_name = "FILE")]
        picture: Option<PathBuf>,
    },
    /// Write records to a file, CSV or JSON lines by its ending.
    #[command(after_help = "Example:\n  hivis records export records.csv --since 2026-11-01T00:00:00Z")]
    Export {
        /// `.csv` or `.jsonl`; `-` prints JSON lines.
        file: PathBuf,
        /// From this time on (UTC, such as 2026-11-01T00:00:00Z).
        #[arg(long, value_name = "TIME")]
        since: Option<jiff::Timestamp>,
    },
}

/// `hivis records list`
#[derive(Debug, Args)]
pub struct ListArgs {
    /// At most this many.
    #[arg(long, default_value_t = 20)]
    pub limit: u32,
    /// From this time on (UTC, such as 2026-11-01T00:00:00Z).
    #[arg(long, value_name = "TIME")]
    pub since: Option<jiff::Timestamp>,
    /// Only what this hotkey asked.
    #[arg(long, value_name = "SS58")]
    pub hotkey: Option<String>,
    /// Only what was not judged.
    #[arg(long)]
    pub silent: bool,
}
