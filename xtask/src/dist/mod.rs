//! `cargo xtask dist`: the program as one file that runs on Debian 11 (glibc 2.31) and newer, packed for release.
//!
//! Zig is only the linker and C compiler: it has the symbol lists of every glibc, so that the program asks for none that is
//! newer than [`GLIBC`]. What it asks for is then read from the file itself, and where `debootstrap` is at hand the program
//! runs in a Debian 11 of its own.

mod licences;
mod symbols;
mod userland;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use fs_err as fs;

use crate::{command, peers};

/// The oldest glibc that the program runs on: Debian 11's.
const GLIBC: symbols::Version = symbols::Version(2, 31);
const TARGET: &str = "x86_64-unknown-linux-gnu";
const TOOLS: [&str; 2] = ["ziglang==0.17.1", "cargo-zigbuild==0.24.1"];

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Without training: builds in a third of the time, for a try of the tools.
    #[arg(long)]
    no_train: bool,
    /// With the development profile, for a try of the tools: nothing is packed.
    #[arg(long)]
    dev: bool,
    /// Only check this program, which was built before.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["no_train", "dev"])]
    check: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let program = match &args.check {
        Some(program) => program.clone(),
        None => build(args)?,
    };
    symbols::check(&program, GLIBC)?;
    userland::run(&program)?;
    if args.check.is_none() && !args.dev {
        pack(&program)?;
    }
    Ok(())
}

/// Builds with Zig's linker and gives the program.
fn build(args: &Args) -> Result<PathBuf> {
    let tools = peers::install("dist", &TOOLS)?.context("the tools of dist could not be installed")?;
    let profile = if args.dev { "dev" } else { "release" };
    let target = format!("{TARGET}.{GLIBC}");
    let mut zigbuild = std::process::Command::new(tools.join("bin/cargo-zigbuild"));
    zigbuild.args(["zigbuild", "-p", "hivis", "--locked", "--profile", profile, "--target", &target]);
    if args.no_train {
        zigbuild.arg("--no-default-features");
    }
    // cargo-zigbuild finds Zig as a module of the first `python3`.
    let path = std::env::var_os("PATH").unwrap_or_default();
    let paths = std::iter::once(tools.join("bin")).chain(std::env::split_paths(&path));
    zigbuild.env("PATH", std::env::join_paths(paths)?).current_dir(command::root());
    command::run(zigbuild)?;
    let folder = if args.dev { "debug" } else { "release" };
    Ok(target_folder()?.join(TARGET).join(folder).join("hivis"))
}

/// Where cargo builds.
fn target_folder() -> Result<PathBuf> {
    let text = command::output(command::cargo(&["metadata", "--format-version", "1", "--no-deps", "--locked"])?)?;
    let metadata: serde_json::Value = serde_json::from_str(&text).context("cargo metadata printed no JSON")?;
    Ok(metadata["target_directory"].as_str().context("cargo metadata names no target folder")?.into())
}

/// Writes `dist/hivis-VERSION-x86_64-linux.tar.gz` and its checksum. The same commit gives the same bytes.
fn pack(program: &Path) -> Result<()> {
    let said = command::output(command_of(program, &["--version"]))?;
    let version = said.trim().strip_prefix("hivis ").context("the program does not say its version")?;
    let name = format!("hivis-{version}-x86_64-linux");
    let dist = command::root().join("dist");
    let folder = dist.join(&name);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(folder.join("systemd"))?;
    fs::copy(program, folder.join("hivis"))?;
    for file in ["LICENSE-APACHE", "LICENSE-MIT", "README.md", "CHANGELOG.md", "Containerfile"] {
        fs::copy(command::root().join(file), folder.join(file))?;
    }
    fs::copy(command::root().join("docs/deploy.md"), folder.join("deploy.md"))?;
    fs::write(folder.join("LICENCES-OF-OTHERS.txt"), licences::of_others(TARGET)?)?;
    let root = folder.join("units");
    command::run(command_of(
        program,
        &["install-service", "--binary", "/usr/local/bin/hivis", "--root", &root.to_string_lossy()],
    ))?;
    for unit in ["hivis.service", "hivis.socket"] {
        fs::rename(root.join("etc/systemd/system").join(unit), folder.join("systemd").join(unit))?;
    }
    fs::rename(root.join("etc/sysusers.d/hivis.conf"), folder.join("systemd/sysusers-hivis.conf"))?;
    fs::remove_dir_all(root)?;

    let files = command::output(shell(&folder, "find . -type f ! -name SHA256SUMS | LC_ALL=C sort | xargs sha256sum"))?;
    fs::write(folder.join("SHA256SUMS"), files)?;
    let time = command::output(shell(&command::root(), "git log -1 --format=%ct"))?;
    let tar = format!(
        "tar --sort=name --owner=0 --group=0 --numeric-owner --mode=u+rw,go-w,a+r --mtime=@{} -c {name} \
         | gzip -n -9 > {name}.tar.gz && sha256sum {name}.tar.gz > SHA256SUMS && cat SHA256SUMS && ls -l {name}.tar.gz",
        time.trim()
    );
    command::run(shell(&dist, &tar))
}

fn command_of(program: &Path, args: &[&str]) -> std::process::Command {
    let mut command = std::process::Command::new(program);
    command.args(args);
    command
}

fn shell(folder: &Path, line: &str) -> std::process::Command {
    let mut command = command_of(Path::new("bash"), &["-euo", "pipefail", "-c", line]);
    command.current_dir(folder);
    command
}

/// Fails with all of `wrong`, one a line.
fn none_of(wrong: &[String], what: &str) -> Result<()> {
    if wrong.is_empty() {
        return Ok(());
    }
    bail!("{what}:\n  {}", wrong.join("\n  "))
}
