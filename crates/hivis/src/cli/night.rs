//! `hivis night ...`

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// `hivis night ...`
#[derive(Debug, Subcommand)]
pub enum NightVerb {
    /// Turn the wheel now, or go on with a turn that was cut off.
    Run(NightRunArgs),
    /// What is due when, what ran, and who works now.
    List,
    /// One turn: its steps, and what each says.
    #[command(after_help = "Example:\n  hivis night show 12")]
    Show {
        /// The job's number; `hivis night list` has it.
        job: i64,
    },
    /// What a turn did to the reward and why, its data, its spend, the miner's health, and what waits for you.
    Report(NightReportArgs),
    /// Do what is due when it is due, without serving: for a home that another process serves. `hivis run` does both.
    Watch {
        /// End when this process, which started us, is gone.
        #[arg(long, value_name = "PID", hide = true)]
        beside: Option<i32>,
    },
}

/// `hivis night run`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hivis night run --dry-run\n  hivis night run --kind weekly\n\nnightly: mine, synthesise, gate, version, train, exam, promote, report\nweekly:  mine, review, gate, version, train, exam, promote, report\nmonthly: adversarial, gate, report\nretrain: version, train, exam, promote, report\n\nStopped with Ctrl-C, the same command goes on after the last step that is whole."
)]
pub struct NightRunArgs {
    /// Which turn.
    #[arg(long, value_enum, default_value = "nightly")]
    pub kind: KindName,
    /// Only say what each step would do; change nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// `hivis night report`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hivis night report\n  hivis night report 12 --html night.html\n\nEvery turn leaves its report in the home: reports/night-YYYYMMDD.html and .txt."
)]
pub struct NightReportArgs {
    /// The job's number [default: the newest turn that ended].
    pub job: Option<i64>,
    /// Print it as text, as without any flag.
    #[arg(long, conflicts_with = "html")]
    pub text: bool,
    /// Write it here as one HTML file.
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
}

/// Turns by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum KindName {
    /// What was hard today.
    Nightly,
    /// The spread of a week, people, and a larger training.
    Weekly,
    /// Pictures that the serving release gets wrong.
    Monthly,
    /// A model for the next submission.
    Retrain,
}
