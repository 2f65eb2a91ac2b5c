//! Peers that are no Python: Debian's Prometheus and Alertmanager, and what drives a browser from Node.
//!
//! Debian's packages are unpacked into the kept cache, not installed: nothing of the system changes and no service
//! starts. Chromium is the exception; it needs dozens of libraries, so it is installed where it is missing.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{command, peers};

/// Debian's packages whose programs tests start: each lies unpacked in a folder of its name.
const PACKAGES: [&str; 2] = ["prometheus", "prometheus-alertmanager"];
/// What the browser tests import; its versions are pinned there.
const PAGE: &str = "crates/hivis/tests/page/package.json";
/// TaoStats' own client, which the fake is held against.
const TAOSTATS: &str = "crates/hivis-taostats/tests/peer/package.json";
/// Where Debian's Chromium lies.
const CHROMIUM: &str = "/usr/bin/chromium";

/// How many could not be had.
pub(crate) fn install_all() -> Result<usize> {
    let mut missing = 0;
    for name in PACKAGES {
        missing += usize::from(peers::kept(name, name, |folder| unpack(name, folder))?.is_none());
    }
    let wanted = fs_err::read_to_string(command::root().join(PAGE))?;
    let page = peers::kept("page", &wanted, |folder| {
        chromium()?;
        modules(folder, &wanted)
    })?;
    let wanted = fs_err::read_to_string(command::root().join(TAOSTATS))?;
    let taostats = peers::kept("taostats", &wanted, |folder| modules(folder, &wanted))?;
    Ok(missing + usize::from(page.is_none()) + usize::from(taostats.is_none()))
}

/// Node's modules that a `package.json` names.
fn modules(folder: &Path, wanted: &str) -> Result<()> {
    fs_err::write(folder.join("package.json"), wanted)?;
    let mut npm = Command::new("npm");
    npm.current_dir(folder).args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"]);
    command::run(npm).context("Node.js with npm is needed for these tests")
}

/// Downloads one Debian package and unpacks it.
fn unpack(name: &str, folder: &Path) -> Result<()> {
    let mut download = Command::new("apt-get");
    download.current_dir(folder).args(["download", "--quiet", name]);
    if command::run(download).is_err() {
        // The lists of a new machine may be older than what the mirror still has.
        let mut update = Command::new("apt-get");
        update.args(["update", "--quiet"]);
        command::run(update)?;
        let mut again = Command::new("apt-get");
        again.current_dir(folder).args(["download", "--quiet", name]);
        command::run(again)?;
    }
    let mut files = fs_err::read_dir(folder)?.collect::<std::io::Result<Vec<_>>>()?;
    files.retain(|file| file.path().extension().is_some_and(|end| end == "deb"));
    let [file] = &files[..] else { bail!("apt-get left {} packages in {}", files.len(), folder.display()) };
    let mut unpack = Command::new("dpkg-deb");
    unpack.arg("--extract").arg(file.path()).arg(folder);
    command::run(unpack)?;
    Ok(fs_err::remove_file(file.path())?)
}

/// Installs Debian's Chromium where there is none.
fn chromium() -> Result<()> {
    if Path::new(CHROMIUM).exists() {
        return Ok(());
    }
    let mut update = Command::new("apt-get");
    update.args(["update", "--quiet"]);
    command::run(update)?;
    let mut install = Command::new("apt-get");
    install.args(["install", "--yes", "--quiet", "--no-install-recommends", "chromium"]);
    install.env("DEBIAN_FRONTEND", "noninteractive");
    command::run(install)
}
