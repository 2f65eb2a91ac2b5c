//! A miner's home goes to another place while it serves, is deleted, and comes back on an empty machine.

use std::path::Path;

use serde_json::Value;

use crate::miner::{BOB, Miner, hivis, output, with_release};
use crate::release::{current, run, told};

fn answered(miner: &Miner, home: &Path, questions: &str) {
    let exam =
        ["exam", "--axon", &miner.axon, "--axon-hotkey", BOB, "--questions", questions, "--rate", "20", "--json"];
    let out = output(hivis(home, &exam));
    let report: Value = serde_json::from_slice(&out.stdout).unwrap_or_else(|_| panic!("{}", told(&out)));
    assert_eq!(report["candidates"][0]["failures"], serde_json::json!([]));
}

/// Ids of the records, and what each was answered.
fn records(home: &Path) -> Value {
    let out = output(hivis(home, &["records", "list", "--limit", "1000", "--json"]));
    assert!(out.status.success(), "{}", told(&out));
    String::from_utf8_lossy(&out.stdout).lines().map(|line| serde_json::from_str(line).unwrap_or(Value::Null)).collect()
}

#[test]
fn a_served_home_comes_back_on_an_empty_machine() {
    let folder = tempfile::tempdir().expect("a folder");
    let (home, place) = (folder.path().join("home"), folder.path().join("backups"));
    let to = place.to_str().expect("a plain path");
    with_release(&home);
    let miner = Miner::start(&home);
    answered(&miner, &home, "6");
    let out = output(hivis(&home, &["backup", to, "--json"]));
    let said: Value = serde_json::from_slice(&out.stdout).unwrap_or_else(|_| panic!("{}", told(&out)));
    assert_eq!((said["whole"].as_bool(), said["backup"]["lost"].as_array().map(Vec::len)), (Some(true), Some(0)));
    answered(&miner, &home, "4");
    let text = run(&home, &["backup", to, "--keep", "5"]);
    assert!(text.contains("wallets and keys are not in it"), "{text}");
    miner.stop();
    let (release, before) = (current(&home), records(&home));
    std::fs::remove_dir_all(&home).expect("the machine is lost");

    let listed = run(&home, &["restore", to, "--list"]);
    assert_eq!(listed.trim().lines().count(), 3, "a head and two backups: {listed}");
    let text = run(&home, &["restore", to]);
    assert!(text.contains("every SHA-256 was checked") && text.contains("bring the hotkey"), "{text}");
    assert_eq!((current(&home), records(&home)), (release, before));
    let out = output(hivis(&home, &["restore", to]));
    assert!(!out.status.success(), "never over a home");
    assert!(told(&out).contains("is not empty") && told(&out).contains("hint:"), "{}", told(&out));
    let miner = Miner::start(&home);
    answered(&miner, &home, "3");
    miner.stop();
}

#[test]
fn what_is_missing_is_named_and_the_exit_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let (home, place) = (folder.path().join("home"), folder.path().join("backups"));
    let to = place.to_str().expect("a plain path");
    with_release(&home);
    run(&home, &["backup", to]);
    // The largest content is the release's graph: its last byte changes.
    let largest =
        walk(&place.join("pool")).into_iter().max_by_key(|path| std::fs::metadata(path).expect("a file").len());
    let largest = largest.expect("a pool");
    let mut bytes = std::fs::read(&largest).expect("it can be read");
    *bytes.last_mut().expect("it has bytes") ^= 1;
    std::fs::write(&largest, bytes).expect("it can be written");
    let target = folder.path().join("again");
    let out = output(hivis(&target, &["restore", to]));
    let said = told(&out);
    assert!(!out.status.success() && said.contains("model.onnx: damaged"), "{said}");

    let picture = walk(&home.join("objects/files")).pop().expect("a picture");
    std::fs::remove_file(&picture).expect("it can be removed");
    let elsewhere = folder.path().join("other");
    let out = output(hivis(&home, &["backup", elsewhere.to_str().expect("a plain path")]));
    assert!(!out.status.success() && told(&out).contains(": missing"), "{}", told(&out));
    let nowhere = output(hivis(&home, &["backup", "s3://bucket/x"]));
    assert!(told(&nowhere).contains("AWS_ACCESS_KEY_ID is not set"), "{}", told(&nowhere));
}

fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}
