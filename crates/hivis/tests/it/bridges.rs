//! Pictures out to other tools and back: the tools themselves read them and change them, and nothing is lost on the way.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;

use hivis_testbed::peers::environment;
use hivis_types::Picture;
use serde_json::{Value, json};

use crate::made::vit;
use crate::miner::{DEADLINE, hivis, output};

/// A picture that looks like no other of another number.
fn png(number: u64) -> Vec<u8> {
    let mut picture = Picture::filled(64, 64, [0; 3]);
    for (at, pixel) in picture.rgb_mut().chunks_exact_mut(3).enumerate() {
        let block = (at / 64 / 8 * 8 + at % 64 / 8) as u64;
        let mut noise = (number * 64 + block + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        noise = (noise ^ (noise >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        pixel.fill((noise >> 40) as u8);
    }
    hivis_image::encode_png(&picture)
}

/// A home with a data set of so many pictures, every second one roadwork, every third one in the rain.
fn streets(root: &Path, count: u64) -> PathBuf {
    let (home, folder) = (root.join("home"), root.join("streets"));
    std::fs::create_dir_all(&folder).expect("a folder");
    let mut lines = String::new();
    for n in 0..count {
        let name = if n == 1 { "a \"quoted\"\nname ü.png".to_owned() } else { format!("{n}.png") };
        std::fs::write(folder.join(&name), png(n)).expect("a file");
        let weather = if n % 3 == 0 { "rain" } else { "" };
        let label = if n % 2 == 0 { "none" } else { "roadwork" };
        let line =
            json!({ "file_name": name, "label": label, "scene": format!("scene {}", n / 2), "weather": weather });
        writeln!(lines, "{line}").expect("text");
    }
    std::fs::write(folder.join("metadata.jsonl"), lines).expect("a file");
    run(&home, &["import", "dataset", text(&folder)]);
    home
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}

fn run(home: &Path, args: &[&str]) -> String {
    let out = output(hivis(home, args));
    assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).expect("text")
}

fn told(home: &Path, args: &[&str]) -> Value {
    serde_json::from_str(&run(home, &[args, &["--json"]].concat())).expect("JSON")
}

fn fails(home: &Path, args: &[&str]) -> String {
    let out = output(hivis(home, args));
    assert!(!out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stdout));
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(said.contains("hint:"), "{said}");
    said
}

fn export(home: &Path, format: &str, to: &Path) -> Value {
    told(home, &["data", "export", "--format", format, text(to)])
}

fn import(home: &Path, from: &Path, reviewer: &str) -> Value {
    told(home, &["data", "import", text(from), "--reviewer", reviewer])
}

/// What the home says of its pictures: label, whose word, origin and tags by SHA-256, and which share a scene.
fn state(home: &Path, root: &Path) -> BTreeMap<String, Vec<String>> {
    let folder = root.join(format!("state-{}", std::fs::read_dir(root).expect("a folder").count()));
    export(home, "folder", &folder);
    let mut reader = csv::Reader::from_path(folder.join("hivis.csv")).expect("a table");
    let header = reader.headers().expect("a header").clone();
    let mut state = BTreeMap::new();
    for record in reader.records() {
        let record = record.expect("a line");
        let cell = |name: &str| record[header.iter().position(|h| h == name).expect("a column")].to_owned();
        let scene = cell("scene").rsplit('/').next().expect("a scene").to_owned();
        state.insert(cell("sha256"), vec![cell("label"), cell("label_source"), cell("origin"), cell("slices"), scene]);
    }
    state
}

/// MongoDB on loopback, as FiftyOne wants it; killed when dropped.
struct Mongod {
    child: Child,
    address: String,
    _folder: tempfile::TempDir,
}

impl Mongod {
    fn start() -> Option<Self> {
        let packages = std::fs::read_dir(environment("mongod")?.join("lib")).expect("a folder");
        let python = packages.map(|entry| entry.expect("an entry").path()).next().expect("a Python's folder");
        let folder = tempfile::tempdir().expect("a folder");
        let mut child = Command::new(python.join("site-packages/fiftyone/db/bin/mongod"))
            .args(["--dbpath", text(folder.path()), "--bind_ip", "127.0.0.1", "--port", "0", "--nounixsocket"])
            .args(["--wiredTigerCacheSizeGB", "0.25"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("mongod starts");
        let lines = BufReader::new(child.stdout.take().expect("stdout is piped")).lines();
        let (send, receive) = mpsc::channel();
        // Reads to the end, so that the server never blocks on its log.
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let event: Value = serde_json::from_str(&line).unwrap_or_default();
                if event["msg"] == "Waiting for connections" {
                    let _ = send.send(event["attr"]["port"].as_u64());
                }
            }
        });
        let port = receive.recv_timeout(DEADLINE).expect("mongod says where it listens").expect("a port");
        Some(Self { child, address: format!("mongodb://127.0.0.1:{port}"), _folder: folder })
    }

    /// What the script says of FiftyOne.
    fn fiftyone(&self, args: &[&str]) -> Option<Value> {
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = Command::new(environment("fiftyone")?.join("bin/python"));
        command.arg(script("fiftyone_bridge.py")).args(args).env("HOME", folder.path());
        command.env("FIFTYONE_DATABASE_URI", &self.address).env("FIFTYONE_DO_NOT_TRACK", "true");
        Some(last_line(command))
    }
}

