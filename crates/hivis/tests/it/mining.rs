//! What was hard is mined, shown and searched, by the commands that a user types.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use hivis_engine::{Engine, LoadSettings};
use hivis_store::{Home, Ledger, ObjectId, RecordWriter, StoredLabel, WriterSettings};
use hivis_synth::{Mix, View, scene};
use hivis_types::{
    BatchLeft, Caller, EngineKind, Hotkey, Judgement, Label, LabelSource, Picture, Precision, Protocol, Record,
    RecordId, RecordedPicture, ReleaseId, Scores, Timings,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::miner::{hivis, output, with_release};
use crate::release::{current, run, told};

fn json(home: &Path, args: &[&str]) -> Value {
    let out = output(hivis(home, args));
    assert!(out.status.success(), "{args:?}: {}", told(&out));
    serde_json::from_slice(&out.stdout).unwrap_or_else(|_| panic!("{args:?}: {}", told(&out)))
}

fn fails(home: &Path, args: &[&str]) -> String {
    let out = output(hivis(home, args));
    assert!(!out.status.success(), "{args:?}: {}", told(&out));
    String::from_utf8_lossy(&out.stderr).into_owned()
}

/// What a street of that seed looks like to a validator.
fn street(seed: u64) -> Picture {
    scene(seed, &Mix::default()).render(&View::square(224)).picture
}

/// What the model says of a picture as it comes over the wire.
fn judged(engine: &dyn Engine, bytes: &[u8]) -> Scores {
    let picture = hivis_image::decode(bytes, &hivis_image::DecodeLimits::default()).expect("a picture").picture;
    engine.run(&[&picture]).expect("the release judges").remove(0)
}

/// Record number `n`, that arrived so many minutes ago.
fn record(n: u64, bytes: &[u8], scores: &Scores, (release, minutes): (&str, i64)) -> Record {
    let picture = hivis_image::decode(bytes, &hivis_image::DecodeLimits::default()).expect("a picture").picture;
    let arrived = Timestamp::now() - SignedDuration::from_mins(minutes);
    let mut id = [7; 16];
    id[8..].copy_from_slice(&n.to_be_bytes());
    Record {
        id: RecordId(format!("{:032x}", u128::from_be_bytes(id)).parse().expect("a uuid")),
        arrived,
        protocol: Protocol::Axon,
        caller: Caller {
            hotkey: Hotkey::new("5Fvalidator"),
            peer: "127.0.0.1:40000".into(),
            uuid: None,
            nonce: n,
            version: None,
            stake: 1000.0,
        },
        timeout_s: Some(9.0),
        status: 200,
        prediction: scores.probability,
        silence: None,
        notes: Vec::new(),
        judgement: Some(Judgement {
            release: ReleaseId::new(release).expect("a name"),
            engine: EngineKind::Rten,
            precision: Precision::Fp32,
            probability: scores.probability,
            features: scores.features.clone(),
            batch: 1,
            left: BatchLeft::Idle,
        }),
        picture: Some(RecordedPicture {
            dhash: Some(hivis_image::difference_hash(&picture)),
            bytes: bytes.to_vec(),
            media: "image/jpeg".into(),
            width: picture.width(),
            height: picture.height(),
        }),
        label: None,
        timings: Timings::default(),
    }
}

/// Runs on a runtime of its own, as the commands do in theirs.
fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(future)
}

async fn commit(home: &Home, records: Vec<Record>) -> Ledger {
    let ledger = home.ledger().await.expect("a ledger");
    let (writer, handle) =
        RecordWriter::spawn(home, &ledger, WriterSettings { free_bytes: 0, ..WriterSettings::default() })
            .expect("a writer");
    for record in records {
        writer.offer(record);
    }
    handle.close().await.expect("the writer ends");
    assert_eq!(writer.stats().dropped, 0, "{:?}", writer.stats());
    ledger
}

