//! `hivis earnings`: readings kept, the validators' log read from a W&B on loopback, labels in the home.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use hivis_store::{Home, RecordWriter, WriterSettings};
use hivis_testbed::wandb_log::{FakeWandb, Fault, GOOD_KEY, LoggedRun};
use hivis_types::{
    BatchLeft, Caller, EngineKind, Hotkey, Judgement, Label, LabelSource, Precision, Protocol, Record, RecordId,
    ReleaseId, Timings,
};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::dates::metagraph;
use crate::miner::{ALICE, BOB, hivis, output};

/// Noon of 2026-11-26, when the metagraph was read.
const NOON: i64 = 1_795_694_400;
const PROJECT: &str = "natix/subnet";

/// Record `n`, asked by //Alice `second` seconds after noon and answered with `prediction`.
fn record(n: u64, second: i64, prediction: f32) -> Record {
    let mut tail = [0; 10];
    tail[2..].copy_from_slice(&n.to_be_bytes());
    let arrived = Timestamp::from_second(NOON + second).expect("a time");
    let judgement = Judgement {
        release: ReleaseId::new("tiny-1").expect("an id"),
        engine: EngineKind::Rten,
        precision: Precision::Fp32,
        probability: prediction,
        features: vec![0.5],
        batch: 1,
        left: BatchLeft::Idle,
    };
    Record {
        id: id(n),
        arrived,
        protocol: Protocol::Axon,
        caller: Caller {
            hotkey: Hotkey::new(ALICE),
            peer: "127.0.0.1:4000".into(),
            uuid: None,
            nonce: n,
            version: None,
            stake: 1.0,
        },
        timeout_s: Some(9.0),
        status: 200,
        prediction,
        silence: None,
        notes: Vec::new(),
        judgement: Some(judgement),
        picture: None,
        label: None,
        timings: Timings::default(),
    }
}

fn id(n: u64) -> RecordId {
    format!("01900000-0000-7000-8000-{n:012x}").parse().map(RecordId).expect("an id")
}

async fn home(path: &Path) -> Home {
    let home = Home::open_or_create(path).expect("a home");
    let ledger = home.ledger().await.expect("a ledger");
    let settings = WriterSettings { free_bytes: 0, ..WriterSettings::default() };
    let (writer, handle) = RecordWriter::spawn(&home, &ledger, settings).expect("a writer");
    for (n, second, prediction) in [(1, 0, 0.25), (2, 30, 0.75), (3, 60, 0.9)] {
        writer.offer(record(n, second, prediction));
    }
    tokio::time::timeout(Duration::from_mins(1), handle.close()).await.expect("in time").expect("written");
    home
}

fn map(value: Value) -> Map<String, Value> {
    let Value::Object(map) = value else { panic!("an object") };
    map
}

/// What a validator logs of uid 7 and of another, `second` seconds after noon.
fn row(second: i64, prediction: &Value, label: &Value) -> Map<String, Value> {
    map(json!({ "_timestamp": (NOON + second) as f64 + 0.5, "label": label, "data_aug_level": 2,
        "miner_predictions/uid_7": prediction, "miner_rewards/uid_7": 0.5, "miner_scores/uid_7": 0.4,
        "miner_accuracy/uid_7": "NaN", "miner_predictions/uid_8": 0.125, "miner_rewards/uid_8": 0.9 }))
}

/// A run that //Alice signed with her hotkey, or with a wrong one.
fn run(id: &str, signer: &str, rows: Vec<Map<String, Value>>) -> LoggedRun {
    let key = hivis_bittensor::Keypair::from_uri(signer).expect("a key");
    let config = json!({ "hotkey": ALICE, "signature": hex::encode(key.sign(id.as_bytes())) });
    let (state, heartbeat) = ("running".to_owned(), format!("2026-11-26T12:{:02}:00", rows.len()));
    LoggedRun { id: id.to_owned(), state, config: map(config), heartbeat, rows }
}

fn configure(home: &Path, server: &FakeWandb, more: &str) {
    let (entity, project) = PROJECT.split_once('/').expect("two names");
    let text = format!(
        "[earnings]\ntao_usd = 400\n[earnings.wandb]\nentity = \"{entity}\"\nproject = \"{project}\"\nbase_url = \"{}\"\n{more}\n",
        server.base()
    );
    std::fs::write(home.join("hivis.toml"), text).expect("the home is writable");
}

fn earnings(home: &Path, more: &[&str]) -> Command {
    let graph = metagraph(home);
    let mut args = vec!["earnings", "--hotkey", BOB, "--metagraph", &graph, "--now", "2026-11-26T20:00:00Z"];
    args.extend(more);
    let mut command = hivis(home, &args);
    command.env("THE_KEY", GOOD_KEY).env("RUST_LOG", "trace");
    command
}

