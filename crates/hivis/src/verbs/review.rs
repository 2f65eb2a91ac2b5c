//! `hivis review`

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::cli::{Global, ReviewVerb};

/// Runs one of the verbs.
pub(crate) async fn run(_: &Global, verb: &ReviewVerb) -> Result<ExitCode> {
    match verb {
        ReviewVerb::List => bail!("not built yet"),
    }
}
