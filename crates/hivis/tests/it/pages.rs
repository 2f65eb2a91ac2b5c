//! The control room in a real browser: each page's spec in `tests/page/` drives Chromium against a served home.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use hivis_testbed::peers;

use crate::miner::{DEADLINE, Miner, with_release};

/// Where the specs lie.
fn specs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/page")
}

/// Runs `tests/page/NAME.mjs` against the page at `address`; `false` where there is no browser to run it.
pub(crate) fn spec(name: &str, address: &str, environment: &[(&str, &str)]) -> bool {
    let Some(modules) = peers::environment("page") else { return false };
    let mut node = Command::new("node");
    node.arg(specs().join(format!("{name}.mjs"))).arg(address).env("HIVIS_PAGE_MODULES", modules);
    node.envs(environment.iter().copied());
    let mut child = node.stdin(Stdio::null()).spawn().expect("node starts");
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("node can be waited for") {
            assert!(status.success(), "{name}.mjs ended with {status}");
            return true;
        }
        if begun.elapsed() > DEADLINE * 2 {
            let _ = child.kill();
            panic!("{name}.mjs did not end in time");
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

/// Every module of the page and every spec, as TypeScript sees their types.
#[test]
fn types_of_the_page_fit() {
    let Some(modules) = peers::environment("page") else { return };
    let console = Path::new(env!("CARGO_MANIFEST_DIR")).join("../hivis-console/assets");
    let files = |folder: &Path, end: &str| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).expect("the folder is there");
        let paths = entries.map(|entry| entry.expect("an entry").path());
        paths.filter(|path| path.extension().is_some_and(|found| found == end)).collect()
    };
    let mut tsc = Command::new(modules.join("node_modules/.bin/tsc"));
    tsc.args(["--noEmit", "--checkJs", "--allowJs", "--strict", "--skipLibCheck", "--target", "es2022"]);
    tsc.args(["--module", "esnext", "--moduleResolution", "bundler", "--lib", "es2022,dom,dom.iterable"]);
    tsc.arg("--typeRoots").arg(modules.join("node_modules/@types")).args(["--types", "node"]);
    tsc.args(files(&console, "js")).args(files(&specs(), "mjs"));
    let said = tsc.output().expect("tsc starts");
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stdout));
}

/// A home whose first release serves, with `vit` to promote and a training under way.
#[test]
fn releases_in_a_browser() {
    if peers::environment("page").is_none() {
        return;
    }
    let home = tempfile::tempdir().expect("a folder");
    let first = crate::control_room::two(home.path());
    let run = home.path().join("runs/under-way");
    std::fs::create_dir_all(&run).expect("a folder");
    let event = |step: u32, loss: f64| {
        format!("{{\"event\":\"metrics\",\"step\":{step},\"values\":{{\"loss\":{loss},\"val_loss\":{loss}}}}}\n")
    };
    std::fs::write(run.join("events.jsonl"), event(1, 0.5) + &event(2, 0.4)).expect("a file");
    let miner = Miner::start(home.path());
    let run = run.to_str().expect("a plain path");
    let environment = [("HIVIS_TO", "vit"), ("HIVIS_RUN", run), ("HIVIS_RELEASE", first.as_str())];
    assert!(spec("releases", &crate::control_room::base(&miner.page), &environment));
    miner.stop();
}

#[test]
fn system_in_a_browser() {
    if peers::environment("page").is_none() {
        return;
    }
    let home = tempfile::tempdir().expect("a folder");
    with_release(home.path());
    let miner = Miner::start(home.path());
    assert!(spec("system", &crate::control_room::base(&miner.page), &[]));
    miner.stop();
}