/// What it says as JSON; neither stream holds the key.
fn told(command: Command) -> Value {
    let out = output(command);
    let (said, log) = (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    assert!(out.status.success(), "{log}");
    assert!(!said.contains(GOOD_KEY) && !log.contains(GOOD_KEY), "{log}");
    serde_json::from_str(&said).unwrap_or_else(|_| panic!("{said}\n{log}"))
}

#[tokio::test]
async fn the_log_is_read_once_labels_what_we_answered_and_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = home(folder.path()).await;
    let server = FakeWandb::start();
    let mut rows = vec![
        row(5, &json!(0.25), &json!(1)),
        row(35, &json!(f64::from(0.75_f32)), &json!(0)),
        row(70, &json!(-1), &json!(1)),
        row(80, &json!("NaN"), &json!("NaN")),
        map(json!({ "_timestamp": NOON, "label": 1, "miner_predictions/uid_8": 0.5 })),
        // Before our registration uid 7 was somebody else.
        row(-13 * 86_400 - 80_000, &json!(0.25), &json!(1)),
    ];
    server.put(PROJECT, run("one", "//Alice", rows.clone()));
    server.put(PROJECT, run("forged", "//Eve", vec![row(5, &json!(0.25), &json!(0))]));
    configure(folder.path(), &server, "api_key = \"env:THE_KEY\"");
    let said = told(earnings(folder.path(), &["--json", "--days", "3"]));
    assert_eq!((&said["read"]["runs"], &said["read"]["runs_left_out"]), (&json!(1), &json!(1)), "{said}");
    let counts = json!({ "rows": 4, "matched": 2, "ambiguous": 0, "unmatched": 0, "unanswered": 2 });
    assert_eq!((&said["read"]["new"], &said["troubles"]), (&counts, &json!([])));
    let ledger = home.ledger().await.expect("a ledger");
    let mut labels = Vec::new();
    for n in 1..=3 {
        labels.extend(ledger.labels(id(n)).await.expect("labels").iter().map(|l| (n, l.label, l.source)));
    }
    let log = LabelSource::ValidatorLog;
    assert_eq!(labels, [(1, Label::Roadwork, log), (2, Label::Clear, log)]);

    let days = said["days"].as_array().expect("days");
    let today = &days[2];
    assert_eq!(
        (days.len(), &today["date"], &today["rank"], &today["miners"]),
        (3, &json!("2026-11-26"), &json!(2), &json!(2))
    );
    // 20 hours are 6,000 blocks: 16 payouts of 361 blocks, one of which was looked at.
    assert_eq!((&today["payouts_read"], &today["payouts_due"]), (&json!(1), &json!(16)), "{today}");
    assert_eq!(
        (&today["emission_read_rao"], &today["emission_about_rao"]),
        (&json!(250_000_000), &json!(4_000_000_000_u64))
    );
    assert_eq!((&today["tao_about_rao"], &today["usd_about_micro"]), (&json!(200_000_000), &json!(80_000_000)));
    assert_eq!(today["log"], json!({ "asked": 4, "answered": 2, "reward": 0.5, "right": 0.0 }));
    assert_eq!((&days[0]["readings"], &days[0]["emission_about_rao"]), (&json!(0), &Value::Null), "a gap is no number");

    // Nothing new: the run is not even opened. Then it goes on.
    server.asked();
    assert_eq!(told(earnings(folder.path(), &["--json"]))["read"]["runs"], json!(0));
    assert!(server.asked().iter().all(|asked| !asked.query.contains("History")));
    rows.push(row(65, &json!(0.9), &json!(1)));
    server.put(PROJECT, run("one", "//Alice", rows));
    let said = told(earnings(folder.path(), &["--json"]));
    assert_eq!((&said["read"]["new"]["rows"], &said["read"]["new"]["matched"]), (&json!(1), &json!(1)));
    assert_eq!(said["log"]["rows"], json!(5));
    let text = output(earnings(folder.path(), &["--days", "2"]));
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    for part in ["2026-11-25", "~4.0000", "~80.00", "2/2", "1/16", "0.500 (5)", "5 challenges; 3 matched"] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    let table = output(earnings(folder.path(), &["--csv", "--offline", "--days", "1"]));
    let table = String::from_utf8_lossy(&table.stdout).into_owned();
    let line =
        "2026-11-26,1,0.004,0.004,2,2,1,16,0.250000000,4.000000000,0.200000000,80.000000,5,3,0.5,0.3333333333333333,";
    assert_eq!(table.lines().nth(1), Some(line), "{table}");
}

#[tokio::test]
async fn what_cannot_be_read_is_said_and_the_rest_is_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    home(folder.path()).await;
    let server = FakeWandb::start();
    server.put(PROJECT, run("one", "//Alice", vec![row(5, &json!(0.25), &json!(1))]));
    let trouble = |said: &Value| said["troubles"][0].as_str().unwrap_or_default().to_owned();
    configure(folder.path(), &server, "api_key = \"env:THE_KEY\"");
    server.fault("RunSampledHistory", Fault::Status(403, Vec::new()));
    let said = told(earnings(folder.path(), &["--json"]));
    assert!(trouble(&said).contains("natix/subnet") && trouble(&said).contains("hint:"), "{said}");
    assert_eq!(said["days"][29]["readings"], json!(1), "the reading is there all the same");
    server.fault("Runs", Fault::Status(429, vec![("retry-after", "9000".to_owned())]));
    let said = told(earnings(folder.path(), &["--json"]));
    assert!(trouble(&said).contains("9000 s of patience"), "{said}");
    assert_eq!(told(earnings(folder.path(), &["--json"]))["read"]["new"]["rows"], json!(1), "nothing was lost by it");

    configure(folder.path(), &server, "api_key = \"env:NOTHING_HERE\"");
    let said = told(earnings(folder.path(), &["--json"]));
    assert!(trouble(&said).contains("NOTHING_HERE holds no secret"), "{said}");
    configure(folder.path(), &server, &format!("api_key = \"{GOOD_KEY}\""));
    let out = output(earnings(folder.path(), &["--json"]));
    let text = String::from_utf8_lossy(&out.stderr);
    assert!(!out.status.success() && text.contains("no reference") && !text.contains(GOOD_KEY), "{text}");
    configure(folder.path(), &server, "");
    let out = output(hivis(folder.path(), &["earnings", "--hotkey", "5Nobody"]));
    let text = String::from_utf8_lossy(&out.stderr);
    assert!(!out.status.success() && text.contains("5Nobody") && text.contains("hint:"), "{text}");
}
