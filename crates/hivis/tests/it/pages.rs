//! The control room in a real browser: each page's spec in `tests/page/` drives Chromium against a served home.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use hivis_bittensor::Keypair;
use hivis_bittensor::dendrite::{AxonAddress, Dendrite, DendriteSettings};
use hivis_testbed::peers;
use hivis_types::{Hotkey, Picture};

use crate::miner::{BOB, DEADLINE, Miner, hivis, with_release};

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
        std::thread::sleep(Duration::from_millis(50));
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

/// A served home on these addresses, after another server that had them.
fn again(home: &Path, axon: &str, page: &str) -> Miner {
    let page = page.trim_start_matches("http://").trim_end_matches('/');
    let args = ["serve", "--addr", axon, "--page", page, "--hotkey", "//Bob", "--json"];
    Miner::follow(hivis(home, &args))
}

/// A validator whose dendrite asks about other pictures again and again, 20 a second, until it is dropped.
struct Asking {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Asking {
    fn begin(axon: &str) -> Self {
        let port = axon.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
        let axon = AxonAddress { host: "127.0.0.1".to_owned(), port, hotkey: Hotkey::new(BOB) };
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let ask = move || {
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            let dendrite = Dendrite::new(Keypair::from_uri("//Alice").expect("a key"), DendriteSettings::default());
            let mut shade = 0_u8;
            while !told.load(Ordering::Relaxed) {
                shade = shade.wrapping_add(1);
                let picture = hivis_image::encode_jpeg(&Picture::filled(64, 48, [shade, 90, 255 - shade]));
                let picture = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, picture);
                // Whatever comes back: the server may be about to stop.
                let _ = runtime.block_on(dendrite.ask(&axon, &picture, Duration::from_secs(9)));
                std::thread::sleep(Duration::from_millis(50));
            }
        };
        Self { stop, thread: Some(std::thread::spawn(ask)) }
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Waits until the spec, which says so with a file, wants the next step; `false` when it has ended.
fn cued(folder: &Path, name: &str) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < DEADLINE * 2 {
        if folder.join(name).exists() {
            return true;
        }
        if folder.join("ended").exists() {
            return false;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}

#[test]
fn now_is_kept_current_under_load_and_over_a_restart() {
    let Some(_) = peers::environment("page") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let (home, cues) = (folder.path().join("home"), folder.path().join("cues"));
    std::fs::create_dir(&cues).expect("a folder");
    with_release(&home);
    let miner = Miner::start(&home);
    let (axon, page) = (miner.axon.clone(), miner.page.clone());
    let address = page.trim_end_matches('/').to_owned();
    let stage = cues.clone();
    // The spec says when the server goes and when it comes back, on the same ports.
    let server = std::thread::spawn(move || {
        let asking = Asking::begin(&axon);
        if !cued(&stage, "stop") {
            return;
        }
        drop(asking);
        miner.stop();
        std::fs::write(stage.join("stopped"), "").expect("a cue");
        if !cued(&stage, "start") {
            return;
        }
        let miner = again(&home, &axon, &page);
        let _asking = Asking::begin(&axon);
        std::fs::write(stage.join("started"), "").expect("a cue");
        cued(&stage, "ended");
        miner.stop();
    });
    let ran = std::panic::catch_unwind(|| spec("now", &address, &[("HIVIS_CUE", cues.to_str().expect("text"))]));
    std::fs::write(cues.join("ended"), "").expect("a cue");
    server.join().expect("the server's side");
    assert!(ran.expect("the spec held"), "the spec ran");
}

#[test]
fn a_challenge_tells_its_story() {
    let Some(_) = peers::environment("page") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path().join("home");
    with_release(&home);
    let miner = Miner::start(&home);
    let address = miner.page.trim_end_matches('/').to_owned();
    assert!(spec("challenge", &address, &[]), "the spec ran");
    miner.stop();
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
