//! `hivis gate`

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::cli::{GateVerb, Global};

/// Runs one of the verbs.
pub(crate) async fn run(_: &Global, verb: &GateVerb) -> Result<ExitCode> {
    match verb {
        GateVerb::List => bail!("not built yet"),
    }
}
