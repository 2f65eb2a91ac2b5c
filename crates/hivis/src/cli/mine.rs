//! `hivis mine ...`

use clap::Subcommand;

/// `hivis mine ...`
#[derive(Debug, Subcommand)]
pub enum MineVerb {
    /// What was picked, newest run first.
    List,
}
