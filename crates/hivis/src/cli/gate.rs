//! `hivis gate ...`

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `hivis gate ...`
#[derive(Debug, Subcommand)]
pub enum GateVerb {
    /// Judge the generated pictures that have no verdict yet.
    #[command(
        after_help = "Examples:\n  hivis gate run\n  hivis gate run --batch 12 --again --sheet refused.png\n\nLimits are [gate] in hivis.toml."
    )]
    Run(GateRunArgs),
    /// Verdicts, newest first.
    #[command(after_help = "Examples:\n  hivis gate list --failed\n  hivis gate list --failed --sheet refused.png")]
    List(GateListArgs),
    /// One picture's verdict: every figure and every reason.
    #[command(after_help = "Example:\n  hivis gate show 3f2a91")]
    Show {
        /// Its SHA-256, or the beginning of it.
        #[arg(value_name = "SHA256")]
        picture: String,
    },
    /// How a figure moved from batch to batch; without a name, which figures there are.
    #[command(
        after_help = "Examples:\n  hivis gate trend\n  hivis gate trend frechet_ratio\n  hivis gate trend laplacian --json"
    )]
    Trend {
        /// The figure, such as passed_share, frechet_ratio or laplacian.
        figure: Option<String>,
    },
    /// Judge any picture files by the fixed limits, without a home.
    #[command(
        after_help = "Example:\n  hivis gate file generated/*.png --sheet refused.png\n\nThe exit code is 1 when one of them is refused."
    )]
    File(GateFileArgs),
}

/// `hivis gate run`
#[derive(Debug, Clone, Default, Args)]
pub struct GateRunArgs {
    /// Only this batch of `hivis synth`.
    #[arg(long)]
    pub batch: Option<i64>,
    /// Those with a verdict too; the new one replaces it.
    #[arg(long)]
    pub again: bool,
    /// Say what the verdicts would be; write nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Draw the refused ones with their reasons into one picture.
    #[arg(long, value_name = "FILE.png")]
    pub sheet: Option<PathBuf>,
}

/// `hivis gate list`
#[derive(Debug, Clone, Args)]
pub struct GateListArgs {
    /// Only those that did not pass.
    #[arg(long)]
    pub failed: bool,
    /// Only this batch.
    #[arg(long)]
    pub batch: Option<i64>,
    /// At most so many.
    #[arg(long, default_value_t = 40)]
    pub limit: u32,
    /// Draw those listed with their reasons into one picture.
    #[arg(long, value_name = "FILE.png")]
    pub sheet: Option<PathBuf>,
}

/// `hivis gate file`
#[derive(Debug, Clone, Args)]
pub struct GateFileArgs {
    /// JPEG, PNG or WebP files.
    #[arg(required = true, value_name = "PICTURE")]
    pub pictures: Vec<PathBuf>,
    /// Draw the refused ones with their reasons into one picture.
    #[arg(long, value_name = "FILE.png")]
    pub sheet: Option<PathBuf>,
}
