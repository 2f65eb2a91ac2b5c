//! The official clients that tests talk to, each in a virtual environment of its own.
//!
//! An environment that could not be installed is marked with a file `.failed` that says why; its tests then say so and
//! pass. A missing environment without that mark makes its tests fail.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::{command, programs};

/// One environment: its folder's name and the file that lists what goes in.
const PEERS: &[(&str, &str)] = &[
    ("bittensor-9.12.2", "crates/hivis-bittensor/tests/sdk/requirements-9.txt"),
    ("bittensor-10.5.0", "crates/hivis-bittensor/tests/sdk/requirements-10.txt"),
    ("bittensor-core", "crates/hivis-chain/tests/peer/requirements.txt"),
    ("btcli", "crates/hivis/tests/peer/btcli.txt"),
    ("onnxruntime", "crates/hivis-engine/tests/requirements.txt"),
    ("wandb", "crates/hivis-train/tests/fixtures/tracker/requirements.txt"),
    ("generators", "crates/hivis-generate/tests/peer/requirements.txt"),
    ("huggingface", "crates/hivis-hub/tests/peer/requirements.txt"),
    ("icalendar", "crates/hivis/tests/peer/icalendar.txt"),
    ("science", "crates/hivis-curate/tests/peer/requirements.txt"),
    ("dvc", "crates/hivis-store/tests/peer/dvc.txt"),
    ("fiftyone", "crates/hivis/tests/peer/fiftyone.txt"),
    ("mongod", "crates/hivis/tests/peer/mongod.txt"),
    ("watchers", "crates/hivis/tests/peer/watchers.txt"),
    ("seaweedfs", "crates/hivis-store/tests/peer/requirements.txt"),
];

/// What benches measure against: too large for `check`, installed when a bench that wants it is run.
const BENCH_PEERS: [(&str, &[&str], &str); 5] = [
    ("torch", &["engine", "examiner", "head", "jpeg", "world"], "bench/peers/torch.txt"),
    ("gate", &["gate"], "bench/peers/gate.txt"),
    ("vectors", &["vectors"], "bench/peers/vectors.txt"),
    ("openvino", &["engine"], "bench/peers/openvino.txt"),
    ("ortov", &["engine"], "crates/hivis-engine/tests/requirements.txt"),
];

/// Where the environments lie: `HIVIS_VENVS`, or `venvs` in the kept cache.
pub(crate) fn folder() -> PathBuf {
    std::env::var_os("HIVIS_VENVS").map_or_else(|| command::cache().join("venvs"), PathBuf::from)
}

/// Installs what is missing; says what could not be had.
pub(crate) fn install_all() -> Result<usize> {
    let mut missing = programs::install_all()?;
    for (name, list) in PEERS {
        match install_list(name, list)? {
            Some(_) => println!("{name}: ready"),
            None => missing += 1,
        }
    }
    if missing > 0 {
        println!("{missing} peers could not be installed: their tests will say so and pass");
    }
    Ok(missing)
}

/// Installs what `bench NAME` measures against and says what could not be had: the bench then says "not measured".
pub(crate) fn install_for_bench(bench: &str) -> Result<()> {
    for (name, _, list) in BENCH_PEERS.iter().filter(|(_, benches, _)| benches.contains(&bench)) {
        install_list(name, list)?;
    }
    Ok(())
}

/// One environment with what the file `list` names: a requirement a line, `#` begins a comment.
fn install_list(name: &str, list: &str) -> Result<Option<PathBuf>> {
    let text = fs_err::read_to_string(command::root().join(list))?;
    let packages: Vec<&str> = text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')).collect();
    install(name, &packages)
}

/// One environment with `packages` (pip's requirement words). `None` when it could not be installed.
pub(crate) fn install(name: &str, packages: &[&str]) -> Result<Option<PathBuf>> {
    kept(name, &packages.join("\n"), |venv| create(venv, packages))
}

/// One folder `name` that `make` fills, kept until `wanted` changes. `None` when it could not be made; the folder's
/// `.failed` then says why.
pub(crate) fn kept(name: &str, wanted: &str, make: impl FnOnce(&Path) -> Result<()>) -> Result<Option<PathBuf>> {
    let folder = folder().join(name);
    let stamp = folder.join(".installed");
    if fs_err::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(Some(folder));
    }
    println!("{name}: installing {}", wanted.replace('\n', " "));
    if folder.exists() {
        fs_err::remove_dir_all(&folder)?;
    }
    fs_err::create_dir_all(&folder)?;
    match make(&folder) {
        Ok(()) => {
            fs_err::write(&stamp, wanted)?;
            Ok(Some(folder))
        }
        Err(error) => {
            println!("{name}: NOT INSTALLED: {error:#}");
            fs_err::write(folder.join(".failed"), format!("{error:#}"))?;
            Ok(None)
        }
    }
}

fn create(venv: &Path, packages: &[&str]) -> Result<()> {
    let mut python = Command::new("python3");
    python.args(["-m", "venv"]).arg(venv);
    command::run(python).context("Python 3 with its venv module is needed")?;
    let mut pip = Command::new(venv.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--prefer-binary"]).args(packages);
    command::run(pip)
}
