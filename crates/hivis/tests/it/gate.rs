//! The gate over a home, as a user runs it.

use std::path::Path;

use hivis_image::{encode_jpeg, encode_png, resize_bilinear};
use hivis_store::{BatchKind, Home, KeptGenerated, NewBatch, NewGenerated, ObjectId};
use hivis_synth::{Mix, Style, View, scene};
use hivis_types::{Label, Picture, Usd};
use jiff::Timestamp;
use serde_json::Value;

use crate::miner::{hivis, output, with_release};

/// A rendered street and what it shows.
fn street(seed: u64, style: Style) -> (Picture, Label) {
    let scene = scene(seed, &Mix::default());
    (scene.render(&View { style, ..View::square(160) }).picture, scene.label)
}

fn json(home: &Path, args: &[&str]) -> Value {
    let out = output(hivis(home, args));
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).expect("JSON")
}

fn lines(home: &Path, args: &[&str]) -> Vec<Value> {
    let out = output(hivis(home, args));
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let text = String::from_utf8(out.stdout).expect("text");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn text(home: &Path, args: &[&str]) -> String {
    let out = output(hivis(home, args));
    String::from_utf8_lossy(if out.status.success() { &out.stdout } else { &out.stderr }).into_owned()
}

/// 260 streets as a data set; gives the bytes of one in the test part of the default split.
fn import_streets(root: &Path, home: &Path) -> Vec<u8> {
    let mut tested = None;
    for seed in 0..260 {
        let (picture, label) = street(seed, Style::Camera);
        let class = if label == Label::Roadwork { "roadwork" } else { "none" };
        let folder = root.join("streets").join(class);
        std::fs::create_dir_all(&folder).expect("a folder");
        let bytes = encode_png(&picture);
        std::fs::write(folder.join(format!("{seed}.png")), &bytes).expect("a file");
        // A picture without a scene of its own is parted by its SHA-256.
        let part = hivis_train::split::part(72, &ObjectId::of(&bytes).to_string());
        if part == hivis_train::split::Part::Test && tested.is_none() {
            tested = Some(bytes);
        }
    }
    json(home, &["import", "dataset", root.join("streets").to_str().expect("text"), "--json"]);
    tested.expect("a tenth of them")
}

/// Puts pictures into the home as `hivis synth` does.
fn generate(home: &Path, pictures: Vec<(Vec<u8>, Label)>) -> (i64, Vec<ObjectId>) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let ledger = Home::open(home).expect("a home").ledger().await.expect("a ledger");
        let batch = NewBatch {
            kind: BatchKind::Night,
            generator: "scenes".to_owned(),
            prompts: "night 1".to_owned(),
            asked: pictures.len() as u64,
            run: None,
            slices: Vec::new(),
        };
        let now = Timestamp::from_second(1_800_000_000).expect("a time");
        let batch = ledger.begin_batch(&batch, now).await.expect("a batch");
        let picture = |(seed, (bytes, wanted)): (usize, (Vec<u8>, Label))| NewGenerated {
            bytes,
            wanted,
            model: "scenes".to_owned(),
            mode: "text-to-image".to_owned(),
            prompt: format!("a street, number {seed}"),
            negative: String::new(),
            prompt_id: "night/streets".to_owned(),
            settings: Value::Null,
            seed: seed as u64,
            parent: None,
            scene: None,
            slices: Vec::new(),
            cost: Usd(0),
        };
        let group: Vec<NewGenerated> = pictures.into_iter().enumerate().map(picture).collect();
        let kept = ledger.keep_generated(batch, &group, now).await.expect("kept");
        let id = |kept| match kept {
            KeptGenerated::New(id, _) => id,
            other => panic!("{other:?}"),
        };
        let ids = kept.into_iter().map(id).collect();
        ledger.close().await;
        (batch, ids)
    })
}

