//! `hivis data version`, `hivis data fsck`, `hivis data gc`

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::cli::{DataFsckArgs, DataGcArgs, Global, VersionVerb};

/// Runs one of the verbs on versions.
pub(crate) async fn run(_: &Global, verb: &VersionVerb) -> Result<ExitCode> {
    match verb {
        VersionVerb::List => bail!("not built yet"),
    }
}

/// Checks the objects and the repository.
pub(crate) async fn fsck(_: &Global, _: &DataFsckArgs) -> Result<ExitCode> {
    bail!("not built yet")
}

/// Removes what no version needs.
pub(crate) async fn gc(_: &Global, _: &DataGcArgs) -> Result<ExitCode> {
    bail!("not built yet")
}
