//! `hivis drift`: windows cut, limits learned, a shift told from none, features of another space never compared.

use std::path::Path;
use std::time::Duration;

use hivis_store::{Home, Ledger, RecordWriter, StoredLabel, WriterSettings};
use hivis_types::{
    BatchLeft, Caller, EngineKind, Hotkey, Judgement, Label, LabelSource, Precision, Protocol, Record, RecordId,
    RecordedPicture, ReleaseId, Timings,
};
use jiff::Timestamp;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use crate::miner::{ALICE, Miner, get, hivis, output, with_release};
use crate::pages::spec;

/// Length of a row of features.
const WIDTH: usize = 16;
/// Windows are small here, so that a test is quick.
const CONFIG: &str = "[drift]\nwindow = 40\nleast = 20\nhistory = 60\nfalse_alarms = 0.05\nreference = 200\n";

/// A stream of challenges: what the pictures look like, how the release answers, when they come.
struct Stream {
    rng: ChaCha8Rng,
    next: u64,
    second: i64,
}

/// One stretch of it.
#[derive(Clone, Copy)]
struct Stretch<'a> {
    release: &'a str,
    records: usize,
    /// Added to every feature of even number, taken from every other one.
    shift: f64,
    /// Chance that the answer is wrong.
    wrong: f64,
    /// Length of a row.
    width: usize,
}

fn normal(rng: &mut ChaCha8Rng) -> f64 {
    (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0
}

fn id(n: u64) -> RecordId {
    format!("01900000-0000-7000-8000-{n:012x}").parse().map(RecordId).expect("an id")
}

impl Stream {
    fn new() -> Self {
        Self { rng: ChaCha8Rng::seed_from_u64(5), next: 1, second: 1_795_000_000 }
    }

    fn record(&mut self, stretch: &Stretch<'_>) -> (Record, Label) {
        let rng = &mut self.rng;
        let truth = if rng.random::<bool>() { Label::Roadwork } else { Label::Clear };
        let wrong = rng.random::<f64>() < stretch.wrong;
        let up = (truth == Label::Roadwork) != wrong;
        let sure = 0.5 + 0.5 * rng.random::<f64>();
        let probability = if up { sure } else { 1.0 - sure } as f32;
        let side = if up { 2.0 } else { -2.0 };
        let features: Vec<f32> = (0..stretch.width)
            .map(|at| {
                let centre = if at == 0 { side } else { 1.0 };
                (centre + normal(rng) + if at % 2 == 0 { stretch.shift } else { -stretch.shift }) as f32
            })
            .collect();
        let n = self.next;
        (self.next, self.second) = (n + 1, self.second + 7);
        let judgement = Judgement {
            release: ReleaseId::new(stretch.release).expect("an id"),
            engine: EngineKind::Rten,
            precision: Precision::Fp32,
            probability,
            features,
            batch: 1,
            left: BatchLeft::Idle,
        };
        let picture = RecordedPicture {
            bytes: format!("picture {n}").into_bytes(),
            media: "image/png".into(),
            width: 224,
            height: 224,
            dhash: None,
        };
        let caller = Caller {
            hotkey: Hotkey::new(ALICE),
            peer: "127.0.0.1:4000".into(),
            uuid: None,
            nonce: n,
            version: None,
            stake: 1.0,
        };
        let record = Record {
            id: id(n),
            arrived: Timestamp::from_second(self.second).expect("a time"),
            protocol: Protocol::Axon,
            caller,
            timeout_s: Some(9.0),
            status: 200,
            prediction: probability,
            silence: None,
            notes: Vec::new(),
            judgement: Some(judgement),
            picture: Some(picture),
            label: None,
            timings: Timings::default(),
        };
        (record, truth)
    }

    /// Writes a stretch down; the truth of each is told where `labelled`.
    async fn write(&mut self, home: &Home, ledger: &Ledger, stretch: Stretch<'_>, labelled: bool) {
        let settings = WriterSettings { free_bytes: 0, ..WriterSettings::default() };
        let (writer, handle) = RecordWriter::spawn(home, ledger, settings).expect("a writer");
        let mut truths = Vec::new();
        for n in 0..stretch.records {
            let (record, truth) = self.record(&stretch);
            truths.push((record.id, truth));
            writer.offer(record);
            // The queue before the writer has an end.
            if n % 100 == 99 {
                writer.flush().await.expect("written");
            }
        }
        tokio::time::timeout(Duration::from_mins(1), handle.close()).await.expect("in time").expect("written");
        if labelled {
            let at = Timestamp::from_second(self.second).expect("a time");
            for (id, label) in truths {
                let label = StoredLabel { label, source: LabelSource::ValidatorLog, confidence: 1.0, at };
                ledger.label(id, label).await.expect("labelled");
            }
        }
    }
}

fn drift(home: &Path, more: &[&str]) -> Value {
    let mut args = vec!["drift", "--json"];
    args.extend(more);
    let out = output(hivis(home, &args));
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).expect("JSON")
}

