//! `hivis data export`, `hivis data import`

use clap::Args;

/// `hivis data export`
#[derive(Debug, Args)]
pub struct DataExportArgs {}

/// `hivis data import`
#[derive(Debug, Args)]
pub struct DataImportArgs {}
