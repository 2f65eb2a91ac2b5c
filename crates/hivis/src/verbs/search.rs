//! `hivis search`

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::cli::{Global, SearchVerb};

/// Runs one of the verbs.
pub(crate) async fn run(_: &Global, verb: &SearchVerb) -> Result<ExitCode> {
    match verb {
        SearchVerb::List => bail!("not built yet"),
    }
}