/// A folder of streets with their tags, as a data set brings them.
fn tagged(folder: &Path, seeds: std::ops::Range<u64>) {
    std::fs::create_dir_all(folder).expect("a folder");
    let mut lines = String::from("file_name,label,weather,time\n");
    for seed in seeds {
        let scene = scene(seed, &Mix::default());
        let name = format!("{seed}.jpg");
        std::fs::write(folder.join(&name), hivis_image::encode_jpeg(&street(seed))).expect("a file");
        let (weather, time) = (scene.tags.weather.as_str(), scene.tags.time.as_str());
        writeln!(lines, "{name},{},{weather},{time}", scene.label.as_u8()).expect("a text grows");
    }
    std::fs::write(folder.join("metadata.csv"), lines).expect("a file");
}

/// Streets that were asked: by seed their bytes and what the release said.
struct Asked {
    bytes: BTreeMap<u64, Vec<u8>>,
    scores: BTreeMap<u64, Scores>,
}

impl Asked {
    fn new(engine: &dyn Engine, seeds: std::ops::Range<u64>) -> Self {
        let bytes: BTreeMap<u64, Vec<u8>> = seeds.map(|seed| (seed, hivis_image::encode_jpeg(&street(seed)))).collect();
        let scores = bytes.iter().map(|(seed, bytes)| (*seed, judged(engine, bytes))).collect();
        Self { bytes, scores }
    }

    fn sha(&self, seed: u64) -> String {
        ObjectId::of(&self.bytes[&seed]).to_string()
    }

    fn probability(&self, seed: u64) -> f32 {
        self.scores[&seed].probability
    }
}

const STREETS: u64 = 80;
/// Streets whose label came.
const LABELLED: u64 = 40;