#[test]
fn a_batch_is_judged_shown_and_judged_again() {
    let root = tempfile::tempdir().expect("a folder");
    let home = root.path().join("home");
    std::fs::create_dir_all(&home).expect("a folder");
    with_release(&home);
    // Real enough for the gate: the release's word on labels and the batch's distance are tried on their own below.
    std::fs::write(home.join("hivis.toml"), "[gate]\nsureness = 2.0\nratio = 1000.0\nreal = 250\n").expect("a file");
    let tested = import_streets(root.path(), &home);
    assert_eq!(json(&home, &["gate", "run", "--json"])["judged"], 0, "nothing waits");

    let tested = hivis_image::decode(&tested, &hivis_image::DecodeLimits::default()).expect("a picture").picture;
    let mut pictures: Vec<(Vec<u8>, Label)> = (5_000..5_056)
        .map(|seed| {
            let (picture, label) = street(seed, Style::Camera);
            (encode_png(&picture), label)
        })
        .collect();
    let first = hivis_image::decode(&pictures[0].0, &hivis_image::DecodeLimits::default()).expect("ours").picture;
    pictures.push((encode_jpeg(&tested), Label::Roadwork));
    pictures.push((encode_jpeg(&first), Label::Roadwork));
    pictures.push((encode_png(&Picture::filled(160, 160, [0; 3])), Label::Roadwork));
    pictures.push((b"<html>502 Bad Gateway</html>".to_vec(), Label::Roadwork));
    pictures.push((encode_png(&resize_bilinear(&resize_bilinear(&first, 6, 6), 160, 160)), Label::Clear));
    let (batch, ids) = generate(&home, pictures);

    let dry = json(&home, &["gate", "run", "--dry-run", "--json"]);
    assert_eq!((&dry["dry_run"], &dry["judged"]), (&Value::from(true), &Value::from(61)), "{dry}");
    assert!(lines(&home, &["gate", "list", "--json"]).is_empty(), "a dry run writes nothing");

    let sheet = root.path().join("refused.png");
    let report = json(&home, &["gate", "run", "--sheet", sheet.to_str().expect("text"), "--json"]);
    let said = |at: usize| {
        let verdicts = report["verdicts"].as_array().expect("verdicts");
        let id = ids[at].to_string();
        let verdict = verdicts.iter().find(|v| v["id"] == id.as_str() && v["level"] == 1).expect("each has one");
        verdict["reasons"].to_string()
    };
    for (at, kind) in
        [(56, "leak: "), (57, "duplicate: "), (58, "one-colour: "), (59, "unreadable: "), (60, "blurred: ")]
    {
        assert!(said(at).contains(kind), "{kind}: {}", said(at));
    }
    assert!(said(56).contains("of the test part"), "{}", said(56));
    let passed = report["passed"].as_u64().expect("a number");
    assert!((45..=56).contains(&passed), "{}", report["refused"]);
    let verdict = &report["batches"][0];
    assert!(verdict["figures"]["frechet_ratio"].as_f64().expect("a ratio") > 0.0, "{verdict}");
    assert_eq!((&verdict["passed"], &verdict["batch"]), (&Value::from(true), &Value::from(batch)));
    let chosen = report["chosen"].as_u64().expect("a number");
    assert!((1..=12).contains(&chosen), "of the best fifth of {passed}: {chosen}");
    assert!(report["limits"]["real"]["pictures"].as_u64() >= Some(200), "{}", report["limits"]);
    assert!(
        report["notes"].to_string().contains("FID 50"),
        "the report says which thresholds apply: {}",
        report["notes"]
    );
    let drawn = hivis_image::decode(&std::fs::read(&sheet).expect("a sheet"), &hivis_image::DecodeLimits::default());
    assert!(drawn.expect("a picture").picture.width() > 900);

    // Shown, in words and as figures.
    let failed = lines(&home, &["gate", "list", "--failed", "--json"]);
    assert_eq!(failed.len() as u64, 61 - passed);
    let shown = text(&home, &["gate", "show", &ids[58].to_string()[..10]]);
    assert!(
        shown.contains("refused") && shown.contains("one_colour") && shown.contains("a street, number 58"),
        "{shown}"
    );
    let trend = lines(&home, &["gate", "trend", "frechet_ratio", "--json"]);
    assert_eq!((trend.len(), &trend[0]["batch"]), (1, &Value::from(batch)));
    assert!(text(&home, &["gate", "trend"]).contains("passed_share"));
    for (args, what) in [
        (["gate", "show", "ffffffffffff"], "no verdict is known"),
        (["gate", "trend", "beauty"], "no batch has a figure"),
        (["gate", "run", "--batch=99"], "has no picture in this home"),
    ] {
        let said = text(&home, &args);
        assert!(said.contains(what) && said.contains("hint:"), "{said}");
    }

    // A batch that is too far from the real set passes as a whole or not at all.
    std::fs::write(home.join("hivis.toml"), "[gate]\nsureness = 2.0\nratio = 0.01\nreal = 250\n").expect("a file");
    let strict = json(&home, &["gate", "run", "--again", "--json"]);
    assert_eq!((&strict["passed"], &strict["chosen"]), (&Value::from(0), &Value::from(0)), "{}", strict["batches"]);
    assert_eq!(strict["refused"]["batch"].as_u64(), Some(passed));
    assert_eq!(lines(&home, &["gate", "trend", "frechet_ratio", "--json"]).len(), 2, "trends keep what was said");
    let said = text(&home, &["gate", "run"]);
    assert!(said.contains("no generated picture waits"), "{said}");
}