fn question<'a>(said: &'a Value, kind: &str) -> &'a Value {
    let questions = said["questions"].as_array().expect("questions");
    questions.iter().find(|question| question["kind"] == kind).expect("it is asked")
}

#[tokio::test]
async fn a_shift_is_told_from_none_and_a_release_in_the_middle_moves_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = Home::open_or_create(folder.path()).expect("a home");
    let ledger = home.ledger().await.expect("a ledger");
    std::fs::write(folder.path().join("hivis.toml"), CONFIG).expect("the home is writable");
    let said = drift(folder.path(), &[]);
    assert_eq!((&said["release"], &question(&said, "input-nearest")["state"]), (&Value::Null, &json!("waiting")));

    let quiet = Stretch { release: "one", records: 400, shift: 0.0, wrong: 0.1, width: WIDTH };
    let mut stream = Stream::new();
    stream.write(&home, &ledger, quiet, true).await;
    let said = drift(folder.path(), &[]);
    assert_eq!((&said["release"], &said["reference"]), (&json!("one"), &json!(200)));
    let nearest = question(&said, "input-nearest");
    assert_eq!((&nearest["state"], &nearest["lacks"]), (&json!("learning"), &json!(10)), "{nearest}");
    assert_eq!(question(&said, "score-ks")["points"].as_array().map(Vec::len), Some(7), "ten less the three first");

    // A thousand more, half of them by a release that sees alike; the reference of the new one is its own.
    stream.write(&home, &ledger, Stretch { records: 1200, ..quiet }, true).await;
    let said = drift(folder.path(), &[]);
    for kind in ["input-nearest", "input-energy", "score-ks", "score-psi", "score-wasserstein", "accuracy"] {
        let question = question(&said, kind);
        assert!(matches!(question["state"].as_str(), Some("quiet" | "unusual")), "{kind}: {question}");
    }
    let over = |said: &Value, kind: &str| {
        let points = question(said, kind)["points"].as_array().expect("points").clone();
        let judged = points.iter().filter(|point| point["limit"].is_number()).count();
        let over = points
            .iter()
            .filter(|point| point["value"].as_f64() > point["limit"].as_f64() && point["limit"].is_number());
        (over.count(), judged)
    };
    let (alarms, judged) = over(&said, "input-nearest");
    assert!(judged >= 20 && alarms <= 4, "{alarms} of {judged}");

    // Then the weather changes.
    stream.write(&home, &ledger, Stretch { records: 120, shift: 1.0, ..quiet }, false).await;
    let said = drift(folder.path(), &["--plot", folder.path().join("plots").to_str().expect("a path")]);
    for kind in ["input-nearest", "input-energy"] {
        let question = question(&said, kind);
        assert_eq!(question["state"], json!("drifting"), "{kind}: {question}");
        assert!(question["ratio"].as_f64() > Some(1.0) && question["since"].is_string());
    }
    let svg = std::fs::read_to_string(folder.path().join("plots/input-nearest.svg")).expect("a plot");
    assert!(svg.contains("currentColor") && !svg.contains("style="));
    assert!(!folder.path().join("plots/x.svg").exists());

    // Another release with features of another length: they are never compared, and its scores begin anew.
    let other = Stretch { release: "two", records: 80, shift: 0.0, wrong: 0.1, width: WIDTH / 2 };
    stream.write(&home, &ledger, other, false).await;
    let said = drift(folder.path(), &[]);
    assert_eq!(said["release"], json!("two"));
    let nearest = question(&said, "input-nearest");
    assert_eq!((&nearest["state"], &nearest["points"]), (&json!("waiting"), &json!([])), "{nearest}");
    assert!(nearest["why"].as_str().is_some_and(|why| why.contains("hivis import dataset")));
}

