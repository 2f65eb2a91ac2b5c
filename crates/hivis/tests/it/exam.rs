//! Exams of releases in this process: in parts, from kept answers, by the data that they were trained on.

use std::path::Path;

use serde_json::Value;

use crate::made::{note, trained, vit};
use crate::miner::{hivis, output, with_release};
use crate::release::{current, run, told};

/// Standard output of a command that succeeds.
fn said(home: &Path, args: &[&str]) -> String {
    let out = output(hivis(home, args));
    assert!(out.status.success(), "{args:?}: {}", told(&out));
    String::from_utf8(out.stdout).expect("text")
}

/// What a command that fails says.
fn refused(home: &Path, args: &[&str]) -> String {
    let out = output(hivis(home, args));
    assert!(!out.status.success(), "{args:?}: {}", told(&out));
    told(&out)
}

fn merge<'a>(parts: &[&'a str]) -> Vec<&'a str> {
    [&["exam", "--json", "--merge"][..], parts].concat()
}

#[test]
fn parts_of_an_exam_make_its_report_bit_for_bit() {
    let home = tempfile::tempdir().expect("a folder");
    let home = home.path();
    with_release(home);
    let first = current(home);
    run(home, &["import", "model", vit().to_str().expect("a plain path"), "--id", "vit"]);
    let files = tempfile::tempdir().expect("a folder");
    let file = |name: &str| files.path().join(name).to_str().expect("a plain path").to_owned();
    let answers = file("answers.json");
    let exam = ["exam", &first, "vit", "--questions", "40", "--json", "--answers", &answers];
    let whole = said(home, &exam);
    let report: Value = serde_json::from_str(&whole).expect("JSON");
    for (at, release) in [first.as_str(), "vit"].into_iter().enumerate() {
        let footprint = &report["candidates"][at]["footprint"];
        let graph = std::fs::metadata(home.join("releases").join(release).join("model.onnx")).expect("a graph");
        assert_eq!(footprint["graph_bytes"], graph.len());
        // The weights alone lie in memory once.
        let memory = footprint["memory_bytes"].as_u64().expect("Linux counts");
        assert!(at > 0 || memory > graph.len() / 2, "{footprint}");
    }
    // From the kept answers, the same.
    assert_eq!(said(home, &exam), whole);

    let parts: Vec<String> = (1..=3).map(|i| file(&format!("{i}.json"))).collect();
    for (i, part) in parts.iter().enumerate() {
        let shard = format!("{}/3", i + 1);
        let args = [&exam[..], &["--shard", &shard, "--out", part]].concat();
        let once = (said(home, &args), std::fs::read(part).expect("a part"));
        assert_eq!((said(home, &args), std::fs::read(part).expect("a part")), once, "the same again is the same");
    }
    let names: Vec<&str> = parts.iter().map(String::as_str).collect();
    assert_eq!(said(home, &merge(&[names[2], names[0], names[1]])), whole);

    let missing = refused(home, &merge(&names[..2]));
    assert!(missing.contains("part 3 of 3 is missing") && missing.contains("hint:"), "{missing}");
    assert!(refused(home, &merge(&[names[0], names[0], names[1], names[2]])).contains("part 1 of 3 was given 2 times"));
    assert!(refused(home, &merge(&[&answers])).contains("is not what `hivis exam` writes there"));
    let other = refused(home, &[&exam[..], &["--seed", "9"]].concat());
    assert!(other.contains("are of another exam") && other.contains("hint:"), "{other}");
    assert!(refused(home, &["exam", "vit", "--shard", "4/3"]).contains("I from 1 to N"));
    // A merged exam counts for a promotion as any other: the policy hears it, and refuses or not.
    let promote = output(hivis(home, &["release", "promote", &first]));
    assert!(told(&promote).contains("has sat no exam"), "only the other way round: {}", told(&promote));
}

#[test]
fn releases_are_named_by_the_data_that_they_were_trained_on() {
    let home = tempfile::tempdir().expect("a folder");
    let home = home.path();
    with_release(home);
    let first = current(home);
    // The name that sorts last is the older one.
    for (id, data) in [("z-old", "aa11"), ("a-new", "aa11"), ("other", "bb22")] {
        trained(home, &first, id, &note(data));
    }
    let exam = |one: &'static str, two: &'static str| ["exam", "--data", one, two, "--questions", "20", "--json"];
    let report: Value = serde_json::from_str(&said(home, &exam("bb", "aa"))).expect("JSON");
    let who = [0, 1].map(|at| report["candidates"][at]["candidate"].clone());
    assert_eq!(who, ["other", "a-new"]);
    let none = refused(home, &exam("aa", "cc"));
    assert!(none.contains("no release was trained on data version cc") && none.contains("hint:"), "{none}");
    let same = refused(home, &exam("aa1", "aa"));
    assert!(same.contains("both are the data of release a-new"), "{same}");
    assert!(refused(home, &["exam", "--data", "aa"]).contains("2 values"), "two are wanted");
}
