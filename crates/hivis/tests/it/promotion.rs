//! Promotions that are cut off, at every step and at any moment: the old release or the new one serves, never neither,
//! and the same command again does it.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use hivis_store::{Home, NewPromotion, PromotionKind};
use hivis_types::ReleaseId;
use serde_json::Value;

use crate::made::{listed, vit};
use crate::miner::{BOB, Miner, hivis, output, with_release};
use crate::release::{current, run, told, wrong};

/// Where a promotion was cut off.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Cut {
    Staged,
    Installed,
    Row,
    Pointer,
}

fn id(name: &str) -> ReleaseId {
    ReleaseId::new(name).expect("an id")
}

/// Leaves what a promotion from `old` to `new` leaves when it dies right after that step.
fn leave(home: &Path, cut: Cut, (old, new): (&str, &str)) {
    let opened = Home::open(home).expect("a home");
    if cut == Cut::Staged {
        let folder = home.join("releases/.new-vit-999999999");
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("model.onnx"), "half a graph").expect("a file");
    }
    if matches!(cut, Cut::Row | Cut::Pointer) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let ledger = opened.ledger().await.expect("a ledger");
            let at = jiff::Timestamp::now();
            let kind = PromotionKind::Promote;
            let new = NewPromotion { release: id(new), previous: Some(id(old)), kind, exam: None, at };
            ledger.begin_promotion(&new).await.expect("a row");
            ledger.close().await;
        });
    }
    if cut == Cut::Pointer {
        opened.releases().set_current(&id(new)).expect("the pointer moves");
    }
}

/// Two challenges; both get a judgement.
fn answers(miner: &Miner, home: &Path) {
    let exam = ["exam", "--axon", &miner.axon, "--axon-hotkey", BOB, "--questions", "2", "--rate", "20", "--json"];
    let out = output(hivis(home, &exam));
    let report: Value = serde_json::from_slice(&out.stdout).unwrap_or_else(|_| panic!("{}", told(&out)));
    assert_eq!(report["candidates"][0]["failures"], serde_json::json!([]));
}

fn two_releases(home: &Path) -> String {
    with_release(home);
    let first = current(home);
    run(home, &["import", "model", vit().to_str().expect("a plain path"), "--id", "vit"]);
    run(home, &["release", "promote", &first, "--policy", "none"]);
    first
}

#[test]
fn a_promotion_that_was_cut_off_is_done_by_the_same_command() {
    let home = tempfile::tempdir().expect("a folder");
    let home = home.path();
    let first = two_releases(home);
    let promote = ["release", "promote", "vit", "--policy", "none"];
    for cut in [Cut::Staged, Cut::Installed, Cut::Row, Cut::Pointer] {
        // The server starts after the cut, or runs while it happens.
        for running in [false, true] {
            let mut miner = running.then(|| Miner::start(home));
            leave(home, cut, (&first, "vit"));
            let pointed = if cut == Cut::Pointer { "vit" } else { &first };
            assert_eq!(current(home), pointed);
            let show = run(home, &["release", "show", "vit"]);
            assert_eq!(show.contains("not done"), cut == Cut::Row, "{cut:?}: {show}");
            let miner = miner.take().unwrap_or_else(|| Miner::start(home));
            answers(&miner, home);
            let said = run(home, &promote);
            let done = ["vit is current and serves", "vit is current already"];
            assert!(done.iter().any(|done| said.contains(done)), "{cut:?}: {said}");
            answers(&miner, home);
            let listed = listed(home);
            let row = listed.as_array().and_then(|rows| rows.iter().find(|row| row["release"] == "vit"));
            let row = row.expect("it is listed");
            assert_eq!((&row["current"], row["served_from"].is_string()), (&true.into(), true), "{row}");
            let show = run(home, &["release", "show", "vit"]);
            assert!(show.contains("serves since") && !show.contains("not done"), "{cut:?}: {show}");
            assert!(run(home, &["release", "rollback"]).contains(&format!("{first} is current and serves")));
            miner.stop();
        }
    }
}

#[test]
fn a_server_that_meets_an_untried_release_serves_the_one_before() {
    let home = tempfile::tempdir().expect("a folder");
    let home = home.path();
    with_release(home);
    let first = current(home);
    wrong(home, &first);
    // The server died after the pointer had moved, before it looked.
    leave(home, Cut::Pointer, (&first, "wrong"));
    let miner = Miner::start(home);
    answers(&miner, home);
    assert_eq!(current(home), first);
    let show = run(home, &["release", "show", "wrong"]);
    assert!(show.contains("refused") && show.contains("canary"), "{show}");
    miner.stop();
}

#[test]
fn one_promotion_runs_at_a_time() {
    let home = tempfile::tempdir().expect("a folder");
    let home = home.path();
    let first = two_releases(home);
    let lock = Home::open(home).expect("a home").releases().promotion_lock().expect("the lock");
    for verb in [&["release", "promote", "vit", "--policy", "none"][..], &["release", "rollback"]] {
        let out = output(hivis(home, verb));
        let said = told(&out);
        assert!(!out.status.success() && said.contains("another promotion is running"), "{said}");
        assert!(said.contains("hint: wait"), "{said}");
        assert_eq!(current(home), first);
    }
    drop(lock);
    run(home, &["release", "promote", "vit", "--policy", "none"]);
}

/// Ten promotions under load, each killed a little later than the one before and then given again.
#[test]
fn promotions_killed_at_any_moment_leave_the_home_whole() {
    let home = tempfile::tempdir().expect("a folder");
    let home = home.path();
    let first = two_releases(home);
    let miner = Miner::start(home);
    let exam = ["exam", "--axon", &miner.axon, "--axon-hotkey", BOB, "--questions", "120", "--rate", "4", "--json"];
    let asking = hivis(home, &exam).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("exam starts");
    let mut cut_off = 0;
    for round in 0..10_u32 {
        let target = if current(home) == "vit" { first.as_str() } else { "vit" };
        let promote = ["release", "promote", target, "--policy", "none"];
        let mut child =
            hivis(home, &promote).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("hivis starts");
        std::thread::sleep(Duration::from_millis(u64::from(20 + 80 * round)));
        cut_off += u32::from(child.try_wait().expect("it can be asked").is_none());
        let _ = child.kill();
        child.wait().expect("it ends");
        let pointed = current(home);
        assert!(pointed == "vit" || pointed == first, "{pointed}");
        let said = run(home, &promote);
        assert!(said.contains(&format!("{target} is current")), "round {round}: {said}");
        assert_eq!(current(home), target);
    }
    assert!(cut_off > 0, "no promotion was cut off");
    let out = asking.wait_with_output().expect("the exam ends");
    let report: Value = serde_json::from_slice(&out.stdout).unwrap_or_else(|_| panic!("{}", told(&out)));
    assert_eq!(report["candidates"][0]["failures"], serde_json::json!([]), "no challenge was lost");
    miner.stop();
    // The next start needs no mending, and nothing half made lies about.
    Miner::start(home).stop();
    let left: Vec<String> = std::fs::read_dir(home.join("releases"))
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with(".new"))
        .collect();
    assert_eq!(left, Vec::<String>::new());
}
