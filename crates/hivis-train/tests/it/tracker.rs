//! Trackers: a file, Pythons that misbehave, and the real `wandb` offline.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hivis_testbed::peers::environment;
use hivis_train::tracker::{
    RunFacts, RunStatus, TrackerEnd, TrackerName, TrackerOutcome, TrackerSettings, Trackers, WandbMode, WandbSettings,
};
use jiff::Timestamp;
use serde_json::{Value, json};

/// For what happens in milliseconds on an idle machine.
const PATIENCE: Duration = Duration::from_mins(1);
const SECRET: &str = "0123456789abcdef-secret";

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tracker").join(name)
}

fn facts(run: &str, folder: &Path) -> RunFacts {
    let config = json!({ "epochs": 3, "head": { "hidden": [64, 32] }, "name": "grüße" });
    let tags = vec!["head".to_owned(), "tiny".to_owned()];
    RunFacts { run: run.to_owned(), folder: folder.to_owned(), config, tags, clock: || Timestamp::UNIX_EPOCH }
}

fn only_file() -> TrackerSettings {
    TrackerSettings { names: vec![TrackerName::JsonLines], ..TrackerSettings::default() }
}

/// The fake Python with the behaviour named.
fn fake(behaviour: &str, finish_within_s: u32) -> TrackerSettings {
    let wandb = WandbSettings {
        project: behaviour.to_owned(),
        python: Some(fixture("fake_python")),
        finish_within_s,
        ..WandbSettings::default()
    };
    TrackerSettings { names: vec![TrackerName::Wandb], wandb }
}

/// A run with three steps and a summary: six events with its start and its end.
fn run(settings: &TrackerSettings, folder: &Path) -> TrackerOutcome {
    let mut trackers = Trackers::start(settings, facts("run-1", folder));
    for step in 0..3 {
        trackers.log(step, &[("loss", 1.0 / (step + 1) as f64)]);
    }
    trackers.summary(&[("accuracy", 0.75)]);
    let mut outcomes = trackers.finish(RunStatus::Finished);
    assert_eq!(outcomes.len(), 1);
    assert_eq!(outcomes[0].events, 6);
    outcomes.remove(0)
}

fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(Instant::now() < deadline, "{what} did not happen");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The processes that the fake started, itself first, once all are there.
fn pids(folder: &Path) -> Vec<u32> {
    let text = until("the fake's start", || std::fs::read_to_string(folder.join("pids")).ok());
    let pids: Vec<u32> = text.split_whitespace().map(|pid| pid.parse().unwrap()).collect();
    assert_eq!(pids.len(), 3);
    pids
}

/// Neither gone nor dead and only not reaped.
fn lives(pid: u32) -> bool {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
    !stat.rsplit_once(") ").unwrap().1.starts_with(['Z', 'X'])
}

/// A killed process takes a moment to be dead.
fn gone(pids: &[u32]) {
    until("the end of all", || (!pids.iter().any(|pid| lives(*pid))).then_some(()));
}

/// Command lines of what carries the mark of `run`.
fn family(run: &str) -> Vec<String> {
    let mark = format!("HIVIS_TRACKER={run}-");
    let read = |pid: &Path, file: &str| std::fs::read(pid.join(file)).unwrap_or_default();
    let all = std::fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path());
    all.filter(|pid| read(pid, "environ").split(|byte| *byte == 0).any(|v| v.starts_with(mark.as_bytes())))
        .map(|pid| String::from_utf8_lossy(&read(&pid, "cmdline")).replace('\0', " "))
        .collect()
}

