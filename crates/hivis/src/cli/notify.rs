//! `hivis notify ...`, `hivis alerts ...`

use clap::{Args, Subcommand};

/// `hivis notify ...`
#[derive(Debug, Subcommand)]
pub enum NotifyVerb {
    /// Send a test message to a channel, or to all, and say what came of it.
    #[command(
        after_help = "Examples:\n  hivis notify test\n  hivis notify test --channel ops\n\nA channel that was gone counts as up again when the test arrives."
    )]
    Test {
        /// Only this one; `hivis.toml` names them as [notify.channels.NAME].
        #[arg(long, value_name = "NAME")]
        channel: Option<String>,
    },
    /// How the channels are, what waits, and the newest messages.
    #[command(after_help = "Example:\n  hivis notify list --limit 50")]
    List {
        /// Messages, at most.
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
    },
}

/// `hivis alerts ...`
#[derive(Debug, Subcommand)]
pub enum AlertsVerb {
    /// What holds now, and what was over lately.
    #[command(after_help = "Example:\n  hivis alerts list --json")]
    List {
        /// Alerts that are over, at most.
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(0..=1000))]
        limit: u32,
    },
    /// Say that you know: no more messages of it until it is over.
    Ack(AckArgs),
    /// Take that back.
    #[command(after_help = "Example:\n  hivis alerts unack 12")]
    Unack {
        /// The alert's number; `hivis alerts list` has it.
        alert: i64,
    },
}

/// `hivis alerts ack`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hivis alerts ack 12\n  hivis alerts ack 12 --note \"new disk comes on Monday\" --hours 48"
)]
pub struct AckArgs {
    /// The alert's number; `hivis alerts list` has it.
    pub alert: i64,
    /// What others should know.
    #[arg(long, default_value = "")]
    pub note: String,
    /// So many hours only [default: until it is over].
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=8760))]
    pub hours: Option<u32>,
}