#[tokio::test]
async fn labels_that_come_late_show_that_answers_became_worse() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = Home::open_or_create(folder.path()).expect("a home");
    let ledger = home.ledger().await.expect("a ledger");
    std::fs::write(folder.path().join("hivis.toml"), CONFIG).expect("the home is writable");
    let mut stream = Stream::new();
    let usual = Stretch { release: "one", records: 400, shift: 0.0, wrong: 0.1, width: WIDTH };
    stream.write(&home, &ledger, usual, true).await;
    let worse = Stretch { records: 400, wrong: 0.4, ..usual };
    let first = stream.next;
    stream.write(&home, &ledger, worse, false).await;
    let said = drift(folder.path(), &[]);
    let accuracy = question(&said, "accuracy");
    assert_eq!(accuracy["points"].as_array().map(Vec::len), Some(10), "only what is labelled: {accuracy}");
    assert_eq!(accuracy["state"], json!("quiet"), "{accuracy}");
    // The truth comes a day later: of what was wrong, four of ten.
    let at = Timestamp::from_second(stream.second + 86_400).expect("a time");
    for n in first..first + 400 {
        let story = ledger.story_of(id(n)).await.expect("a record");
        let said = Label::from_probability(story.stored.record.prediction);
        let other = if said == Label::Roadwork { Label::Clear } else { Label::Roadwork };
        let label = if n % 10 < 4 { other } else { said };
        let label = StoredLabel { label, source: LabelSource::ValidatorLog, confidence: 1.0, at };
        ledger.label(id(n), label).await.expect("labelled");
    }
    let said = drift(folder.path(), &[]);
    let accuracy = question(&said, "accuracy");
    assert_eq!(accuracy["state"], json!("drifting"), "{accuracy}");
    let facts = &accuracy["points"][15]["facts"];
    assert_eq!((&facts["labelled"], &facts["by"]), (&json!(40), &json!("first answers")));
    assert!(facts["chance"].as_f64() < Some(0.001), "{facts}");
}

#[tokio::test]
async fn the_page_shows_it_in_a_browser() {
    let folder = tempfile::tempdir().expect("a folder");
    with_release(folder.path());
    let home = Home::open_or_create(folder.path()).expect("a home");
    let ledger = home.ledger().await.expect("a ledger");
    std::fs::write(folder.path().join("hivis.toml"), CONFIG).expect("the home is writable");
    let stretch = Stretch { release: "one", records: 1200, shift: 0.0, wrong: 0.1, width: WIDTH };
    let mut stream = Stream::new();
    stream.write(&home, &ledger, stretch, true).await;
    stream.write(&home, &ledger, Stretch { records: 120, shift: 1.0, ..stretch }, false).await;
    drift(folder.path(), &[]);
    ledger.close().await;
    let miner = Miner::start(folder.path());
    let (status, body) = get(&format!("{}api/drift?windows=10", miner.page));
    let view: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!((status, &question(&view, "input-nearest")["state"]), (200, &json!("drifting")), "{body}");
    assert_eq!(question(&view, "input-nearest")["points"].as_array().map(Vec::len), Some(10));
    let (status, body) = get(&format!("{}api/rank", miner.page));
    assert_eq!((status, serde_json::from_str::<Value>(&body).expect("JSON")["days"].clone()), (200, json!([])));
    let address = miner.page.trim_end_matches('/').to_owned();
    let shown = tokio::task::spawn_blocking(move || spec("drift", &address, &[])).await.expect("it ends");
    println!("in a browser: {shown}");
    miner.stop();
}
