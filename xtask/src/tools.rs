//! Tools that check the text and the dependencies: typos, cargo-deny, cargo-shear, cargo-nextest.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::Result;

use crate::{command, peers};

const DENY: Tool = Tool { name: "cargo-deny", version: "0.20.2", checks: "licences are" };
const SHEAR: Tool = Tool { name: "cargo-shear", version: "1.9.1", checks: "unused dependencies are" };
const FUZZ: Tool = Tool { name: "cargo-fuzz", version: "0.13.2", checks: "fuzz targets are" };
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
    tool(&DENY, &["--log-level", "error", "check", "bans", "licenses", "sources"])
}

/// Dependencies that nothing uses, or that only tests use.
pub(crate) fn shear() -> Result<()> {
    tool(&SHEAR, &[])
}

/// cargo-fuzz, for `soak`.
pub(crate) fn fuzzer() -> Result<Option<PathBuf>> {
    built(&FUZZ)
}

/// A program of crates.io that is built once into the kept cache.
struct Tool {
    name: &'static str,
    version: &'static str,
    /// What is left unchecked without it.
    checks: &'static str,
}

/// Runs `tool` in the root; passes, and says so loudly, when it cannot be had.
fn tool(tool: &Tool, args: &[&str]) -> Result<()> {
    let Some(binary) = built(tool)? else { return Ok(()) };
    let mut command = Command::new(binary);
    command.args(args).current_dir(command::root());
    command::run(command)
}

fn built(tool: &Tool) -> Result<Option<PathBuf>> {
    let Tool { name, version, checks } = tool;
    let folder = command::cache().join("tools").join(format!("{name}-{version}"));
    let binary = folder.join("bin").join(name);
    if binary.exists() {
        return Ok(Some(binary));
    }
    let mut install = command::cargo(&["install", name, "--locked", "--no-default-features", "--version"])?;
    // A debug build is enough for one small graph and takes a third of the time.
    install.args([version, "--debug", "--root"]).arg(&folder);
    install.env("CARGO_TARGET_DIR", command::cache().join("tools/target"));
    match command::run(install) {
        Ok(()) => Ok(Some(binary)),
        Err(error) => {
            println!("{name} could not be installed: {checks} not checked ({error:#})");
            Ok(None)
        }
    }
}
