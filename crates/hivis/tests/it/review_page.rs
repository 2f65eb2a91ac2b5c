//! The page Review in a browser: by keyboard, by two people, and across a restart of the server.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::miner::{DEADLINE, Miner, hivis, with_release};
use crate::pages::spec;
use crate::review::{generated, json_of, run, sql};

/// A home that serves, with `n` pictures in its queue that need one look each, of a prompt that is no markup.
fn queued(home: &Path, n: u8) {
    with_release(home);
    run(generated(home, n));
    run(sql(&home.join("ledger.db"), "UPDATE generated SET prompt = '<img src=x onerror=\"document.title = 1\">';"));
    std::fs::write(home.join("hivis.toml"), "[review]\nweek = 300\ndouble = 0.0\nreviewer = \"anna\"\n")
        .expect("a file");
    assert_eq!(json_of(home, &["fill"])["queued"]["generated"], n);
}

#[test]
fn a_queue_is_decided_by_keyboard() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path().join("home");
    queued(&home, 150);
    let miner = Miner::start(&home);
    if spec("review", miner.page.trim_end_matches('/'), &[]) {
        let all = json_of(&home, &["list", "--all"]);
        let settled = all["counts"]["accepted"].as_u64().expect("a number");
        assert!(settled >= 60, "the ledger has the decisions: {}", all["counts"]);
        let states = all["counts"].as_object().expect("counts").values();
        assert_eq!(states.filter_map(serde_json::Value::as_u64).sum::<u64>(), 150, "nothing is lost");
    }
    miner.stop();
}

#[test]
fn a_server_restarts_in_the_middle_of_reviewing() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path().join("home");
    queued(&home, 40);
    let miner = Miner::start(&home);
    let page = miner.page.trim_end_matches('/').to_owned();
    let signals = folder.path().join("signals");
    std::fs::create_dir(&signals).expect("a folder");
    let place = signals.to_str().expect("a text").to_owned();
    std::thread::scope(|scope| {
        let browser = scope.spawn(|| spec("review_restart", &page, &[("HIVIS_SIGNALS", &place)]));
        let told = |name: &str| {
            let end = Instant::now() + DEADLINE;
            while !signals.join(name).exists() && !browser.is_finished() {
                assert!(Instant::now() < end, "nobody asked for the server to be {name}");
                std::thread::sleep(Duration::from_millis(20));
            }
        };
        told("down");
        miner.stop();
        told("up");
        let at = page.trim_start_matches("http://");
        let args = ["serve", "--addr", "127.0.0.1:0", "--page", at, "--hotkey", "//Bob", "--json"];
        let again = Miner::follow(hivis(&home, &args));
        browser.join().expect("the spec ends well");
        again.stop();
    });
}
