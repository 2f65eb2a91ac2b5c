//! `hivis night`

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::cli::{Global, NightVerb};

/// Runs one of the verbs.
pub(crate) async fn run(_: &Global, verb: &NightVerb) -> Result<ExitCode> {
    match verb {
        NightVerb::List => bail!("not built yet"),
    }
}
