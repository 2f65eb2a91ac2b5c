//! `hivis synth ...`

use clap::Subcommand;

/// `hivis synth ...`
#[derive(Debug, Subcommand)]
pub enum SynthVerb {
    /// Orders to generators, newest first.
    List,
}
