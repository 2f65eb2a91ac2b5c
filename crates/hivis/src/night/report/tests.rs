//! The report of a ledger that was made for it.

use std::collections::BTreeMap;
use std::time::Duration;

use hivis_store::{Claimant, Home, Latency, Ledger, Made, Mined, NewJob, Reviewed, StepEnd, StepState, Summary, Term};
use hivis_types::Usd;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Counted, Failing, Health, Morning, gather, html, text};
use crate::cli::ServeArgs;
use crate::config::{Raw, Settings};
use crate::night::facts::{Difference, ExamFacts, PartFact, ReportFacts, Sat, Span};
use crate::night::house::House;

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

/// A turn in the ledger: its steps one after the other, each a minute long.
async fn turn(ledger: &Ledger, due: &str, steps: &[(&str, StepState, &str, Value)]) -> i64 {
    let new = NewJob { kind: "nightly".to_owned(), due: at(due), by_hand: false };
    let job = ledger.add_job(&new, at(due)).await.expect("a job");
    let by = Claimant { holder: "a:1:x", term: Term { now: at(due), length: Duration::from_mins(2) }, stalled: None };
    ledger.claim_job(job.id, &by).await.expect("the ledger").expect("a claim");
    for (place, (name, state, said, facts)) in (0..).zip(steps) {
        let begun = at(due) + Duration::from_mins(place.into());
        ledger.begin_step(job.id, "a:1:x", (place, name), begun).await.expect("the ledger");
        let facts = (!facts.is_null()).then(|| facts.clone());
        let ended = begun + Duration::from_mins(1);
        let end = StepEnd { state: *state, said: (*said).to_owned(), facts, at: ended };
        assert!(ledger.end_step(job.id, "a:1:x", place, &end).await.expect("the ledger"));
    }
    ledger.end_job(job.id, "a:1:x", None, at(due) + Duration::from_mins(30)).await.expect("the ledger");
    job.id
}

fn exam(gain: f64) -> Value {
    let sat = |release: &str, point: f64| Sat {
        release: release.to_owned(),
        accuracy: 0.9 + point / 10.0,
        reward: Some(Span { low: point - 0.05, point, high: point + 0.04 }),
        p50_ms: 61.5,
    };
    let part = |part: &str, difference: f64, beyond: Option<&str>| PartFact {
        part: part.to_owned(),
        scenes: 83,
        difference,
        beyond: beyond.map(str::to_owned),
    };
    let facts = ExamFacts {
        exam: "20261127-021500-tiny-a-vs-tiny-b.json".to_owned(),
        questions: 1000,
        before: sat("tiny-a", 0.55),
        after: sat("tiny-b", 0.55 + gain),
        difference: Some(Difference {
            reward: Span { low: gain - 0.02, point: gain, high: gain + 0.02 },
            level: 0.0025,
            lower: gain - 0.03,
        }),
        parts: vec![
            part("weather snow", -0.012, None),
            part("level 3", 0.004, None),
            part("weather rain", 0.081, Some("better")),
        ],
    };
    serde_json::to_value(facts).expect("facts")
}

/// A home whose second night is over, and what it can tell.
async fn morning() -> (Morning, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let home = Home::open_or_create(folder.path()).expect("a home");
    let settings = Settings::resolve(&Raw::default(), &ServeArgs::default(), folder.path()).expect("defaults");
    let ledger = home.ledger().await.expect("a ledger");
    let before = ReportFacts {
        samples: 2840,
        by_source: BTreeMap::new(),
        by_slice: BTreeMap::from([("weather:rain".to_owned(), 12)]),
    };
    let report = ("report", StepState::Done, "look at it", json!(before));
    turn(&ledger, "2026-11-26T02:00:00Z", &[("exam", StepState::Done, "an exam", exam(-0.01)), report]).await;
    let why = "tiny-b won its exam; it serves after: hivis release promote tiny-b";
    let steps = [
        ("mine", StepState::Done, "162 hard of 812, 40 picked", json!({ "hard": 162 })),
        ("synthesise", StepState::Failed, "the generator at <http://127.0.0.1:7860> does not answer", Value::Null),
        ("gate", StepState::Blocked, "not tried: it builds on synthesise, which is failed", Value::Null),
        ("version", StepState::Done, "v1.2.0-20261127, 1412 pictures", Value::Null),
        ("train", StepState::Done, "tiny-b: 1412 new samples, 3 passes", json!({ "release": "tiny-b", "new": 1412 })),
        ("exam", StepState::Done, "tiny-b against tiny-a: reward +0.031", exam(0.031)),
        ("promote", StepState::Waits, why, Value::Null),
    ];
    let id = turn(&ledger, "2026-11-27T02:00:00Z", &steps).await;
    let job = ledger.job(id).await.expect("the ledger").expect("the job");
    let steps = ledger.job_steps(id).await.expect("steps");
    let house = House { home, settings, ledger };
    let known = gather(&house, &job, &steps, at("2026-11-27T02:31:00Z")).await.expect("what is known");
    (known, folder)
}

