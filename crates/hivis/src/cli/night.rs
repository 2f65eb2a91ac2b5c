//! `hivis night ...`

use clap::Subcommand;

/// `hivis night ...`
#[derive(Debug, Subcommand)]
pub enum NightVerb {
    /// What ran and what is due.
    List,
}
