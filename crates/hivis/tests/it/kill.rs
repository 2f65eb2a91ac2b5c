//! `kill -9` under load: every acknowledged id is there, and the home opens by itself.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::miner::{BOB, DEADLINE, Miner, hivis, output, with_release};

/// Rounds: 3 in check, more in `cargo xtask soak`.
fn rounds() -> u32 {
    std::env::var("HIVIS_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(3)
}

#[test]
fn kill_loses_no_acknowledged_record() {
    let home = tempfile::tempdir().expect("a folder");
    with_release(home.path());
    let mut acknowledged: Vec<String> = Vec::new();
    for round in 0..rounds() {
        let miner = Miner::start(home.path());
        let mut tail = hivis(home.path(), &["records", "tail", "--json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("tail starts");
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let (lines, sink) = (BufReader::new(tail.stdout.take().expect("stdout is piped")), Arc::clone(&seen));
        let reader = std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                let record: serde_json::Value = serde_json::from_str(&line).expect("one JSON object a line");
                let id = record["id"].as_str().expect("an id").to_owned();
                sink.lock().unwrap_or_else(PoisonError::into_inner).push(id);
            }
        });
        let exam = ["exam", "--axon", &miner.axon, "--axon-hotkey", BOB, "--questions", "400", "--rate", "25"];
        let mut load =
            hivis(home.path(), &exam).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("exam starts");
        // A moment that differs from round to round, counted from the first record on.
        let end = Instant::now() + DEADLINE;
        while seen.lock().unwrap_or_else(PoisonError::into_inner).is_empty() {
            assert!(Instant::now() < end, "no record was acknowledged in time");
            std::thread::sleep(Duration::from_millis(10));
        }
        std::thread::sleep(Duration::from_millis(u64::from(round * 7919 % 1500)));
        miner.kill();
        let _ = load.kill();
        let _ = load.wait();
        // What was committed and not yet printed may still come: it is not lost, and not needed.
        std::thread::sleep(Duration::from_millis(300));
        let _ = tail.kill();
        let _ = tail.wait();
        reader.join().expect("the reader ends");
        acknowledged.append(&mut seen.lock().unwrap_or_else(PoisonError::into_inner));
    }
    assert!(acknowledged.len() as u32 >= rounds(), "only {} records were acknowledged", acknowledged.len());
    for id in &acknowledged {
        let out = output(hivis(home.path(), &["records", "show", id, "--json"]));
        assert!(out.status.success(), "acknowledged {id} is gone: {}", String::from_utf8_lossy(&out.stderr));
    }
    // The next good start needs no mending.
    Miner::start(home.path()).stop();
}
