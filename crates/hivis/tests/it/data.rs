//! Data in: pulled from a Hub on loopback, imported from folders, contradicted, cut short, damaged.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use hivis_testbed::golden::fixtures;
use hivis_testbed::hub::{FakeHub, Fault, GOOD_TOKEN};
use hivis_types::Picture;
use serde_json::Value;

use crate::miner::{hivis, output, with_release};

fn table(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../hivis-examiner/tests/tables");
    std::fs::read(folder.join(name)).expect("a table")
}

/// `hivis` with this Hub and nothing of the tester's own tokens.
fn with_hub(home: &Path, hub: &FakeHub, args: &[&str]) -> Command {
    let mut command = hivis(home, args);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("HF_") || name.starts_with("HUGGING")) {
        command.env_remove(name);
    }
    command.env("HF_ENDPOINT", hub.endpoint()).env("HF_HOME", home.join("none"));
    command
}

fn json(command: Command) -> Value {
    let out = output(command);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).expect("JSON")
}

/// What a failing command says.
fn fails(command: Command) -> String {
    let out = output(command);
    assert!(!out.status.success(), "{}", String::from_utf8_lossy(&out.stdout));
    String::from_utf8_lossy(&out.stderr).into_owned()
}

fn list(home: &Path) -> Value {
    json(hivis(home, &["data", "list", "--json"]))
}

const PULL: [&str; 4] = ["pull", "dataset", "some/streets", "--json"];

#[test]
fn a_data_set_of_the_hub_is_imported_once_and_examined_on() {
    let home = tempfile::tempdir().expect("a folder");
    with_release(home.path());
    let hub = FakeHub::start();
    hub.put("datasets/some/streets", false, &[("data/a.parquet", table("hub.parquet")), ("README.md", b"x".to_vec())]);
    hub.fault("a.parquet", Fault::Status(503, Vec::new()));
    let report = json(with_hub(home.path(), &hub, &PULL));
    assert_eq!((&report["new"], &report["there"]), (&Value::from(3), &Value::from(0)), "{report}");
    assert_eq!(report["reasons"].as_object().expect("reasons").len(), 3, "{report}");
    let file = PathBuf::from(report["file"].as_str().expect("a file"));
    assert!(file.starts_with(home.path().join("reports")), "{}", file.display());
    let skipped = std::fs::read_to_string(&file).expect("a report");
    assert!(skipped.lines().count() == 3 && skipped.contains("data/a#2"), "{skipped}");

    let version = list(home.path())["version"].clone();
    hub.seen();
    let again = json(with_hub(home.path(), &hub, &PULL));
    assert_eq!((&again["new"], &again["there"]), (&Value::from(0), &Value::from(3)), "{again}");
    assert!(hub.seen().iter().all(|seen| !seen.path.contains("resolve")), "nothing is loaded again");
    let listed = list(home.path());
    assert_eq!((&listed["version"], &listed["pictures"]), (&version, &Value::from(3)));
    assert_eq!(listed["datasets"][0]["source"], "hub:some/streets");

    for pictures in ["data", "data:some/streets"] {
        let exam = ["exam", "current", "--pictures", pictures, "--questions", "8", "--json"];
        let report = json(hivis(home.path(), &exam));
        assert_eq!(report["plan"]["questions"].as_u64().or(report["questions"].as_u64()), Some(8), "{report}");
    }
    let said = fails(hivis(home.path(), &["exam", "current", "--pictures", "data:nothing"]));
    assert!(said.contains("no data set is named `nothing`") && said.contains("hint:"), "{said}");
}

#[test]
fn a_damaged_table_is_named_and_harms_nothing() {
    let home = tempfile::tempdir().expect("a folder");
    let hub = FakeHub::start();
    let whole = table("hub.parquet");
    let cut = whole[..whole.len() / 2].to_vec();
    hub.put("datasets/some/streets", false, &[("a.parquet", table("named.parquet")), ("b.parquet", cut)]);
    let said = fails(with_hub(home.path(), &hub, &PULL));
    assert!(said.contains("b.parquet") && said.contains("hint:"), "{said}");
    let listed = list(home.path());
    assert_eq!((&listed["pictures"], &listed["datasets"][0]["ended"]), (&Value::from(2), &Value::Null), "{listed}");
    hub.put("datasets/some/streets", false, &[("a.parquet", table("named.parquet")), ("b.parquet", whole)]);
    let report = json(with_hub(home.path(), &hub, &PULL));
    assert_eq!((&report["new"], &report["there"]), (&Value::from(3), &Value::from(2)), "{report}");
    assert!(list(home.path())["datasets"][0]["ended"].is_string());
}

