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
    insta::assert_snapshot!(text(&full(known)), @r"
    The night of Friday, 27 November 2026
    =====================================

    You are asked: tiny-b won its exam; it serves after: hivis release promote tiny-b. The reward to
    expect differs by +0.031 (+0.011 to +0.051). The step synthesise failed: the generator at
    <http://127.0.0.1:7860> does not answer.

    What waits for you
      tiny-b won its exam; it serves after: hivis release promote tiny-b
      12 pictures wait for a decision: hivis review list
      the step synthesise failed: the generator at <http://127.0.0.1:7860> does not answer; hivis night
      show 2

    Reward
      difference +0.031 (+0.011 to +0.051) in 90% of deployments, lower bound at 0.25% +0.001;
      exams/20261127-021500-tiny-a-vs-tiny-b.json, 1000 challenges
      why: tiny-b: 1412 new samples, 3 passes
      release        accuracy        reward to expect  p50, ms
      before tiny-a     0.955  0.550 (0.500 to 0.590)     61.5
      after tiny-b      0.958  0.581 (0.531 to 0.621)     61.5

    What improved, what fell
      part of the exam  accuracy, points  scenes
      weather rain                  +8.1      83  better beyond chance
      level 3                       +0.4      83
      weather snow                  -1.2      83

    Data
      samples             now  since the last report
      all                4252                  +1412
      data set natix     3000                  +3000
      recorded           1181                  +1181
      generated by sdxl    71                    +71
      weather rain         83                    +71
      time night           40                    +40

    Mined
      162 of 812 judged records were hard: 20.0%, more than the expected 5-10%: streets changed, or what
      serves does not fit them
      40 were picked

    Failing slices
      slice         accuracy  pictures
      weather rain     0.741        54

    Generated pictures
      sdxl stopped early: the cap of $1.00 a week is reached
      generator  asked  came  passed  refused  why
      sdxl         100    96      71       25  4 black, 19 blurred, 6 label

    Spend
      what          this turn  7 days  30 days
      synth:cosmos      $0.40   $1.00    $1.75

    Reviews of the last 7 days
      12 pictures wait for a decision
      pictures of            accepted  rejected  skipped  rate
      sdxl                         31         9        2   78%
      recorded and imported         3         0        1  100%

    Health of the last 24 hours
      challenges           1440, 1437 answered, 3 missed (3 deadline)
      time of an answer    p50 64.2 ms, p95 88.0 ms, p99 131.5 ms
      who may ask          64 validators in the metagraph, read 4 min before this report
      disk                 42.3 GB free; recording stops below 2.0 GB
      dropped records      0 since the server began
      pictures not stored  none
      alarms               no validator for 31 min

    The steps
      job 2, due 2026-11-27 02:00 UTC, begun 2026-11-27 02:00 UTC, told 2026-11-27 02:31 UTC
      step                 took  what it says
      mine        done     60 s  162 hard of 812, 40 picked
      synthesise  failed   60 s  the generator at <http://127.0.0.1:7860> does not answer
      gate        blocked  60 s  not tried: it builds on synthesise, which is failed
      version     done     60 s  v1.2.0-20261127, 1412 pictures
      train       done     60 s  tiny-b: 1412 new samples, 3 passes
      exam        done     60 s  tiny-b against tiny-a: reward +0.031
      promote     waits    60 s  tiny-b won its exam; it serves after: hivis release promote tiny-b
    ");
}

#[tokio::test]
async fn what_is_not_known_is_told_so() {
    let (known, _folder) = morning().await;
    let health = Health { least_free: 2_000_000_000, ..Health::default() };
    let bare =
        Morning { exam: None, steps: Vec::new(), trend: Vec::new(), samples: Vec::new(), data: None, health, ..known };
    insta::assert_snapshot!(text(&bare), @r"
    The night of Friday, 27 November 2026
    =====================================

    Nothing serves: every answer is -1.

    What waits for you
      nothing

    Reward
      not known: what serves has sat no exam; hivis exam current

    What improved, what fell
      not known: no exam this night

    Data
      not known

    Mined
      not known: nothing was mined

    Failing slices
      not known: what serves has sat no exam

    Generated pictures
      none

    Spend
      nothing in 30 days

    Reviews of the last 7 days
      no decision
      0 pictures wait for a decision

    Health of the last 24 hours
      challenges           0, 0 answered, 0 missed
      time of an answer    not known
      who may ask          not known
      disk                 not known
      dropped records      not known: no server answers
      pictures not stored  none
      alarms               not known: no server answers

    The steps
      job 2, due 2026-11-27 02:00 UTC, begun 2026-11-27 02:00 UTC, told 2026-11-27 02:31 UTC
    ");
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