fn lines(folder: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(folder.join("events.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_file_holds_one_event_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let mut trackers = Trackers::start(&only_file(), facts("run-1", folder.path()));
    trackers.log(7, &[("loss", 0.1), ("val_loss", f64::NAN)]);
    trackers.summary(&[("accuracy", 0.75)]);
    let place = folder.path().join("events.jsonl").display().to_string();
    let outcome = TrackerOutcome {
        tracker: TrackerName::JsonLines,
        end: TrackerEnd::Delivered,
        events: 4,
        lost: 0,
        why: None,
        place: Some(place),
    };
    assert_eq!(trackers.finish(RunStatus::Finished), [outcome]);
    let time = "1970-01-01T00:00:00Z";
    let config = facts("", folder.path()).config;
    let expected = [
        json!({ "time": time, "event": "start", "run": "run-1", "tags": ["head", "tiny"], "config": config }),
        json!({ "time": time, "event": "metrics", "step": 7, "values": { "loss": 0.1, "val_loss": null } }),
        json!({ "time": time, "event": "summary", "values": { "accuracy": 0.75 } }),
        json!({ "time": time, "event": "finish", "status": "finished" }),
    ];
    assert_eq!(lines(folder.path()), expected);
}

#[test]
fn a_run_that_is_dropped_has_failed() {
    let folder = tempfile::tempdir().unwrap();
    drop(Trackers::start(&only_file(), facts("run-1", folder.path())));
    let lines = lines(folder.path());
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[1]["status"], "failed");
}

#[test]
fn a_file_that_cannot_be_written_fails_nothing() {
    let nowhere = Path::new("/nonexistent/run");
    let outcome = run(&only_file(), nowhere);
    assert_eq!((outcome.end, outcome.lost), (TrackerEnd::Lost, 6));
    assert!(outcome.why.unwrap().starts_with("cannot write /nonexistent/run/events.jsonl: "));

    let full = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("/dev/full", full.path().join("events.jsonl")).unwrap();
    let outcome = run(&only_file(), full.path());
    assert_eq!((outcome.end, outcome.lost), (TrackerEnd::Lost, 6), "{:?}", outcome.why);
}

#[test]
fn a_python_that_is_missing_fails_nothing() {
    let mut settings = fake("any", 1);
    settings.wandb.python = Some("/nonexistent/python".into());
    let outcome = run(&settings, Path::new("/"));
    assert_eq!((outcome.end, outcome.lost), (TrackerEnd::Lost, 6));
    assert!(outcome.why.unwrap().starts_with("cannot start /nonexistent/python: "));
}

#[test]
fn a_python_that_hangs_is_killed_with_all_that_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let mut trackers = Trackers::start(&fake("hangs", 1), facts("hung", folder.path()));
    let pids = pids(folder.path());
    assert!(pids.iter().all(|pid| lives(*pid)));
    // More than the queue and the pipe hold: a call that waited would wait for ever.
    for step in 0..20_000 {
        trackers.log(step, &[("loss", 0.5)]);
    }
    let outcome = trackers.finish(RunStatus::Finished).remove(0);
    assert_eq!((outcome.end, outcome.events, outcome.lost), (TrackerEnd::Killed, 20_002, 20_002));
    assert_eq!(outcome.why.unwrap(), "it had not ended after 1 s and was killed");
    gone(&pids);
}

#[test]
fn what_a_python_leaves_behind_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let trackers = Trackers::start(&fake("leaves", 1), facts("left", folder.path()));
    let pids = pids(folder.path());
    until("the fake's own end", || (!lives(pids[0])).then_some(()));
    assert!(pids[1..].iter().all(|pid| lives(*pid)));
    let outcome = trackers.finish(RunStatus::Finished).remove(0);
    assert_eq!((outcome.end, outcome.lost), (TrackerEnd::Killed, 2), "{:?}", outcome.why);
    gone(&pids);
}

#[test]
fn a_python_that_dies_fails_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let outcome = run(&fake("dies", 60), folder.path());
    assert_eq!((outcome.end, outcome.lost), (TrackerEnd::Lost, 4), "{:?}", outcome.why);
    assert_eq!(outcome.why.unwrap(), "it ended with exit status: 3; it said: out of luck");
    assert_eq!(outcome.place.unwrap(), "somewhere");
}

#[test]
fn a_python_that_ends_well_but_too_soon_has_lost_events() {
    let folder = tempfile::tempdir().unwrap();
    let outcome = run(&fake("forgets", 60), folder.path());
    assert_eq!((outcome.end, outcome.lost), (TrackerEnd::Lost, 4));
    assert_eq!(outcome.why.unwrap(), "it did not confirm every event");
}

#[test]
fn a_python_that_floods_is_read_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let outcome = run(&fake("floods", 60), folder.path());
    assert_eq!((outcome.end, outcome.lost), (TrackerEnd::Delivered, 0), "{:?}", outcome.why);
}

/// What was logged since, by the whole process.
fn logged() -> Arc<Mutex<Vec<u8>>> {
    #[derive(Clone)]
    struct Kept(Arc<Mutex<Vec<u8>>>);
    impl std::io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let kept = Kept(Arc::default());
    let bytes = Arc::clone(&kept.0);
    tracing_subscriber::fmt().with_ansi(false).with_writer(move || kept.clone()).init();
    bytes
}

/// Runs the test `name` of this file in a process of its own, with a key in its environment; its output.
fn alone(name: &str) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", &format!("tracker::{name}"), "--nocapture", "--include-ignored"]);
    let output = command.env("WANDB_API_KEY", SECRET).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    text
}

#[test]
#[ignore = "a part of `trouble_is_one_warning`, which gives it a key and a log of its own"]
fn four_runs_in_trouble() {
    let log = logged();
    let folder = tempfile::tempdir().unwrap();
    let mut missing = fake("any", 1);
    missing.wandb.python = Some("/nonexistent/python".into());
    for settings in [fake("refuses", 60), fake("leaks", 60), missing] {
        println!("{:?}", run(&settings, folder.path()));
    }
    run(&only_file(), Path::new("/nonexistent/run"));
    println!("{}", String::from_utf8_lossy(&log.lock().unwrap()));
}

