//! `hivis data version ...`, `hivis data fsck`, `hivis data gc`

use clap::{Args, Subcommand};

/// `hivis data version ...`
#[derive(Debug, Subcommand)]
pub enum VersionVerb {
    /// All versions, newest first.
    List,
}

/// `hivis data fsck`
#[derive(Debug, Args)]
pub struct DataFsckArgs {}

/// `hivis data gc`
#[derive(Debug, Args)]
pub struct DataGcArgs {}