/// The same with what other rooms would have written.
fn full(known: Morning) -> Morning {
    let summary = Summary {
        records: 1440,
        answered: 1437,
        by_silence: BTreeMap::from([("deadline".to_owned(), 3)]),
        latency: Some(Latency { records: 1437, p50_us: 64_200, p95_us: 88_000, p99_us: 131_500, max_us: 900_000 }),
        ..Summary::default()
    };
    let spent = |micro| BTreeMap::from([("synth:cosmos".to_owned(), Usd(micro))]);
    let made = Made {
        generator: "sdxl".to_owned(),
        asked: 100,
        made: 96,
        passed: 71,
        refused: 25,
        reasons: BTreeMap::from([("blurred".to_owned(), 19), ("black".to_owned(), 4), ("label".to_owned(), 6)]),
        stopped: vec!["the cap of $1.00 a week is reached".to_owned()],
    };
    let reward = Some(Span { low: 0.50, point: 0.55, high: 0.59 });
    let expected = Sat { release: "tiny-a".to_owned(), accuracy: 0.955, reward, p50_ms: 61.5 };
    let counts = |all: &[(&str, u64)]| all.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect();
    let now = ReportFacts {
        samples: 4252,
        by_source: counts(&[("recorded", 1181), ("generated by sdxl", 71), ("data set natix", 3000)]),
        by_slice: counts(&[("weather:rain", 83), ("time:night", 40)]),
    };
    let data = known.data.map(|data| Counted { facts: now, ..data });
    Morning {
        serving: Some("tiny-a".to_owned()),
        expected: Some(expected),
        data,
        mined: Some(Mined { at: at("2026-11-27T02:00:10Z"), looked: 812, hard: 162, picked: 40 }),
        failing: vec![Failing { slice: "weather rain".to_owned(), accuracy: 0.741, pictures: 54 }],
        made: vec![made],
        spent: [spent(400_000), spent(1_000_000), spent(1_750_000)],
        reviewed: Reviewed {
            open: 12,
            others: [3, 0, 1],
            generated: BTreeMap::from([("sdxl".to_owned(), [31, 9, 2])]),
        },
        health: Health {
            day: summary,
            permits: Some("64 validators in the metagraph, read 4 min before this report".to_owned()),
            free: Some(42_300_000_000),
            least_free: 2_000_000_000,
            dropped: Some(0),
            lost: BTreeMap::new(),
            alarms: Some(vec!["no validator for 31 min".to_owned()]),
        },
        ..known
    }
}

#[tokio::test]
async fn a_full_night_reads_like_this() {
    let (known, _folder) = morning().await;
    insta::assert_snapshot!(text(&full(known)));
}

#[tokio::test]
async fn what_is_not_known_is_told_so() {
    let (known, _folder) = morning().await;
    let health = Health { least_free: 2_000_000_000, ..Health::default() };
    let bare =
        Morning { exam: None, steps: Vec::new(), trend: Vec::new(), samples: Vec::new(), data: None, health, ..known };
    insta::assert_snapshot!(text(&bare));
    let page = html(&bare).expect("the page");
    assert!(!page.contains("<svg"), "there is nothing to plot");
}

#[tokio::test]
async fn the_page_says_the_same_and_needs_nothing() {
    let (known, folder) = morning().await;
    let full = full(known);
    let page = html(&full).expect("the page");
    for told in ["hivis release promote tiny-b", "162 of 812", "worse", "sdxl", "+0.031 (+0.011 to +0.051)", "<svg"] {
        assert_eq!(page.contains(told), told != "worse", "{told}");
    }
    assert!(page.contains("&#60;http://127.0.0.1:7860&#62;"), "what others say is text");
    assert!(!page.contains("<script") && !page.contains("src=") && !page.contains("url("), "nothing is loaded");
    assert!(!page.contains("#1C1B19"), "the plot's ink is the page's");
    drop(folder);
    // A look with real eyes: HIVIS_KEEP_PAGE=FILE cargo nextest run -p hivis the_page_says
    if let Some(file) = std::env::var_os("HIVIS_KEEP_PAGE") {
        std::fs::write(file, page).expect("the page is kept");
    }
}
