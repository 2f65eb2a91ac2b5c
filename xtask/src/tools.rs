//! Tools that check the text and the dependencies: typos, cargo-deny, cargo-nextest.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::Result;

use crate::{command, peers};

const DENY_VERSION: &str = "0.20.2";
const TYPOS: &str = "typos==1.52.0";

/// Is `cargo nextest` there?
pub(crate) fn has_nextest() -> bool {
    Command::new("cargo")
        .args(["nextest", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Spelling, with the words of the field in `typos.toml`.
pub(crate) fn typos() -> Result<()> {
    let Some(venv) = peers::install("typos", &[TYPOS])? else {
        println!("typos could not be installed: spelling is not checked");
        return Ok(());
    };
    let mut typos = Command::new(venv.join("bin/typos"));
    typos.current_dir(command::root());
    command::run(typos)
}

/// Licences, sources and bans of the dependency tree (advisories need the network, so they are not here).
pub(crate) fn deny() -> Result<()> {
    let Some(deny) = cargo_deny()? else { return Ok(()) };
    let mut command = Command::new(deny);
    command.args(["--log-level", "error", "check", "bans", "licenses", "sources"]).current_dir(command::root());
    command::run(command)
}

/// The kept cargo-deny, built once; `None`, said loudly, when it cannot be had.
fn cargo_deny() -> Result<Option<PathBuf>> {
    let folder = command::cache().join("tools").join(format!("cargo-deny-{DENY_VERSION}"));
    let binary = folder.join("bin/cargo-deny");
    if binary.exists() {
        return Ok(Some(binary));
    }
    let mut install = command::cargo(&["install", "cargo-deny", "--locked", "--no-default-features", "--version"])?;
    // A debug build is enough for one small graph and takes a third of the time.
    install.args([DENY_VERSION, "--debug", "--root"]).arg(&folder);
    install.env("CARGO_TARGET_DIR", command::cache().join("tools/target"));
    match command::run(install) {
        Ok(()) => Ok(Some(binary)),
        Err(error) => {
            println!("cargo-deny could not be installed: licences are not checked ({error:#})");
            Ok(None)
        }
    }
}