#[test]
fn a_gated_model_says_what_to_do_and_hides_the_token() {
    let home = tempfile::tempdir().expect("a folder");
    let hub = FakeHub::start();
    let read = |name: &str| std::fs::read(fixtures().join("dinov3-bare").join(name)).expect("a fixture");
    let files = [("config.json", read("config.json")), ("model.safetensors", read("model.safetensors"))];
    hub.put("models/meta/dino", true, &files);
    let pull = ["pull", "model", "meta/dino", "--json"];
    let said = fails(with_hub(home.path(), &hub, &pull));
    assert!(said.contains("HF_TOKEN") && said.contains("/meta/dino"), "{said}");
    let with = |token: &str| {
        let mut command = with_hub(home.path(), &hub, &pull);
        command.env("HF_TOKEN", token).env("RUST_LOG", "trace");
        command
    };
    let said = fails(with("hf_wrongAndSecret"));
    assert!(said.contains("refuses the token") && !said.contains("Secret"), "{said}");
    let out = output(with(GOOD_TOKEN));
    let (told, log) = (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    assert!(out.status.success() && !log.contains(GOOD_TOKEN) && !told.contains(GOOD_TOKEN), "{log}");
    let told: Value = serde_json::from_str(&told).expect("JSON");
    assert!(told["next"].as_str().expect("what to do").starts_with("hivis train"), "{told}");
    let folder = PathBuf::from(told["folder"].as_str().expect("a folder"));
    assert_eq!(std::fs::read(folder.join("model.safetensors")).expect("a file"), files[1].1);
}

/// A picture of its own for each small number.
fn jpeg(n: u32) -> Vec<u8> {
    hivis_image::encode_jpeg(&Picture::filled(24, 16, [n as u8 * 60, 80, 120]))
}

fn write(root: &Path, name: &str, bytes: &[u8]) {
    let path = root.join(name);
    std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    std::fs::write(path, bytes).expect("a file");
}

#[test]
fn data_sets_that_disagree_are_shown() {
    let root = tempfile::tempdir().expect("a folder");
    let home = root.path().join("home");
    write(root.path(), "one/roadwork/a.jpg", &jpeg(1));
    write(root.path(), "one/none/b.jpg", &jpeg(2));
    write(root.path(), "one/none/broken.jpg", b"no picture");
    write(root.path(), "two/none/a.jpg", &jpeg(1));
    write(root.path(), "two/none/b.jpg", &jpeg(2));
    write(root.path(), "two/roadwork/b again.jpg", &jpeg(2));
    for name in ["one", "two"] {
        let folder = root.path().join(name);
        let out = output(hivis(&home, &["import", "dataset", folder.to_str().expect("a text")]));
        let said = String::from_utf8_lossy(&out.stdout);
        assert!(out.status.success() && said.contains("2 pictures new"), "{said}");
        let why = if name == "one" { "not a picture" } else { "labelled the other way" };
        assert!(said.contains(why), "{said}");
    }
    let listed = list(&home);
    assert_eq!((&listed["pictures"], &listed["disputed"]), (&Value::from(2), &Value::from(1)), "{listed}");
    assert_eq!((&listed["conflicts"][0]["shared"], &listed["conflicts"][0]["differ"]), (&2.into(), &1.into()));
    let out = output(hivis(&home, &["data", "list"]));
    assert!(String::from_utf8_lossy(&out.stdout).contains("one and two"), "{out:?}");
    let said = fails(hivis(&home, &["import", "dataset", root.path().join("nothing").to_str().expect("a text")]));
    assert!(said.contains("hint:"), "{said}");
}

#[test]
fn an_import_that_was_killed_ends_complete() {
    let root = tempfile::tempdir().expect("a folder");
    let streets = root.path().join("streets");
    for n in 0..2500 {
        // PNG, because a JPEG of one colour may equal its neighbour's.
        let picture = Picture::filled(24, 16, [n as u8, (n >> 8) as u8, 90]);
        let name = format!("{}/{n}.png", if n % 2 == 0 { "roadwork" } else { "none" });
        write(&streets, &name, &hivis_image::encode_png(&picture));
    }
    let import = ["import", "dataset", streets.to_str().expect("a text"), "--json"];
    let (killed, whole) = (root.path().join("killed"), root.path().join("whole"));
    let mut child = hivis(&killed, &import).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().expect("hivis starts");
    let lines = BufReader::new(child.stderr.take().expect("stderr is piped")).lines();
    let seen = lines.map_while(Result::ok).any(|line| line.ends_with(" pictures"));
    child.kill().expect("it can be killed");
    child.wait().expect("it ends");
    assert!(seen, "it told that it is on its way");
    let cut = list(&killed);
    assert!(cut["pictures"].as_u64().expect("a number") >= 500, "{cut}");
    let report = json(hivis(&killed, &import));
    assert_eq!(report["new"].as_u64().zip(report["there"].as_u64()).map(|(n, t)| n + t), Some(2500), "{report}");
    json(hivis(&whole, &import));
    let versions = [&killed, &whole].map(|home| list(home)["version"].clone());
    assert_eq!(versions[0], versions[1]);
}
