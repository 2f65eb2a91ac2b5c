//! `hivis review ...`

use clap::Subcommand;

/// `hivis review ...`
#[derive(Debug, Subcommand)]
pub enum ReviewVerb {
    /// The queue, most urgent first.
    List,
}
