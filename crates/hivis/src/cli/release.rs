//! `hivis release`, `hivis quantise`, `hivis pretrain`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// `hivis release ...`
#[derive(Debug, Subcommand)]
pub enum ReleaseVerb {
    /// All releases; a star marks the current one.
    List,
    /// One release: its files, where it came from, when it served.
    Show {
        /// Its name.
        id: String,
    },
    /// Let a release serve: a running server loads it beside, tries it, and swaps without losing a request.
    #[command(after_help = "Example:\n  hivis release promote natix-roadwork-vit-20261126-101500")]
    Promote {
        /// Its name.
        id: String,
        /// What the newest exam of the current release and this one must say [default: release.policy, else paired].
        #[arg(long, value_enum)]
        policy: Option<PolicyName>,
    },
    /// Let the release serve that served before the current one.
    Rollback,
    /// Copy a release's files to a folder.
    Export {
        /// Its name.
        id: String,
        /// A folder that is empty or not there yet.
        folder: PathBuf,
    },
}

/// What a promotion wants of the exam.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PolicyName {
    /// The lower bound of the paired difference in reward is above zero, and no part of the exam is worse beyond chance.
    Paired,
    /// At least one point more of accuracy and less than 110% of the latency, and no part worse beyond chance.
    Gain,
    /// Nothing: no exam is looked at.
    None,
}

/// `hivis quantise`
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  hivis quantise --pictures ./roadwork\n\nThe file is kept when at most 0.5% of at least 500 pictures change side."
)]
pub struct QuantiseArgs {
    /// The release [default: current].
    #[arg(long)]
    pub release: Option<String>,
    /// Your pictures: a folder, `home` (recorded pictures), or `scenes` for the embedded model.
    #[arg(long, default_value = "home")]
    pub pictures: String,
    /// How many pictures to compare, at least 500.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(500..))]
    pub count: u32,
    /// Use all 8 bits: right only where every target CPU has VNNI.
    #[arg(long)]
    pub vnni: bool,
}

/// `hivis pretrain`
#[cfg(feature = "train")]
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  RAYON_NUM_THREADS=1 nice hivis pretrain --out ./tiny --minutes 180\n\nInterrupted, the same command goes on from its last checkpoint."
)]
pub struct PretrainArgs {
    /// Where checkpoints and the result go.
    #[arg(long, value_name = "FOLDER")]
    pub out: PathBuf,
    /// Minutes of training; the learning rate follows this budget to its end.
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..))]
    pub minutes: u32,
    /// The run's seed.
    #[arg(long, default_value_t = 72)]
    pub seed: u64,
}