#[test]
fn picture_files_are_judged_without_a_home() {
    let root = tempfile::tempdir().expect("a folder");
    let home = root.path().join("none");
    let file = |name: &str, bytes: &[u8]| {
        let path = root.path().join(name);
        std::fs::write(&path, bytes).expect("a file");
        path.to_str().expect("text").to_owned()
    };
    let good = file("good.png", &encode_png(&street(1, Style::Camera).0));
    let black = file("black.png", &encode_png(&Picture::filled(300, 300, [0; 3])));
    let text_file = file("text.png", b"no picture");
    let one = file("one.png", &encode_png(&Picture::filled(1, 1, [9; 3])));
    // The header of a PNG of 60,000 x 60,000 pixels.
    let mut huge = encode_png(&Picture::filled(1, 1, [9; 3]));
    huge[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
    let huge = file("huge.png", &huge);
    let out = output(hivis(&home, &["gate", "file", "--json", &good, &black, &text_file, &one, &huge]));
    assert_eq!(out.status.code(), Some(1), "one of them is refused");
    let said = String::from_utf8(out.stdout).expect("text");
    let verdicts: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let passed: Vec<bool> = verdicts.iter().map(|v| v["verdict"]["passed"].as_bool().expect("a word")).collect();
    assert_eq!(passed, [true, false, false, false, false], "{said}");
    assert!(output(hivis(&home, &["gate", "file", &good])).status.success());
    assert!(!home.exists(), "no home is made");
    let missing = text(&home, &["gate", "file", "/nowhere.png"]);
    assert!(missing.contains("error:") && missing.contains("/nowhere.png"), "{missing}");
}

#[test]
fn wrong_settings_are_refused_with_a_hint() {
    let root = tempfile::tempdir().expect("a folder");
    let home = root.path().join("home");
    drop(Home::open_or_create(&home).expect("a home"));
    for (setting, what) in [
        ("limits = \"soft\"", "gate.limits"),
        ("tail = 0.9", "gate.tail"),
        ("inception = \"/nowhere/inception.onnx\"", "gate.inception"),
        ("lpips = \"/nowhere/lpips.onnx\"", "gate.lpips"),
        ("releases = [\"No Such\"]", "gate.releases"),
    ] {
        std::fs::write(home.join("hivis.toml"), format!("[gate]\n{setting}\n")).expect("a file");
        let said = text(&home, &["gate", "run"]);
        assert!(said.contains(what) && said.contains("hint:"), "{said}");
    }
}