#[test]
fn what_was_hard_is_mined_shown_and_searched() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path().join("home");
    with_release(&at);
    let release = current(&at);
    let engine = hivis_engine::load(&LoadSettings::rten(at.join("releases").join(&release).join("model.onnx")))
        .expect("the release loads");
    let streets = folder.path().join("streets");
    tagged(&streets, 1000..1120);
    run(&at, &["import", "dataset", streets.to_str().expect("a text")]);

    let asked = Asked::new(&*engine, 0..STREETS);
    let label = |seed: u64| scene(seed, &Mix::default()).label;
    let hardest = (LABELLED..STREETS)
        .min_by(|a, b| (asked.probability(*a) - 0.5).abs().total_cmp(&(asked.probability(*b) - 0.5).abs()))
        .expect("streets");
    let mut records: Vec<Record> = (0..STREETS)
        .map(|seed| {
            // One came from a clock that was a day ahead.
            let minutes = if seed == 1 { -24 * 60 } else { 10 + seed as i64 };
            record(seed, &asked.bytes[&seed], &asked.scores[&seed], (&release, minutes))
        })
        .collect();
    // The hardest picture was asked again, and once more from another JPEG; that one's record has lost its features.
    let again = hivis_image::encode_png(&street(hardest));
    let mut twin = record(501, &again, &judged(&*engine, &again), (&release, 4));
    twin.judgement.as_mut().expect("judged").features = Vec::new();
    records.extend([record(500, &asked.bytes[&hardest], &asked.scores[&hardest], (&release, 5)), twin]);
    // A record of long ago.
    let old = hivis_image::encode_jpeg(&street(999));
    records.push(record(502, &old, &judged(&*engine, &old), (&release, 60 * 24 * 60)));
    let home = Home::open(&at).expect("a home");
    let ids: BTreeMap<String, u64> =
        records.iter().map(|r| (r.id.to_string(), r.caller.nonce)).filter(|(_, n)| *n < STREETS).collect();
    let first_labelled: Vec<RecordId> = records.iter().take(LABELLED as usize).map(|r| r.id).collect();
    wait(async {
        let ledger = commit(&home, records).await;
        for (seed, id) in first_labelled.iter().enumerate() {
            let said = StoredLabel {
                label: label(seed as u64),
                source: LabelSource::ValidatorLog,
                confidence: 1.0,
                at: Timestamp::now(),
            };
            ledger.label(*id, said).await.expect("a label");
        }
    });

    let dry = json(&at, &["mine", "run", "--dry-run", "--json"]);
    assert_eq!(dry["run"], Value::Null);
    assert!(run(&at, &["mine", "list"]).contains("nothing was mined yet"));
    let report = json(&at, &["mine", "run", "--week", "--json"]);
    assert_eq!(report["picks"], dry["picks"], "the same seed picks the same");

    // By the rules, from what the model said. The demo's two challenges are in the ledger too.
    let seeds: Vec<u64> = (0..STREETS).collect();
    let side = |seed: u64| Label::from_probability(asked.probability(seed));
    let wrong: BTreeSet<u64> = seeds.iter().copied().filter(|&s| s < LABELLED && side(s) != label(s)).collect();
    let unsure: BTreeSet<u64> =
        seeds.iter().copied().filter(|&s| (0.146_11..0.853_88).contains(&asked.probability(s))).collect();
    let hard: BTreeSet<u64> = wrong.union(&unsure).copied().collect();
    let counted = |name: &str| report[name].as_u64().expect("a number");
    assert_eq!(counted("pictures"), STREETS + 1 + 2, "distinct pictures of the last 30 days, and of tomorrow");
    assert_eq!((counted("judged"), counted("future")), (STREETS + 2 + 2, 1), "{report}");
    let extra = counted("hard") - hard.len() as u64;
    assert!((1..=3).contains(&extra), "the twin, and at most the demo's two: {extra}");
    let picks = report["picks"].as_array().expect("picks").clone();
    assert_eq!(picks.len() as u64, counted("pool") - counted("twins"), "fewer than 100 are hard, so all are picked");
    assert!(counted("twins") >= 1 && counted("scenes") <= picks.len() as u64, "{report}");
    let pictures: BTreeSet<&str> = picks.iter().map(|pick| pick["sha256"].as_str().expect("a hash")).collect();
    assert_eq!(pictures.len(), picks.len(), "no picture twice");
    let mut errors = BTreeSet::new();
    for pick in &picks {
        let Some(seed) = ids.get(pick["record"].as_str().expect("an id")) else { continue };
        assert!(hard.contains(seed), "{pick}");
        if pick["reasons"].as_array().expect("a list").contains(&"error".into()) {
            errors.insert(*seed);
        }
        let probability = pick["probability"].as_f64().expect("a number");
        assert!((probability - f64::from(asked.probability(*seed))).abs() < 1e-6, "{pick}");
    }
    assert_eq!(errors, wrong, "every error whose label came, and no other");

    let run_id = report["run"].as_i64().expect("a number").to_string();
    let again = json(&at, &["mine", "run", "--json"]);
    assert_eq!(
        (&again["picks"], &again["again"]),
        (&Value::from(Vec::<Value>::new()), &report["picks"].as_array().map(Vec::len).into())
    );
    assert!(again["pool"].as_u64().expect("a number") <= counted("twins"), "only twins are left");

    let listed = run(&at, &["mine", "list"]);
    assert!(listed.contains("week") && listed.contains("hand"), "{listed}");
    let sheet = folder.path().join("picks.png");
    let shown = run(&at, &["mine", "show", &run_id, "--sheet", sheet.to_str().expect("a text")]);
    let first = picks[0]["record"].as_str().expect("an id");
    assert!(shown.contains(first) && shown.contains("entropy") && shown.contains("guessed slices"), "{shown}");
    let read = |file: &Path| {
        let bytes = std::fs::read(file).expect("a file");
        hivis_image::decode(&bytes, &hivis_image::DecodeLimits::default()).expect("a picture").picture
    };
    assert_eq!(read(&sheet).width(), 4 * 236 + 12);
    assert_eq!(json(&at, &["mine", "show", &run_id, "--json"])["picks"], report["picks"]);
    let said = fails(&at, &["mine", "show", "99"]);
    assert!(said.contains("there is no mining run 99") && said.contains("hint:"), "{said}");

    // Slices are guessed by the data set's tags: day and night are easy to tell.
    let (mut right, mut guessed) = (0, 0);
    for pick in &picks {
        let Some(seed) = ids.get(pick["record"].as_str().expect("an id")) else { continue };
        let truth = format!("time:{}", scene(*seed, &Mix::default()).tags.time.as_str());
        let slices = pick["slices"].as_array().expect("a list");
        let time = slices.iter().filter_map(Value::as_str).find(|s| s.starts_with("time:") && !s.ends_with("unknown"));
        guessed += u32::from(time.is_some());
        right += u32::from(time == Some(&truth));
    }
    assert!(guessed * 2 >= picks.len() as u32 && right * 10 >= guessed * 8, "{right} of {guessed} of {}", picks.len());

    search(&at, folder.path(), &asked, hardest);
    let failing = json(&at, &["mine", "failing", "--json"]);
    for slice in failing.as_array().expect("a list") {
        let accuracy = slice["accuracy"].as_f64().expect("a number");
        assert!(accuracy < 1.0 && slice["why"].as_str().expect("a text").contains("labelled records"), "{slice}");
    }
}