impl Drop for Mongod {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peer").join(name)
}

fn last_line(command: Command) -> Value {
    let out = output(command);
    let said = String::from_utf8_lossy(&out.stdout);
    assert!(out.status.success(), "{said}\n{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_str(said.lines().last().expect("a line")).expect("JSON")
}

#[test]
fn fiftyone_gets_all_of_it_and_gives_it_back() {
    let Some(mongod) = Mongod::start() else { return };
    let root = tempfile::tempdir().expect("a folder");
    let root = root.path();
    let home = root.join("home");
    streets(root, 14);
    run(&home, &["import", "model", text(&vit()), "--id", "vit"]);
    let out = |n: usize| root.join(format!("out-{n}"));
    let full = |n: usize| told(&home, &["data", "export", "--format", "fiftyone", "--embeddings", text(&out(n))]);
    let report = full(0);
    assert_eq!(report["embeddings"], report["pictures"], "{report}");

    // A name that a shell or a JSON writer could stumble over.
    let new = root.join("new \"picture\"\nü.png");
    std::fs::write(&new, png(1000)).expect("a file");
    let edited = root.join("edited");
    let Some(seen) = mongod.fiftyone(&["edit", text(&out(0)), text(&edited), text(&new)]) else { return };
    let before = seen["before"]["samples"].as_object().expect("samples");
    assert_eq!(before.len() as u64, report["pictures"].as_u64().expect("a number"));
    let ours = before.values().filter(|sample| sample["dataset"] == "streets");
    let mut features = Vec::new();
    for sample in ours {
        let label = sample["ground_truth"]["label"].as_str().expect("a label");
        assert_eq!(sample["ground_truth"]["source"], "dataset");
        assert!(["none", "roadwork"].contains(&label), "{sample}");
        let embedding = sample["embeddings"].as_array().expect("a vector");
        assert!(embedding.len() > 8 && embedding.iter().any(|value| value != &json!(0.0)), "{sample}");
        features.push(embedding.clone());
        let tags = sample["tags"].as_array().expect("tags");
        assert!(tags.contains(&json!("from:dataset")), "{sample}");
    }
    features.dedup();
    assert_eq!(features.len(), 14, "each picture has features of its own");
    let rainy = before.values().filter(|s| s["tags"].as_array().is_some_and(|t| t.contains(&json!("weather:rain"))));
    assert_eq!(rainy.count(), 5);

    let dry = told(&home, &["data", "import", text(&edited), "--reviewer", "ann", "--dry-run"]);
    let imported = import(&home, &edited, "ann");
    for report in [&dry, &imported] {
        assert_eq!((&report["relabelled"][0]["sha256"], &report["new"]), (&seen["edited"]["relabelled"], &json!(1)));
        assert_eq!(report["relabelled"].as_array().expect("a list").len(), 1, "{report}");
    }
    full(1);
    let again = import(&home, &out(1), "bob");
    assert_eq!((&again["relabelled"], &again["new"]), (&json!([]), &json!(0)), "{again}");
    full(2);
    let after = mongod.fiftyone(&["show", text(&out(1)), text(&out(2))]).expect("it is there");
    assert_eq!(after[0], after[1], "a round trip without changes changes nothing");
    assert_eq!((&after[0]["views"], &after[0]["classes"]), (&json!(["found"]), &seen["before"]["classes"]));

    // What was changed, and nothing else.
    let after = after[0]["samples"].as_object().expect("samples");
    let name = |field: &str| seen["edited"][field].as_str().expect("a name");
    for (sha256, was) in before {
        let mut wanted = was.clone();
        let is = &after[sha256];
        assert!(is["metadata"]["width"].as_u64().is_some(), "metadata that FiftyOne computed stays: {is}");
        for field in ["metadata", "score", "box", "prediction"] {
            wanted[field] = is[field].clone();
        }
        if let Some(note) = is["ground_truth"].get("note") {
            assert_eq!(note.is_null(), sha256 != name("relabelled"), "{note}");
            wanted["ground_truth"]["note"] = note.clone();
        }
        if sha256 == name("relabelled") {
            wanted["ground_truth"]["label"] = json!("roadwork");
            wanted["exported_label"] = json!("roadwork");
            wanted["ground_truth"]["source"] = json!("person");
            assert_eq!(is["ground_truth"]["note"], "a cone, \"half\" hidden");
        }
        if sha256 == name("tagged") {
            let tags = wanted["tags"].as_array_mut().expect("tags");
            tags.retain(|tag| tag != "weather:rain");
            tags.push(json!("look again"));
            tags.sort_by_key(ToString::to_string);
            assert_eq!(is["score"].as_f64(), Some(0.1 + 0.2));
            assert_eq!(is["box"]["detections"][0]["bounding_box"][3].as_f64(), Some(1.0 / 3.0), "{is}");
        }
        let fields = |of: &Value| of.as_object().expect("fields").clone();
        let (is, wanted) = (fields(is), fields(&wanted));
        assert!(is.keys().eq(wanted.keys()), "{:?} {:?}", is.keys(), wanted.keys());
        for (field, value) in &is {
            assert_eq!(value, &wanted[field], "{field} of {sha256}");
        }
    }
    let new: Vec<&Value> = after.iter().filter(|(sha256, _)| !before.contains_key(*sha256)).map(|(_, s)| s).collect();
    assert_eq!(new.len(), 1);
    assert_eq!((&new[0]["id"], &new[0]["ground_truth"]["label"]), (&seen["edited"]["new"], &json!("roadwork")));
    let tags = new[0]["tags"].as_array().expect("tags");
    assert!(tags.contains(&json!("mine")) && tags.contains(&json!("weather:fog")), "{tags:?}");
}

#[test]
fn hugging_face_reads_both_layouts_and_so_does_the_home() {
    let Some(venv) = environment("fiftyone") else { return };
    let root = tempfile::tempdir().expect("a folder");
    let root = root.path();
    let home = streets(root, 60);
    let wanted = state(&home, root);
    let kinds = ["imagefolder", "parquet"];
    let folders = kinds.map(|kind| root.join(kind));
    let reports = [0, 1].map(|n| export(&home, kinds[n], &folders[n]));
    let mut command = Command::new(venv.join("bin/python"));
    command.arg(script("datasets_bridge.py")).args([kinds[0], text(&folders[0]), kinds[1], text(&folders[1])]);
    for (name, value) in [("HF_HUB_OFFLINE", "1"), ("HF_DATASETS_OFFLINE", "1"), ("HF_HOME", text(&root.join("hf")))] {
        command.env(name, value);
    }
    let shown = last_line(command);
    for (((kind, folder), report), shown) in
        kinds.iter().zip(&folders).zip(&reports).zip(shown.as_array().expect("both"))
    {
        let mut rows = BTreeMap::new();
        for (split, part) in shown.as_object().expect("splits") {
            let part_rows = part["rows"].as_object().expect("rows");
            assert_eq!(report["splits"][split], json!(part_rows.len()), "{report}");
            assert_eq!(part["classes"], if *kind == "parquet" { json!(["none", "roadwork"]) } else { Value::Null });
            for (sha256, row) in part_rows {
                assert_eq!((&row["split"], &row["size"]), (&json!(split), &json!([64, 64])));
                rows.insert(sha256.clone(), row["label"].as_str().expect("a label").to_owned());
            }
        }
        let labels: BTreeMap<String, String> =
            wanted.iter().map(|(id, words)| (id.clone(), words[0].clone())).collect();
        assert_eq!(rows, labels, "{kind}: every picture with its label, once");
        assert!(shown.as_object().expect("splits").len() >= 2, "one split says nothing: {report}");

        let other = root.join(format!("home-{kind}"));
        run(&other, &["import", "dataset", text(folder)]);
        assert_eq!(state(&other, root), wanted, "{kind}: a home that imports it says the same");
        assert_eq!(import(&home, folder, "ann")["same"], json!(wanted.len()));
    }
}

#[test]
fn moving_a_picture_relabels_it_and_renaming_does_not() {
    let root = tempfile::tempdir().expect("a folder");
    let root = root.path();
    let home = streets(root, 8);
    let folder = root.join("out");
    export(&home, "folder", &folder);
    let files = |class: &str| {
        let files = std::fs::read_dir(folder.join(class)).expect("a folder").map(|e| e.expect("an entry").path());
        let mut files: Vec<PathBuf> = files.collect();
        files.sort();
        files
    };
    assert_eq!((files("roadwork").len(), files("none").len()), (4, 4));
    let (moved, renamed) = (files("none")[0].clone(), files("none")[1].clone());
    std::fs::rename(&moved, folder.join("roadwork").join("odd\n\"name\".png")).expect("a move");
    std::fs::rename(&renamed, folder.join("none").join("another.png")).expect("a move");
    std::fs::write(folder.join("none/new.png"), png(500)).expect("a file");
    let before = state(&home, root);
    let dry = run(&home, &["data", "import", text(&folder), "--reviewer", "ann", "--dry-run"]);
    assert!(dry.contains("none -> roadwork") && dry.contains("1 new") && dry.contains("nothing was changed"), "{dry}");
    assert_eq!(state(&home, root), before, "a dry run changes nothing");

    let report = import(&home, &folder, "ann");
    assert_eq!((&report["same"], &report["new"]), (&json!(7), &json!(1)), "{report}");
    let id = report["relabelled"][0]["sha256"].as_str().expect("an id");
    assert_eq!(report["relabelled"].as_array().expect("a list").len(), 1);
    let after = state(&home, root);
    assert_eq!(after[id][..2], ["roadwork", "person"]);
    assert_eq!(after.len(), 9);
    let again = import(&home, &folder, "ann");
    assert_eq!((&again["same"], &again["new"], &again["relabelled"]), (&json!(9), &json!(0), &json!([])), "{again}");
    let log = std::fs::read_to_string(home.join("reports/relabelled.jsonl")).expect("the list");
    assert!(log.lines().count() == 1 && log.contains("\"reviewer\":\"ann\"") && log.contains(id), "{log}");

    // Bob's folder is older and still says none: nobody asked bob, so ann's word stays.
    let old = root.join("old");
    std::fs::create_dir_all(old.join("none")).expect("a folder");
    std::fs::copy(folder.join("roadwork/odd\n\"name\".png"), old.join("none/a.png")).expect("a copy");
    let line = format!("sha256,label,exported_label,exported_us\n{id},none,none,1000\n");
    std::fs::write(old.join("hivis.csv"), line).expect("a table");
    assert_eq!(import(&home, &old, "bob")["stale"], 1);
    // Without the table it is bob's word against hers; she may take her own back.
    std::fs::remove_file(old.join("hivis.csv")).expect("it is there");
    let said = fails(&home, &["data", "import", text(&old), "--reviewer", "bob"]);
    assert!(said.contains("bob says none, ann said roadwork") && said.contains("nothing was changed"), "{said}");
    assert_eq!(state(&home, root), after);
    assert_eq!(import(&home, &old, "ann")["relabelled"][0]["to"], "none");
}

#[test]
fn what_is_wrong_is_refused_whole() {
    let root = tempfile::tempdir().expect("a folder");
    let root = root.path();
    let home = streets(root, 6);
    let good = root.join("good");
    export(&home, "fiftyone", &good);
    let before = state(&home, root);
    let read = |name: &str| std::fs::read_to_string(good.join(name)).expect("a file");
    let (samples, metadata) = (read("samples.json"), read("metadata.json"));
    let parsed: Value = serde_json::from_str(&samples).expect("JSON");
    let changed = |change: &dyn Fn(&mut Vec<Value>)| {
        let mut samples = parsed.clone();
        change(samples["samples"].as_array_mut().expect("samples"));
        samples.to_string()
    };
    let sha = |at: usize| parsed["samples"][at]["sha256"].as_str().expect("an id").to_owned();
    let with = |field: &str, value: Value| {
        let field = field.to_owned();
        changed(&move |samples| {
            samples[0]["ground_truth"]["label"] = json!("roadwork");
            samples[1][&*field] = value.clone();
        })
    };
    let zebra = changed(&|samples| samples[2]["ground_truth"]["label"] = json!("zebra"));
    let twice = changed(&|samples| {
        let mut other = samples[0].clone();
        let label = other["ground_truth"]["label"] == "none";
        other["ground_truth"]["label"] = json!(if label { "roadwork" } else { "none" });
        samples.push(other);
    });
    let cases = [
        (samples[..samples.len() * 2 / 3].to_owned(), metadata.clone(), "samples.json cannot be read"),
        ("{\"frames\": []}".to_owned(), metadata.clone(), "no list `samples`"),
        (samples.clone(), "{".to_owned(), "metadata.json cannot be read"),
        (samples.clone(), metadata.replace("\"1.0.0\"", "\"0.24.1\""), "hivis reads 1.x"),
        (with("filepath", json!("data/../../home/ledger.db")), metadata.clone(), "leaves the folder"),
        (with("filepath", json!(null)), metadata.clone(), "has no filepath"),
        (with("sha256", json!(sha(2))), metadata.clone(), "not those that were exported"),
        (with("sha256", json!("x")), metadata.clone(), "no SHA-256"),
        (zebra, metadata.clone(), "label `zebra` is neither"),
        (twice, metadata.clone(), "twice, with two labels"),
    ];
    for (samples, metadata, why) in cases {
        std::fs::write(good.join("samples.json"), samples).expect("a file");
        std::fs::write(good.join("metadata.json"), metadata).expect("a file");
        let said = fails(&home, &["data", "import", text(&good), "--reviewer", "ann"]);
        assert!(said.contains(why), "{why}: {said}");
        assert_eq!(state(&home, root), before, "{why}");
    }
    std::fs::write(good.join("metadata.json"), &metadata).expect("a file");
    // A file that is gone is no matter where the home knows the picture, and none where it does not.
    std::fs::write(good.join("samples.json"), &samples).expect("a file");
    let file = good.join(parsed["samples"][0]["filepath"].as_str().expect("a path"));
    std::fs::remove_file(&file).expect("it is there");
    assert_eq!(import(&home, &good, "ann")["without_file"], 1);
    std::fs::write(
        good.join("samples.json"),
        with("filepath", json!("data/none.png")).replace(&sha(1), &"0".repeat(64)),
    )
    .expect("a file");
    assert!(fails(&home, &["data", "import", text(&good), "--reviewer", "ann"]).contains("is not there"));

    let said = fails(&home, &["data", "import", text(&root.join("nothing")), "--reviewer", "ann"]);
    assert!(said.contains("nothing to import"), "{said}");
    std::fs::create_dir(root.join("empty")).expect("a folder");
    let said = fails(&home, &["data", "import", text(&root.join("empty")), "--reviewer", "ann"]);
    assert!(said.contains("in no layout that we know"), "{said}");
    let said = fails(&home, &["data", "import", text(&good), "--reviewer", "  "]);
    assert!(said.contains("no reviewer's name"), "{said}");
}

#[test]
fn an_export_is_whole_or_not_there() {
    let root = tempfile::tempdir().expect("a folder");
    let root = root.path();
    let home = streets(root, 6);
    let to = root.join("out");
    let args = |format: &'static str| ["data", "export", "--format", format, text(&to)];
    let nobody = || assert!(!to.exists() && !root.join("out.partial").exists());

    let linked = root.join("linked");
    told(&home, &["data", "export", "--format", "imagefolder", text(&linked), "--link"]);
    let mut pictures = std::fs::read_dir(linked.join("train")).expect("a folder").map(|e| e.expect("an entry").path());
    let picture = pictures.find(|path| path.extension().is_some_and(|e| e == "png")).expect("a picture");
    assert_eq!(std::fs::metadata(&picture).expect("a file").nlink(), 2, "the home's own file");

    std::fs::create_dir(&to).expect("a folder");
    std::fs::write(to.join("mine"), "x").expect("a file");
    assert!(fails(&home, &args("folder")).contains("is not empty"));
    assert_eq!(std::fs::read_dir(&to).expect("a folder").count(), 1);
    std::fs::remove_dir_all(&to).expect("it is there");

    let of = [&args("folder")[..], &["--of", "data:nothing"]].concat();
    assert!(fails(&home, &of).contains("no data set is named `nothing`"));
    let of = [&args("folder")[..], &["--of", "streets"]].concat();
    assert!(fails(&home, &of).contains("names no pictures"));
    assert!(fails(&home, &[&args("parquet")[..], &["--link"]].concat()).contains("inside a parquet file"));
    assert!(fails(&home, &[&args("folder")[..], &["--embeddings"]].concat()).contains("has a place for embeddings"));
    let said = fails(&home, &[&args("fiftyone")[..], &["--embeddings"]].concat());
    assert!(said.contains("no release is current"), "{said}");
    nobody();

    // One object whose bytes are others now, and one that is gone.
    let path = std::fs::canonicalize(&picture).expect("a path");
    let inode = std::fs::metadata(&path).expect("a file").ino();
    let objects = walk(&home.join("objects"));
    let object = objects.iter().find(|p| std::fs::metadata(p).expect("a file").ino() == inode).expect("an object");
    let bytes = std::fs::read(object).expect("a file");
    std::fs::remove_file(object).expect("it is there");
    for format in ["folder", "parquet", "fiftyone"] {
        assert!(fails(&home, &args(format)).contains("is not there"));
        nobody();
    }
    std::fs::write(object, png(77)).expect("a file");
    for format in ["imagefolder", "parquet", "fiftyone"] {
        let said = fails(&home, &args(format));
        assert!(said.contains("is not what it was") && said.contains("is damaged"), "{said}");
        nobody();
    }
    std::fs::write(object, bytes).expect("a file");
    assert_eq!(export(&home, "folder", &to)["pictures"], 6);
}

/// Every file below a folder.
fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { files.extend(walk(&path)) } else { files.push(path) }
    }
    files
}
