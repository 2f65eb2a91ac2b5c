//! `hivis synth`

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::cli::{Global, SynthVerb};

/// Runs one of the verbs.
pub(crate) async fn run(_: &Global, verb: &SynthVerb) -> Result<ExitCode> {
    match verb {
        SynthVerb::List => bail!("not built yet"),
    }
}