/// More like the hardest picture, whose twin was asked too.
fn search(at: &Path, folder: &Path, asked: &Asked, hardest: u64) {
    let twin = ObjectId::of(&hivis_image::encode_png(&street(hardest))).to_string();
    let file = folder.join("hardest.jpg");
    std::fs::write(&file, &asked.bytes[&hardest]).expect("a file");
    let sha = asked.sha(hardest);
    for what in [&sha, &sha[..9], file.to_str().expect("a text")] {
        let found = json(at, &["search", "like", what, "--limit", "3", "--json"]);
        let pictures = found["pictures"].as_array().expect("a list");
        assert_eq!((pictures.len(), &pictures[0]["sha256"]), (3, &Value::from(twin.clone())), "{what}: {found}");
        let distance = |n: usize| pictures[n]["value"].as_f64().expect("a number");
        assert!(distance(0) < 0.01 && distance(0) <= distance(1) && distance(1) <= distance(2), "{found}");
    }
    let by_record = pictures(at, &["search", "like", twin.as_str(), "--limit", "1"]);
    assert_eq!(by_record[0]["sha256"], sha);
    let record = by_record[0]["record"].as_str().expect("an id").to_owned();
    assert_eq!(pictures(at, &["search", "like", &record, "--limit", "1"])[0]["sha256"], twin);

    let near = pictures(at, &["search", "boundary", "--limit", "500"]);
    let off = |found: &Value| (found["value"].as_f64().expect("a number") - 0.5).abs();
    assert!(near.is_sorted_by(|a, b| off(a) <= off(b)), "nearest to 0.5 first");
    let of_street = near.iter().find(|found| found["sha256"] == sha).expect("all are judged");
    assert!((of_street["value"].as_f64().expect("a number") - f64::from(asked.probability(hardest))).abs() < 1e-5);
    // Streets of the data set, of the records, the twin, the old one and the demo's two.
    assert_eq!(near.len() as u64, 120 + STREETS + 1 + 1 + 2);

    let groups = json(at, &["search", "duplicates", "--json"])["groups"].clone();
    let pair = BTreeSet::from([sha.as_str(), twin.as_str()]);
    let of = |group: &Value| -> BTreeSet<String> {
        let pictures = group["pictures"].as_array().expect("a list").iter();
        pictures.map(|p| p["sha256"].as_str().expect("a hash").to_owned()).collect()
    };
    let groups: Vec<BTreeSet<String>> = groups.as_array().expect("a list").iter().map(of).collect();
    assert!(groups.iter().any(|group| pair.iter().all(|sha| group.contains(*sha))), "{groups:?}");
    let strange = folder.join("strange.png");
    let found = pictures(at, &["search", "outliers", "--limit", "3", "--sheet", strange.to_str().expect("a text")]);
    assert!(found.len() == 3 && strange.exists(), "{found:?}");
    let said = fails(at, &["search", "like", "zzzz"]);
    assert!(said.contains("`zzzz` is no picture here") && said.contains("hint: give a file"), "{said}");
}

