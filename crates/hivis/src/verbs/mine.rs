//! `hivis mine`

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::cli::{Global, MineVerb};

/// Runs one of the verbs.
pub(crate) async fn run(_: &Global, verb: &MineVerb) -> Result<ExitCode> {
    match verb {
        MineVerb::List => bail!("not built yet"),
    }
}
