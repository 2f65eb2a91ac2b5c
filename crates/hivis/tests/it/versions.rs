//! Versions of the data as a user cuts them: numbers, notes, words of `--pictures`, and what is never lost.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use hivis_types::Picture;
use serde_json::Value;

use crate::miner::{hivis, output, with_release};

fn json(home: &Path, args: &[&str]) -> Value {
    let out = output(hivis(home, &[args, &["--json"]].concat()));
    assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&out.stdout)))
}

fn fails(home: &Path, args: &[&str]) -> String {
    let out = output(hivis(home, args));
    assert!(!out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stdout));
    String::from_utf8_lossy(&out.stderr).into_owned()
}

/// A picture of its own for each number: blocks of noise, so that no two look alike.
fn png(number: u64) -> Vec<u8> {
    let mut picture = Picture::filled(48, 48, [0; 3]);
    for (at, pixel) in picture.rgb_mut().chunks_exact_mut(3).enumerate() {
        let block = (at / 48 / 6 * 8 + at % 48 / 6) as u64;
        let mut noise = (number * 64 + block + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        noise = (noise ^ (noise >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        pixel.fill((noise >> 40) as u8);
    }
    hivis_image::encode_png(&picture)
}

/// A folder of pictures `from..to` in class folders, every other one roadwork.
fn streets(root: &Path, name: &str, numbers: std::ops::Range<u64>) -> PathBuf {
    let folder = root.join(name);
    for n in numbers {
        let class = folder.join(if n % 2 == 0 { "roadwork" } else { "none" });
        std::fs::create_dir_all(&class).expect("a folder");
        std::fs::write(class.join(format!("{n}.png")), png(n)).expect("a file");
    }
    folder
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}

const CREATE: [&str; 3] = ["data", "version", "create"];

/// A home with so many pictures and a version of them.
fn with_version(root: &Path, pictures: u64) -> PathBuf {
    let home = root.join("home");
    let folder = streets(root, "streets", 0..pictures);
    json(&home, &["import", "dataset", text(&folder)]);
    json(&home, &CREATE);
    home
}

fn lines(folder: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(folder.join("metadata.jsonl")).expect("a table");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn numbers_go_up_by_what_changed() {
    let root = tempfile::tempdir().expect("a folder");
    let home = with_version(root.path(), 40);
    let nothing = json(&home, &CREATE);
    assert_eq!((&nothing["version"], nothing["before"].is_string()), (&Value::Null, true), "{nothing}");
    let number = |report: &Value| report["version"].as_str().expect("a name").split('-').next().map(str::to_owned);

    // More pictures: minor. A dry run says the same and leaves all.
    let more = streets(root.path(), "more", 40..50);
    json(&home, &["import", "dataset", text(&more)]);
    let dry = json(&home, &["data", "version", "create", "--dry-run"]);
    let report = json(&home, &["data", "version", "create", "--message", "ten more"]);
    assert_eq!((number(&dry), number(&report)), (Some("v1.1.0".to_owned()), Some("v1.1.0".to_owned())), "{report}");
    assert_eq!((&report["rows"], &report["pictures"]), (&10.into(), &50.into()), "{report}");
    assert_eq!(report["facts"]["change"]["added"]["data set more"]["pictures"], 10);
    assert!(report["commit"].is_string() && report["facts"]["standing"]["accuracy"].is_null());

    // Another label: major.
    std::fs::rename(more.join("none/41.png"), more.join("roadwork/41.png")).expect("a move");
    json(&home, &["import", "dataset", text(&more)]);
    let report = json(&home, &CREATE);
    assert_eq!(number(&report).as_deref(), Some("v2.0.0"), "{report}");
    // Back to what it was, as a new version.
    let report = json(&home, &["data", "version", "rollback", "v1.1.0"]);
    assert_eq!(number(&report).as_deref(), Some("v3.0.0"), "{report}");
    let same = json(&home, &["data", "version", "diff", "v1.1.0", "latest"]);
    assert_eq!(same["change"]["relabelled"], serde_json::json!({}), "{same}");
    let report = json(&home, &["data", "version", "create", "--bump", "patch"]);
    assert_eq!(number(&report).as_deref(), Some("v3.0.1"), "{report}");

    let log = std::fs::read_to_string(home.join("dataset/CHANGELOG.md")).expect("a change log");
    let headings: Vec<&str> = log.lines().filter_map(|line| line.strip_prefix("## v")).collect();
    assert_eq!(headings.len(), 5, "{log}");
    for told in ["ten more", "10 pictures, 5 of them roadwork: data set more", "the content is that of v1.1.0"] {
        assert!(log.contains(told), "{told} is not in\n{log}");
    }
    assert!(log.contains("accuracy in its newest exam: not known before, not known now"), "{log}");
    assert_eq!(json(&home, &["data", "fsck"])["troubles"], serde_json::json!([]));
}

#[test]
fn a_checkout_reads_as_a_data_set_and_a_version_as_pictures() {
    let root = tempfile::tempdir().expect("a folder");
    let home = with_version(root.path(), 60);
    let folder = root.path().join("out");
    json(&home, &["data", "version", "checkout", "latest", text(&folder)]);
    let lines = lines(&folder);
    assert_eq!(lines.len(), 60);
    for line in &lines {
        assert!(folder.join(line["file_name"].as_str().expect("a name")).is_file(), "{line}");
        assert_eq!(
            (&line["from"], &line["dataset"], &line["label_source"]),
            (&"dataset".into(), &"streets".into(), &"dataset".into())
        );
    }
    let in_part = |part: &str| lines.iter().filter(|line| line["split"] == part).count();
    assert!(in_part("train") > 30 && in_part("train") + in_part("tune") + in_part("exam") + in_part("test") == 60);
    // Another home reads the folder as it is, and puts every picture into the same part.
    let other = root.path().join("other");
    let report = json(&other, &["import", "dataset", text(&folder)]);
    assert_eq!((&report["new"], &report["reasons"]), (&60.into(), &serde_json::json!({})), "{report}");
    assert!(fails(&home, &["data", "version", "checkout", "latest", text(&folder)]).contains("not empty"));

    let name = json(&home, &["data", "version", "show"])["version"]["name"].as_str().expect("a name").to_owned();
    with_release(&home);
    for pictures in ["samples", "version:latest", &format!("version:{name}")] {
        let exam = ["exam", "current", "--pictures", pictures, "--questions", "4"];
        let report = json(&home, &exam);
        assert_eq!(report["plan"]["questions"].as_u64().or(report["questions"].as_u64()), Some(4), "{report}");
    }
    // A damaged recording is no part of a version that is learned from.
    let file = folder.join(lines[7]["file_name"].as_str().expect("a name"));
    let object = object(&home, &std::fs::read(file).expect("a picture"));
    std::fs::remove_file(&object).expect("removed");
    std::fs::write(&object, b"other bytes").expect("written");
    let said = fails(&home, &["exam", "current", "--pictures", "version:latest", "--questions", "4"]);
    assert!(said.contains("is not whole") && said.contains("hint: `hivis data fsck`"), "{said}");
    assert!(fails(&home, &["data", "version", "show", "v9.9.9"]).contains("hint: `hivis data version list`"));
}

#[test]
fn a_folder_is_added_at_once() {
    let root = tempfile::tempdir().expect("a folder");
    let home = with_version(root.path(), 10);
    let more = streets(root.path(), "more", 5..30);
    std::fs::write(more.join("none/broken.png"), b"no picture").expect("a file");
    let report = json(&home, &["data", "version", "create", "--no-split", "--add", text(&more)]);
    // 5 to 9 are in both data sets, with the same labels; the first by name describes them.
    let change = &report["facts"]["change"];
    assert_eq!(
        (&report["pictures"], &change["moved"], &change["described"]),
        (&30.into(), &0.into(), &5.into()),
        "{report}"
    );
    assert!(fails(&home, &["data", "version", "create", "--add", text(&root.path().join("none"))]).contains("hint:"));
    let listed = json(&home, &["data", "list"]);
    assert_eq!(listed["datasets"][0]["pictures"], 25, "{listed}");
    assert_eq!(json(&home, &["data", "fsck"])["troubles"], serde_json::json!([]));
}

/// The recording with these bytes.
fn object(home: &Path, bytes: &[u8]) -> PathBuf {
    let folders = std::fs::read_dir(home.join("objects/files/md5")).expect("a folder");
    let files = folders.flat_map(|folder| std::fs::read_dir(folder.expect("an entry").path()).expect("a folder"));
    let mut paths = files.map(|file| file.expect("an entry").path());
    paths.find(|path| std::fs::read(path).expect("a file") == bytes).expect("it is recorded")
}

/// git in the repository, as the user who is nobody in particular.
fn git(home: &Path, args: &[&str]) -> String {
    let mut command = std::process::Command::new("git");
    command.args(["-c", "user.name=User", "-c", "user.email=user@example.com"]).args(args);
    let out = command.current_dir(home.join("dataset")).output().expect("git runs");
    assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8_lossy(&out.stdout).trim().to_owned()
}

fn dvc(venv: &Path, home: &Path, args: &[&str]) {
    let own = home.join("cache/dvc");
    let mut command = std::process::Command::new(venv.join("bin/dvc"));
    command.args(args).args(["--quiet"]).current_dir(home.join("dataset")).env("HOME", &own);
    let out = command.env("DVC_SITE_CACHE_DIR", own.join("site")).output().expect("dvc runs");
    assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
}

#[test]
fn what_a_person_changed_with_dvc_is_taken_over() {
    let Some(venv) = hivis_testbed::peers::environment("dvc") else { return };
    let root = tempfile::tempdir().expect("a folder");
    let home = with_version(root.path(), 40);
    dvc(&venv, &home, &["checkout"]);
    let data = home.join("dataset/data");
    let before = lines(&data);
    // One picture goes, one comes with its line, one comes without, one label is another.
    let gone = before[0]["file_name"].as_str().expect("a name").to_owned();
    let other = before[1].clone();
    std::fs::remove_file(data.join(&gone)).expect("removed");
    std::fs::write(data.join("pictures/my street.png"), png(100)).expect("a file");
    std::fs::write(data.join("pictures/unsaid.png"), png(101)).expect("a file");
    let mut table: Vec<Value> = before[1..].to_vec();
    table[0]["label"] = if other["label"] == "none" { "roadwork".into() } else { "none".into() };
    table.push(serde_json::json!({ "file_name": "pictures/my street.png", "label": "roadwork", "scene": "mine" }));
    let written: String = table.iter().flat_map(|line| [line.to_string(), "\n".to_owned()]).collect();
    std::fs::remove_file(data.join("metadata.jsonl")).expect("removed");
    std::fs::write(data.join("metadata.jsonl"), written).expect("a table");
    dvc(&venv, &home, &["add", "data"]);
    git(&home, &["commit", "-q", "-a", "-m", "mine"]);
    let mine = git(&home, &["rev-parse", "HEAD"]);

    let refused = fails(&home, &CREATE);
    assert!(refused.contains("hint:") && refused.contains("adopt"), "{refused}");
    let dry = json(&home, &["data", "version", "adopt", "--dry-run"]);
    let report = json(&home, &["data", "version", "adopt"]);
    for report in [&dry, &report] {
        let counts = ["added", "removed", "relabelled"].map(|field| report[field].as_u64());
        assert_eq!(counts, [Some(1), Some(1), Some(1)], "{report}");
        assert_eq!(report["skipped"][0]["name"], "pictures/unsaid.png", "{report}");
    }
    let name = report["cut"]["version"].as_str().expect("a version");
    assert!(name.starts_with("v2.0.0"), "{report}");
    assert_eq!(git(&home, &["rev-parse", &format!("{name}^")]), mine);
    let out = root.path().join("out");
    json(&home, &["data", "version", "checkout", "latest", text(&out)]);
    let after = lines(&out);
    assert_eq!(after.len(), 40);
    let find = |sha: &Value| after.iter().find(|line| line["sha256"] == *sha);
    assert!(find(&before[0]["sha256"]).is_none() && !out.join(&gone).exists());
    let relabelled = find(&other["sha256"]).expect("it is there");
    assert_eq!((&relabelled["label_source"], &relabelled["label"]), (&"person".into(), &table[0]["label"]));
    assert_eq!(std::fs::read(out.join("pictures/my street.png")).expect("its name stays"), png(100));
    // It stays so: nothing of it is new to the next cut.
    assert_eq!(json(&home, &CREATE)["version"], Value::Null);
    assert_eq!(json(&home, &["data", "version", "adopt"]), Value::Null);
}

#[test]
fn versions_go_to_another_home_and_on_from_there() {
    let root = tempfile::tempdir().expect("a folder");
    let home = with_version(root.path(), 20);
    let remote = root.path().join("remote");
    json(&home, &["data", "version", "push", text(&remote)]);
    let other = root.path().join("other");
    let report = json(&other, &["data", "version", "pull", text(&remote)]);
    assert_eq!((&report["pictures"], report["pull"]["new"].as_array().map(Vec::len)), (&20.into(), Some(1)));
    let more = streets(root.path(), "more", 20..24);
    let report = json(&other, &["data", "version", "create", "--add", text(&more)]);
    assert_eq!((&report["pictures"], &report["facts"]["change"]["removed"]), (&24.into(), &serde_json::json!({})));
    let said = fails(&home, &["data", "version", "push"]);
    assert!(said.contains("no remote is named") && said.contains("hint:"), "{said}");
}

#[test]
fn gc_keeps_what_a_training_names() {
    let root = tempfile::tempdir().expect("a folder");
    let home = with_version(root.path(), 10);
    let first = json(&home, &["data", "version", "show"])["version"]["name"].as_str().expect("a name").to_owned();
    for n in 1..3 {
        let more = streets(root.path(), &format!("more{n}"), 10 * n..10 * n + 4);
        json(&home, &["data", "version", "create", "--no-split", "--add", text(&more)]);
    }
    let run = home.join("runs/my-head");
    std::fs::create_dir_all(&run).expect("a folder");
    std::fs::write(run.join("run.toml"), format!("pictures = \"home,version:{first}\"\n")).expect("a file");
    let dry = json(&home, &["data", "gc", "--keep", "1", "--dry-run"]);
    let report = json(&home, &["data", "gc", "--keep", "1"]);
    assert_eq!((&report["removed"], &report["used"]), (&dry["removed"], &serde_json::json!([first])), "{report}");
    assert_eq!(report["removed"].as_array().map(Vec::len), Some(1));
    assert!(fails(&home, &["data", "version", "show", "v1.1.0"]).contains("was removed"));
    assert_eq!(json(&home, &["data", "fsck"])["troubles"], serde_json::json!([]));
}

/// Ten cuts, each killed a little later than the one before, then given again.
#[test]
fn cuts_killed_at_any_moment_leave_the_home_whole() {
    let root = tempfile::tempdir().expect("a folder");
    let home = with_version(root.path(), 30);
    let mut cut_off = 0;
    for round in 1..8_u64 {
        let more = streets(root.path(), &format!("more{round}"), 100 * round..100 * round + 3);
        json(&home, &["import", "dataset", text(&more)]);
        let mut child =
            hivis(&home, &CREATE).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("hivis starts");
        std::thread::sleep(Duration::from_millis(15 * round));
        cut_off += u32::from(child.try_wait().expect("it can be asked").is_none());
        let _ = child.kill();
        child.wait().expect("it ends");
        json(&home, &CREATE);
        let latest = json(&home, &["data", "version", "show"]);
        assert_eq!(latest["version"]["pictures"], 30 + 3 * round, "round {round}: {latest}");
        assert_eq!(json(&home, &["data", "fsck"])["troubles"], serde_json::json!([]), "round {round}");
    }
    assert!(cut_off > 0, "no cut was cut off");
    assert_eq!(git(&home, &["status", "--porcelain"]), "");
    git(&home, &["fsck", "--strict"]);
}
