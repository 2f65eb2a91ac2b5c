//! `hivis gate ...`

use clap::Subcommand;

/// `hivis gate ...`
#[derive(Debug, Subcommand)]
pub enum GateVerb {
    /// Verdicts, newest first.
    List,
}
