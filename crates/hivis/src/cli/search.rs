//! `hivis search ...`

use clap::Subcommand;

/// `hivis search ...`
#[derive(Debug, Subcommand)]
pub enum SearchVerb {
    /// Backbones with embeddings in this home.
    List,
}
