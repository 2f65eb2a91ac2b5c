//! The validators' log: what is matched, what is left out, and that nothing comes in twice.

use hivis_store::{LogMatches, LogPage, LogRow, LogRun, StoredLabel};
use hivis_types::{Hotkey, Label, LabelSource, Record, Silence};
use jiff::Timestamp;

use crate::world::{START, World, record};

const OURS: &str = "5Fours";

fn run(name: &str, validator: Option<&str>) -> LogRun {
    LogRun {
        project: "natix/subnet".to_owned(),
        run: name.to_owned(),
        uid: 7,
        hotkey: Hotkey::new(OURS),
        validator: validator.map(Hotkey::new),
    }
}

/// Logged `second` seconds after [`START`]: the label is roadwork.
fn row(step: u64, second: i64, prediction: f64) -> LogRow {
    LogRow {
        step,
        at: Timestamp::from_second(START + second).unwrap(),
        prediction: Some(prediction),
        reward: Some(0.5),
        score: Some(0.6),
        accuracy: None,
        mcc: None,
        label: Some(Label::Roadwork),
        level: Some(2),
    }
}

fn page(rows: Vec<LogRow>, next_step: u64) -> LogPage {
    LogPage { rows, next_step, heartbeat: None, at: Timestamp::from_second(START + 86_400).unwrap() }
}

/// Record `n` with this answer, asked by `hotkey`.
fn answered(n: u64, prediction: f32, hotkey: &str) -> Record {
    let mut record = record(n);
    record.prediction = prediction;
    record.caller.hotkey = Hotkey::new(hotkey);
    record
}

fn counts(rows: u64, matched: u64, ambiguous: u64, unmatched: u64, unanswered: u64) -> LogMatches {
    LogMatches { rows, matched, ambiguous, unmatched, unanswered }
}

async fn label(world: &World, n: u64) -> Option<(Label, LabelSource)> {
    let labels = world.ledger.labels(record(n).id).await.unwrap();
    labels.first().map(|l: &StoredLabel| (l.label, l.source))
}

#[tokio::test]
async fn a_row_labels_the_one_record_that_fits() {
    let world = World::new().await;
    let mut silent = answered(7, 0.7, "5Fa");
    silent.silence = Some(Silence::Expired);
    let records = [
        answered(1, 0.1, "5Fa"),
        answered(2, 0.2, "5Fa"),
        answered(3, 0.3, "5Fa"),
        answered(4, 0.3, "5Fa"), // twice the same answer in a minute
        answered(5, 0.5, "5Fb"),
        answered(6, 0.6, "5Fa"),
        silent,
    ];
    world.commit(records).await;
    let rows = vec![
        row(0, 9, f64::from(0.1_f32)), // as numpy widens it
        row(1, 9, 0.2),                // as JSON writes it
        row(2, 9, 0.3),
        row(3, 9, 0.5),  // another validator's
        row(4, 67, 0.6), // logged too late
        row(5, 0, 0.6),  // logged before it was asked, by more than clocks differ
        row(6, 9, 0.7),  // no answer of ours
        row(7, 9, -1.0),
        LogRow { prediction: None, ..row(8, 9, 0.0) },
        row(9, 9, 0.2001), // close, and not the same
    ];
    let matches = world.ledger.keep_log_page(&run("one", Some("5Fa")), &page(rows.clone(), 10)).await.unwrap();
    assert_eq!(matches, counts(10, 2, 1, 5, 2));
    let mut labelled = Vec::new();
    for n in 1..=7 {
        labelled.extend(label(&world, n).await.map(|l| (n, l)));
    }
    let log = (Label::Roadwork, LabelSource::ValidatorLog);
    assert_eq!(labelled, [(1, log), (2, log)]);
    // The same page once more, and a shorter one: nothing comes twice, the cursor does not go back.
    assert_eq!(
        world.ledger.keep_log_page(&run("one", Some("5Fa")), &page(rows, 4)).await.unwrap(),
        counts(0, 0, 0, 0, 0)
    );
    assert_eq!(world.ledger.log_cursor(&run("one", None)).await.unwrap(), (10, None));
    assert_eq!(world.ledger.log_cursor(&run("two", None)).await.unwrap(), (0, None));
    let ended = LogPage { heartbeat: Some("2026-11-24T00:00:00".to_owned()), ..page(Vec::new(), 12) };
    world.ledger.keep_log_page(&run("one", None), &ended).await.unwrap();
    assert_eq!(world.ledger.log_cursor(&run("one", None)).await.unwrap(), (12, ended.heartbeat));
}

#[tokio::test]
async fn a_record_that_two_rows_claim_is_labelled_by_neither() {
    let world = World::new().await;
    world.commit([answered(1, 0.1, "5Fa"), answered(2, 0.2, "5Fa")]).await;
    let person = StoredLabel {
        label: Label::Clear,
        source: LabelSource::Person,
        confidence: 1.0,
        at: Timestamp::from_second(START).unwrap(),
    };
    world.ledger.label(record(2).id, person).await.unwrap();
    let keep = async |name: &str, rows| world.ledger.keep_log_page(&run(name, None), &page(rows, 9)).await.unwrap();
    assert_eq!(keep("one", vec![row(0, 9, 0.1), row(1, 9, 0.2)]).await, counts(2, 2, 0, 0, 0));
    assert_eq!(label(&world, 1).await, Some((Label::Roadwork, LabelSource::ValidatorLog)));
    assert_eq!(label(&world, 2).await, Some((Label::Clear, LabelSource::Person)), "a person goes first");
    assert_eq!(keep("two", vec![row(0, 9, 0.1)]).await, counts(1, 0, 1, 0, 0));
    assert_eq!(label(&world, 1).await, None, "the first row's label is taken back");
    assert_eq!(keep("three", vec![row(0, 9, 0.1)]).await, counts(1, 0, 1, 0, 0));
    assert_eq!(world.ledger.log_matches(&Hotkey::new(OURS)).await.unwrap(), counts(4, 1, 3, 0, 0));
    assert_eq!(world.ledger.log_matches(&Hotkey::new("5Fother")).await.unwrap(), counts(0, 0, 0, 0, 0));
}

#[tokio::test]
async fn points_say_what_was_earned_and_what_was_right() {
    let world = World::new().await;
    let rows = vec![
        row(0, 100, 0.9),
        LogRow { label: None, reward: None, ..row(1, 50, 0.9) },
        row(2, 200, 0.5), // rounds to clear
        row(3, 300, -1.0),
    ];
    world.ledger.keep_log_page(&run("one", None), &page(rows, 4)).await.unwrap();
    let points =
        world.ledger.log_points(&Hotkey::new(OURS), Timestamp::from_second(START + 50).unwrap()).await.unwrap();
    let seen: Vec<_> = points.iter().map(|p| (p.at.as_second() - START, p.reward, p.answered, p.right)).collect();
    let expected = [
        (50, None, true, None),
        (100, Some(0.5), true, Some(true)),
        (200, Some(0.5), true, Some(false)),
        (300, Some(0.5), false, None),
    ];
    assert_eq!(seen, expected);
    assert_eq!(world.ledger.log_points(&Hotkey::new(OURS), points[3].at).await.unwrap().len(), 1);
}