#[test]
fn trouble_is_one_warning() {
    let text = alone("four_runs_in_trouble");
    let warnings: Vec<&str> = text.lines().filter(|line| line.contains("WARN")).collect();
    assert_eq!(warnings.len(), 4, "{text}");
    for (warning, why) in warnings.iter().zip(["no luck today", "the key is [key]", "cannot start", "cannot write"]) {
        assert!(warning.contains(why) && warning.contains("hint="), "{why}: {warning}");
    }
    assert!(!text.contains(SECRET), "{text}");
}

fn real(finish_within_s: u32) -> Option<(PathBuf, TrackerSettings)> {
    let python = environment("wandb")?.join("bin/python");
    let wandb = WandbSettings {
        project: "hivis-test".to_owned(),
        mode: Some(WandbMode::Offline),
        python: Some(python.clone()),
        finish_within_s,
        ..WandbSettings::default()
    };
    Some((python, TrackerSettings { names: vec![TrackerName::Wandb], wandb }))
}

/// What wandb wrote into the run's folder, by wandb's own messages.
fn read_back(python: &Path, folder: &Path) -> Value {
    let ends = |path: &Path| path.extension().is_some_and(|extension| extension == "wandb");
    let files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    let file = files.iter().find(|path| ends(path)).expect("a .wandb file");
    let output = Command::new(python).arg("-B").arg(fixture("read_run.py")).arg(file).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Starts a Python with wandb twice, some 3 s of one core each.
#[test]
fn wandb_holds_what_it_was_told() {
    let Some((python, settings)) = real(120) else { return };
    for status in [RunStatus::Finished, RunStatus::Failed] {
        let folder = tempfile::tempdir().unwrap();
        let mut trackers = Trackers::start(&settings, facts("wandb-told", folder.path()));
        let sent = [(0, 0.123_456_789_012_345_6, 1e-12), (1, 0.25, 3.0), (5, 0.1, -7.5)];
        for (step, loss, other) in sent {
            trackers.log(step, &[("loss", loss), ("tune/loss", other)]);
        }
        trackers.log(6, &[("loss", f64::NAN)]);
        trackers.summary(&[("accuracy", 0.916), ("mcc", 0.5)]);
        let outcome = trackers.finish(status).remove(0);
        assert_eq!((outcome.end, outcome.events, outcome.lost), (TrackerEnd::Delivered, 7, 0), "{:?}", outcome.why);
        assert_eq!(family("wandb-told"), [""; 0]);

        let place = PathBuf::from(outcome.place.unwrap());
        assert_eq!(place.parent().unwrap(), folder.path().join("wandb"));
        assert!(place.file_name().unwrap().to_str().unwrap().starts_with("offline-run-"), "{place:?}");
        let found = read_back(&python, &place);
        assert_eq!((&found["name"], &found["project"]), (&json!("wandb-told"), &json!("hivis-test")));
        assert_eq!(found["tags"], json!(["head", "tiny"]));
        for (name, value) in facts("", folder.path()).config.as_object().unwrap() {
            assert_eq!(&found["config"][name], value);
        }
        let history = found["history"].as_array().unwrap();
        assert_eq!(history.len(), 4, "{history:?}");
        for (row, (step, loss, other)) in history.iter().zip(sent) {
            let row = (row["_step"].as_u64(), row["loss"].as_f64(), row["tune/loss"].as_f64());
            assert_eq!(row, (Some(step), Some(loss), Some(other)));
        }
        assert_eq!((&history[3]["_step"], &history[3]["loss"]), (&json!(6), &json!("NaN")));
        assert_eq!((&found["summary"]["accuracy"], &found["summary"]["mcc"]), (&json!(0.916), &json!(0.5)));
        assert_eq!(found["exit"], i32::from(status == RunStatus::Failed));
    }
}

/// wandb's service runs in a session of its own: a signal to the child's process group does not reach it.
#[test]
fn wandbs_own_service_is_killed_too() {
    let Some((_, settings)) = real(0) else { return };
    let folder = tempfile::tempdir().unwrap();
    let trackers = Trackers::start(&settings, facts("wandb-killed", folder.path()));
    until("wandb's service", || family("wandb-killed").iter().any(|line| line.contains("wandb-core")).then_some(()));
    let outcome = trackers.finish(RunStatus::Finished).remove(0);
    assert_eq!(outcome.end, TrackerEnd::Killed);
    assert_eq!(family("wandb-killed"), [""; 0]);
}
