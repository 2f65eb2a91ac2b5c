//! `hivis trace`

use clap::Args;

/// `hivis trace`
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  hivis trace 019a\n\nEach station is a line, with the command that shows more of it."
)]
pub struct TraceArgs {
    /// A record's id or a picture's SHA-256, or the first characters of either.
    pub id: String,
    /// Do not ask the current release again.
    #[arg(long)]
    pub no_judge: bool,
}