fn pictures(home: &Path, args: &[&str]) -> Vec<Value> {
    let found = json(home, &[args, &["--json"]].concat());
    found["pictures"].as_array().expect("a list").clone()
}

#[test]
fn a_home_without_anything_has_nothing_to_mine() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path().join("home");
    let said = fails(&at, &["mine", "run"]);
    assert!(said.contains("there is no home at"), "{said}");
    Home::open_or_create(&at).expect("a home");
    let report = json(&at, &["mine", "run", "--night", "--json"]);
    assert_eq!((&report["pictures"], &report["hard"], &report["run"]), (&0.into(), &0.into(), &1.into()));
    assert!(run(&at, &["mine", "show", "1"]).contains("nothing was picked"));
    assert!(run(&at, &["mine", "failing"]).contains("no slice is known to fail"));
    let said = fails(&at, &["search", "outliers"]);
    assert!(said.contains("no release is current") && said.contains("hint:"), "{said}");
    std::fs::write(at.join("hivis.toml"), "[mine]\nconfidence = 0.4\n").expect("a file");
    let said = fails(&at, &["mine", "run"]);
    assert!(said.contains("mine.confidence = 0.4") && said.contains("hint: from 0.5 to 1"), "{said}");
}

/// What records hold is enough to mine by: a server's home that was copied without its releases.
#[test]
fn without_a_release_the_records_own_features_are_used() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path().join("home");
    let home = Home::open_or_create(&at).expect("a home");
    // Three kinds of pictures, by their features; the sure ones are not hard, the last five have no features.
    let of = |n: u64| {
        let mut features = vec![0.0; 8];
        features[(n % 3) as usize] = 1.0;
        features[3 + (n / 3 % 5) as usize] = 0.3;
        let probability = if n.is_multiple_of(2) { 0.5 } else { 0.99 };
        let features = if n >= 25 { Vec::new() } else { features };
        let bytes = hivis_image::encode_png(&street(n));
        record(n, &bytes, &Scores { probability, features }, ("gone-1", 10 + n as i64))
    };
    wait(commit(&home, (0..30).map(of).collect()));
    let config = "[mine]\nweek_clusters = 3\nweek_each = 5\nnight_clusters = 2\nnight_each = 2\n";
    std::fs::write(at.join("hivis.toml"), config).expect("a file");
    let night = json(&at, &["mine", "run", "--night", "--dry-run", "--json"]);
    assert_eq!(night["picks"].as_array().map(Vec::len), Some(4), "a night takes fewer");
    let report = json(&at, &["mine", "run", "--json"]);
    assert_eq!(
        (&report["hard"], &report["without_features"], &report["release"]),
        (&15.into(), &2.into(), &"gone-1".into())
    );
    let picks = report["picks"].as_array().expect("picks");
    let clusters: BTreeSet<Option<u64>> = picks.iter().map(|pick| pick["cluster"].as_u64()).collect();
    assert_eq!(clusters, BTreeSet::from([None, Some(0), Some(1), Some(2)]));
    assert_eq!(
        picks.iter().rposition(|pick| pick["cluster"].is_u64()),
        Some(picks.len() - 3),
        "those without come last"
    );
    assert!(report["notes"].to_string().contains("no release is current"), "{report}");
    assert!(picks.iter().all(|pick| pick["slices"] == serde_json::json!(["unknown"])), "nothing to guess by");
}
