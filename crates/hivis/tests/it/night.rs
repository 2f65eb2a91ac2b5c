//! The wheel as a user turns it: by hand, dry, and beside a server that is told to stop.

use std::path::Path;
use std::time::{Duration, Instant};

use hivis_store::{Home, NewJob, StepEnd, StepState};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::miner::{ALICE, DEADLINE, Miner, get, hivis, output, with_release};

fn json(home: &Path, args: &[&str]) -> Value {
    let out = output(hivis(home, args));
    assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).expect("JSON")
}

fn plain(home: &Path, args: &[&str]) -> String {
    let out = output(hivis(home, args));
    assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).expect("text")
}

/// The states of a job's steps, by name.
fn steps(shown: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let steps = shown["steps"].as_array().expect("steps").iter();
    steps.map(|step| (text(&step["name"]), text(&step["state"]))).collect()
}

#[test]
fn a_turn_by_hand_leaves_a_report_and_a_dry_one_leaves_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    with_release(home);
    let dry = plain(home, &["night", "run", "--dry-run"]);
    for step in ["mine", "synthesise", "gate", "version", "train", "exam", "promote", "report"] {
        assert!(dry.lines().any(|line| line.starts_with(step)), "{step} is not in\n{dry}");
    }
    assert!(dry.contains("2 judged records"), "{dry}");
    assert_eq!(json(home, &["night", "list", "--json"])["jobs"], serde_json::json!([]));
    let early = output(hivis(home, &["night", "report"]));
    assert!(!early.status.success() && String::from_utf8_lossy(&early.stderr).contains("hivis night run"));

    let told = json(home, &["night", "run", "--json"]);
    assert_eq!((&told["job"]["state"], &told["job"]["by_hand"]), (&"done".into(), &true.into()), "{told}");
    let states = steps(&told);
    assert_eq!(states.last(), Some(&("report".to_owned(), "done".to_owned())), "{told}");
    let id = told["job"]["id"].to_string();
    assert_eq!(steps(&json(home, &["night", "show", &id, "--json"])), states);
    assert!(plain(home, &["night", "show", &id]).contains("report"));
    assert!(plain(home, &["night", "list"]).contains("by hand"));

    let report = plain(home, &["night", "report", "--text"]);
    assert!(report.contains("What waits for you") && report.contains("2 answered, 0 missed"), "{report}");
    let day = Timestamp::now().strftime("%Y").to_string();
    let made: Vec<String> = std::fs::read_dir(home.join("reports"))
        .expect("reports")
        .map(|file| file.expect("a file").file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with(&format!("night-{day}")))
        .collect();
    assert_eq!(made.len(), 2, "{made:?}");
    let page = home.join("page.html");
    plain(home, &["night", "report", &id, "--html", page.to_str().expect("a plain path")]);
    let page = std::fs::read_to_string(page).expect("the page");
    assert!(page.contains("</html>") && !page.contains("http://") && !page.contains("https://"), "it needs nothing");
    let wrong = output(hivis(home, &["night", "show", "99"]));
    assert!(!wrong.status.success() && String::from_utf8_lossy(&wrong.stderr).contains("hivis night list"));
}

#[tokio::test(flavor = "multi_thread")]
async fn run_serves_does_what_is_due_and_ends_on_sigterm() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    with_release(home);
    // A home that was watched for three days, whose last night is over and whose machine was off since.
    let ledger = Home::open(home).expect("the home").ledger().await.expect("the ledger");
    let ago = |hours: i64| Timestamp::now().checked_sub(SignedDuration::from_hours(hours)).expect("a time");
    ledger.scheduled_since(ago(72)).await.expect("a beginning");
    std::fs::write(home.join("hivis.toml"), "[night]\noff = \"train\"\n").expect("the home is writable");
    std::fs::write(home.join("permits.toml"), format!("[[permit]]\nhotkey = \"{ALICE}\"\nstake = 1000.0\n"))
        .expect("the home is writable");
    // A weekly turn of before that was cut off in its last step but one.
    let cut = NewJob { kind: "retrain".to_owned(), due: ago(60), by_hand: false };
    let cut = ledger.add_job(&cut, ago(60)).await.expect("a job");
    let by = hivis_store::Claimant {
        holder: "gone:1:0",
        term: hivis_store::Term { now: ago(60), length: Duration::from_mins(2) },
        stalled: None,
    };
    ledger.claim_job(cut.id, &by).await.expect("the ledger").expect("a claim");
    for (place, name) in [(0, "version"), (1, "train"), (2, "exam")] {
        ledger.begin_step(cut.id, "gone:1:0", (place, name), ago(60)).await.expect("the ledger");
        let end = StepEnd { state: StepState::Skipped, said: "before".to_owned(), facts: None, at: ago(60) };
        ledger.end_step(cut.id, "gone:1:0", place, &end).await.expect("the ledger");
    }
    ledger.close().await;

    let args = ["run", "--addr", "127.0.0.1:0", "--page", "127.0.0.1:0", "--hotkey", "//Bob", "--json"];
    let miner = tokio::task::block_in_place(|| Miner::follow(hivis(home, &args)));
    let (status, _) = get(&format!("{}readyz", miner.page));
    assert_eq!(status, 200, "it serves");
    // A whole night beside whatever else the machine does.
    let end = Instant::now() + DEADLINE * 5;
    let done = loop {
        let list = json(home, &["night", "list", "--json"]);
        let jobs = list["jobs"].as_array().expect("jobs").clone();
        let open = jobs.iter().any(|job| ["waiting", "running"].contains(&job["state"].as_str().unwrap_or_default()));
        if !open && jobs.iter().any(|job| job["kind"] == "nightly") {
            break jobs;
        }
        assert!(Instant::now() < end, "nothing was done in time: {list}");
        std::thread::sleep(Duration::from_millis(100));
    };
    let nightly: Vec<&Value> = done.iter().filter(|job| job["kind"] == "nightly").collect();
    assert_eq!((nightly.len(), &nightly[0]["state"]), (1, &"done".into()), "three nights were missed: {done:?}");
    let resumed = done.iter().find(|job| job["id"] == cut.id).expect("the job that was cut off");
    assert_eq!((&resumed["state"], &resumed["attempts"]), (&"done".into(), &2.into()));
    let shown = json(home, &["night", "show", &cut.id.to_string(), "--json"]);
    assert_eq!(shown["steps"][0]["said"], "before", "what had ended was not done again");
    assert_eq!(shown["steps"].as_array().expect("steps").len(), 5);
    miner.stop();
    let list = json(home, &["night", "list", "--json"]);
    assert!(list["held"].is_null(), "nobody works any more: {list}");
}
