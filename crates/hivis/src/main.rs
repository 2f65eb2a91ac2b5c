//! The `hivis` program: a thin shell over the library, so that tests call what users call.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    hivis::run(hivis::cli::Cli::parse())
}
