//! `hivis data export`, `hivis data import`

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::cli::{DataExportArgs, DataImportArgs, Global};

/// Writes the home's pictures for another tool.
pub(crate) async fn export(_: &Global, _: &DataExportArgs) -> Result<ExitCode> {
    bail!("not built yet")
}

/// Takes back what another tool changed.
pub(crate) async fn import(_: &Global, _: &DataImportArgs) -> Result<ExitCode> {
    bail!("not built yet")
}
