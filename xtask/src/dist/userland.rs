//! The program in a Debian 11 of its own: the proof that it runs there.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use fs_err as fs;

use crate::command;

/// Debian 11.
const SUITE: &str = "bullseye";

/// Runs `program` in a Debian 11 below the kept cache: its version, then the shortest demo. Says loudly what was not tried
/// when there is none and none can be made.
pub(crate) fn run(program: &Path) -> Result<()> {
    let root = match prepare() {
        Ok(root) => root,
        Err(error) => {
            println!("NOT TRIED on Debian 11: {error:#} (root and `apt-get install debootstrap` are needed)");
            return Ok(());
        }
    };
    fs::copy(program, root.join("usr/local/bin/hivis"))?;
    let home = "/tmp/hivis-home";
    let _ = fs::remove_dir_all(root.join("tmp/hivis-home"));
    let libc = command::output(within(&root, &["ldd", "--version"]))?;
    println!("Debian 11: {}", libc.lines().next().unwrap_or_default());
    command::run(within(&root, &["hivis", "--version"]))?;
    let demo = ["hivis", "--home", home, "demo", "--questions", "4", "--rate", "20", "--no-train", "--no-stay"];
    command::run(within(&root, &demo)).context("the demo on Debian 11")?;
    fs::remove_dir_all(root.join("tmp/hivis-home"))?;
    println!("Debian 11: the program runs there");
    Ok(())
}

fn within(root: &Path, words: &[&str]) -> Command {
    let mut command = Command::new("chroot");
    command
        .arg(root)
        .args(words)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        .env("HOME", "/tmp");
    command
}

/// The unpacked system, made at the first time.
fn prepare() -> Result<PathBuf> {
    let root = command::cache().join("userlands/debian-11");
    if root.join("usr/bin/ldd").exists() && !root.join("debootstrap").exists() {
        return Ok(root);
    }
    fs::create_dir_all(root.parent().context("the cache has a folder")?)?;
    let mut debootstrap = Command::new("debootstrap");
    debootstrap.args(["--variant=minbase", SUITE]).arg(&root);
    command::run(debootstrap)?;
    Ok(root)
}
