//! `hivis watch ...`

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `hivis watch ...`
#[derive(Debug, Subcommand)]
pub enum WatchVerb {
    /// Every alert rule with its threshold, as Prometheus reads it.
    #[command(
        after_help = "Example:\n  hivis watch rules\n\nThresholds are in hivis.toml:\n  [watch]\n  latency_ms = 80\n  latency_critical_ms = 400"
    )]
    Rules,
    /// Judge a running server now: exit code 1 when a rule fires.
    Check(WatchCheckArgs),
    /// Write files for Prometheus, Alertmanager and Grafana, and the runbooks.
    Export(WatchExportArgs),
    /// Print the figures of this machine's GPUs as DCGM exporter names them.
    #[command(hide = true)]
    Gpu,
}

/// `hivis watch check`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hivis watch check\n  hivis watch check --page 10.0.0.7:8092 --seconds 60\n\nIt judges what it sees between its first and its last look; how long something must hold is not waited for. What needs an hour of history is judged by the running server, or by Prometheus."
)]
pub struct WatchCheckArgs {
    /// Another page than this home's (`serve.page`).
    #[arg(long, value_name = "HOST:PORT")]
    pub page: Option<String>,
    /// Seconds from the first look to the last.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=600))]
    pub seconds: u32,
}

/// `hivis watch export`
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  hivis watch export --to ./watch\n  promtool check config ./watch/prometheus.yml\n\nalertmanager.yml may hold secrets of [notify]; only its owner can read it."
)]
pub struct WatchExportArgs {
    /// The folder; files of an earlier export in it are written anew.
    #[arg(long, value_name = "FOLDER")]
    pub to: PathBuf,
}
