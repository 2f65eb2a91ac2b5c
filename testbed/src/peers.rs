//! Finds what `cargo xtask peers` installs: virtual environments of official clients, servers, what drives a browser.

use std::path::PathBuf;

/// The environment `name` under `HIVIS_VENVS`, or else `~/.cache/hivis/venvs`.
///
/// `None`, with the reason on standard output, when it could not be installed (file `.failed`): the test then passes. An
/// environment that was never tried fails the test.
pub fn environment(name: &str) -> Option<PathBuf> {
    let all = std::env::var_os("HIVIS_VENVS")
        .map_or_else(|| std::env::home_dir().expect("a home folder").join(".cache/hivis/venvs"), PathBuf::from);
    let venv = all.join(name);
    if let Ok(why) = std::fs::read_to_string(venv.join(".failed")) {
        println!("skipped: {name} could not be installed: {why}");
        return None;
    }
    assert!(
        venv.join(".installed").exists(),
        "{name} is not installed in {}; run `cargo xtask peers`, which installs it",
        venv.display()
    );
    Some(venv)
}
