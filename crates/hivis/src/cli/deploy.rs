//! Verbs of a machine that serves: its service, its backups, its check.

use std::path::PathBuf;

use clap::Args;

/// `hivis install-service`
#[derive(Debug, Default, Args)]
#[command(
    after_help = "Examples:\n  hivis install-service --print | less\n  sudo /usr/local/bin/hivis install-service\n  hivis install-service --user\n\nThe service runs as the user `hivis`, with its home in /var/lib/hivis and its hotkey below /etc/hivis/wallets.\nThe ports come from serve.addr and serve.page of that home's hivis.toml; install again after you change them."
)]
pub struct InstallServiceArgs {
    /// Only show the files.
    #[arg(long)]
    pub print: bool,
    /// For your own account, without root: starts when you log in, or at boot after `loginctl enable-linger`.
    #[arg(long)]
    pub user: bool,
    /// Replace files that differ.
    #[arg(long)]
    pub force: bool,
    /// Write below this folder instead of /, for images and packages.
    #[arg(long, value_name = "FOLDER", conflicts_with = "user")]
    pub root: Option<PathBuf>,
    /// The program that the service starts [default: this one].
    #[arg(long, value_name = "FILE")]
    pub binary: Option<PathBuf>,
    /// The wallets' folder of the service [default: /etc/hivis/wallets, or wallet.path].
    #[arg(long, value_name = "FOLDER")]
    pub wallet_path: Option<PathBuf>,
}

/// `hivis backup`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hivis backup /mnt/backup/miner\n  AWS_ACCESS_KEY_ID=... AWS_SECRET_ACCESS_KEY=... hivis backup s3://my-bucket/miner --keep 14\n\nThe server may run meanwhile; only what is new is copied. In it: ledger, pictures, releases, hivis.toml, permits.toml, splits,\nruns, exams, reports. Not in it: wallets and keys (keep your phrase elsewhere), cache, hub, logs. S3 takes AWS_REGION,\nAWS_ENDPOINT_URL and AWS_SESSION_TOKEN too."
)]
pub struct BackupArgs {
    /// A folder outside the home, or s3://BUCKET/PREFIX.
    #[arg(value_name = "PLACE")]
    pub place: String,
    /// Then remove all but the newest so many backups there [default: all stay].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub keep: Option<u32>,
}

/// `hivis restore`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hivis --home /var/lib/hivis restore /mnt/backup/miner\n  hivis restore s3://my-bucket/miner --list\n\nOnly into a home that is empty or not there yet. Cut off, the same command goes on. Bring the hotkey yourself: no backup holds it."
)]
pub struct RestoreArgs {
    /// Where the backups are: a folder, or s3://BUCKET/PREFIX.
    #[arg(value_name = "PLACE")]
    pub place: String,
    /// An older backup, by its name [default: the newest].
    #[arg(long, value_name = "NAME", conflicts_with = "list")]
    pub at: Option<String>,
    /// Show the backups there, oldest first.
    #[arg(long)]
    pub list: bool,
}

/// `hivis doctor`
#[derive(Debug, Default, Args)]
#[command(after_help = "Examples:\n  hivis doctor\n  sudo hivis --home /var/lib/hivis doctor --deploy")]
pub struct DoctorArgs {
    /// Look at the machine too: ports, SSH, firewall, file modes, clock, disk, limits, driver and libraries.
    #[arg(long)]
    pub deploy: bool,
    /// Look at the machine whose files lie below this folder, for tests.
    #[arg(long, value_name = "FOLDER", hide = true, requires = "deploy")]
    pub root: Option<PathBuf>,
}
