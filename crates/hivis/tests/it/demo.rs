//! The newcomer's command, in small.

use crate::miner::{hivis, output};

#[test]
fn the_demo_answers_reports_and_records() {
    let home = tempfile::tempdir().expect("a folder");
    let out = output(hivis(home.path(), &["demo", "--questions", "40", "--rate", "20", "--no-stay", "--no-train"]));
    let told = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(out.status.success(), "{told}\n{}", String::from_utf8_lossy(&out.stderr));
    assert!(told.contains("reward") && told.contains("What to do next"), "{told}");

    let out = output(hivis(home.path(), &["records", "list", "--json", "--limit", "1000"]));
    let records: Vec<serde_json::Value> = String::from_utf8_lossy(&out.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).expect("one JSON object a line"))
        .collect();
    assert_eq!(records.len(), 40, "every question is recorded");
    for record in &records {
        let prediction = record["prediction"].as_f64().expect("a number");
        assert!((0.0..=1.0).contains(&prediction), "{record}");
        assert_eq!(record["status"], 200);
    }

    let id = records[0]["id"].as_str().expect("an id");
    let picture = home.path().join("picture.jpg");
    let show = ["records", "show", id, "--picture", picture.to_str().expect("a plain path")];
    let out = output(hivis(home.path(), &show));
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let bytes = std::fs::read(&picture).expect("the picture is written");
    assert_eq!(&bytes[..2], [0xff, 0xd8], "a JPEG as it came");

    let table = home.path().join("all.csv");
    assert!(output(hivis(home.path(), &["records", "export", table.to_str().expect("a plain path")])).status.success());
    let csv = std::fs::read_to_string(&table).expect("the export is written");
    assert_eq!(csv.lines().count(), 41, "a heading and forty rows");
}

#[test]
fn the_same_seed_asks_the_same_questions() {
    let answers = |home: &std::path::Path| -> Vec<f64> {
        let out = output(hivis(home, &["demo", "--questions", "12", "--rate", "20", "--no-stay", "--no-train"]));
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        let out = output(hivis(home, &["records", "list", "--json", "--limit", "100"]));
        let mut all: Vec<f64> = String::from_utf8_lossy(&out.stdout)
            .lines()
            .filter_map(|l| serde_json::from_str::<serde_json::Value>(l).ok()?["prediction"].as_f64())
            .collect();
        all.sort_by(f64::total_cmp);
        all
    };
    let (a, b) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let (a, b) = (answers(a.path()), answers(b.path()));
    assert_eq!(a.len(), 12);
    for (x, y) in a.iter().zip(&b) {
        // The same pictures; batches may differ, and with them the last bits.
        assert!((x - y).abs() < 1e-5, "{x} {y}");
    }
}

/// One simulated day and its night, then one hard picture followed through every station by a command each.
#[cfg(feature = "train")]
#[test]
fn a_day_turns_the_whole_wheel() {
    let home = tempfile::tempdir().expect("a folder");
    let json = |args: &[&str]| -> serde_json::Value {
        let out = output(hivis(home.path(), &[args, &["--json"]].concat()));
        assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
        serde_json::from_slice(&out.stdout).expect("JSON")
    };
    let demo = ["demo", "--days", "1", "--questions", "60", "--rate", "20", "--no-stay"];
    // Some three minutes of two cores that other tests use as well.
    let out = crate::miner::output_within(10 * crate::miner::DEADLINE, hivis(home.path(), &demo));
    let told = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(out.status.success(), "{told}\n{}", String::from_utf8_lossy(&out.stderr));

    let night = json(&["night", "show", "1"]);
    let steps = night["steps"].as_array().expect("steps");
    let state = |name: &str| steps.iter().find(|step| step["name"] == name).map(|step| step["state"].clone());
    for step in ["mine", "synthesise", "gate", "version", "train", "exam", "report"] {
        assert_eq!(state(step), Some("done".into()), "{step} in {night}");
    }

    // The command that the demo prints.
    let follow = told.lines().find_map(|line| line.split(" trace ").nth(1)).expect("a picture to follow");
    let traced = json(&["trace", follow.trim()]);
    assert!(!traced["picks"].as_array().expect("picks").is_empty(), "mined: {traced}");
    assert!(traced["story"]["probability"].is_number() && traced["now"]["probability"].is_number(), "{traced}");
    let variations = traced["variations"].as_array().expect("variations");
    assert!(variations.iter().all(|made| made["passed"].is_boolean()), "gated: {traced}");
    let version = traced["versions"][0]["since"].as_str().expect("a version").to_owned();
    assert!(version.starts_with("v1.0.0-"), "{version}");
    let runs = traced["runs"].as_object().expect("trainings");
    assert!(runs.keys().any(|run| run.contains("nightly")), "trained on: {traced}");
    let train = steps.iter().find(|step| step["name"] == "train").expect("a training");
    let release = train["facts"]["release"].as_str().expect("a release");
    let run = std::fs::read_to_string(home.path().join("runs").join(release).join("run.toml")).expect("the run's file");
    assert!(run.contains(&format!("version:{version}")), "it names what it learned from: {run}");
}
