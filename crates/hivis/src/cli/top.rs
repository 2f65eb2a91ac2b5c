//! `hivis top` and `hivis config`

use std::path::PathBuf;

use clap::Args;

/// `hivis top`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hivis top\n  hivis top --once | less\n  hivis top --page https://miner.example:8092 --token-file ~/hivis.token\n\nKeys: q quits, ? explains, arrows choose and scroll the answers, r asks at once."
)]
pub struct TopArgs {
    /// Print one frame as text, for a pipe.
    #[arg(long)]
    pub once: bool,
    /// The control room of the server to watch [default: serve.page of the home; without a server the ledger is read].
    #[arg(long, value_name = "URL")]
    pub page: Option<String>,
    /// A file that holds an access token of the control room, where it wants one.
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Seconds between two looks.
    #[arg(long, default_value_t = 2.0, value_parser = seconds)]
    pub every: f64,
}

fn seconds(text: &str) -> Result<f64, String> {
    let seconds = text.parse::<f64>().ok().filter(|seconds| (0.2..=3600.0).contains(seconds));
    seconds.ok_or_else(|| "seconds, from 0.2 to 3600".to_owned())
}

/// `hivis config`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hivis config\n  hivis config night\n  hivis config --changed --json\n\nA secret is never shown: only where it lies."
)]
pub struct ConfigArgs {
    /// Only this section, or this key.
    #[arg(value_name = "SECTION")]
    pub section: Option<String>,
    /// Only what somebody wrote.
    #[arg(long)]
    pub changed: bool,
}
