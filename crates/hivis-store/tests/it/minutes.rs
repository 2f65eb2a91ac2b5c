//! Counts by minute against plain counting, whatever comes in whatever groups; and the migration against both.

use std::collections::{BTreeMap, BTreeSet};

use hivis_store::{Looked, RecordFilter, StoredLabel, Window, Worth};
use hivis_types::{Hotkey, Label, LabelSource, Record, RecordId, Silence};
use jiff::Timestamp;
use proptest::prelude::*;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

use crate::world::{START, World, record};

const KEYS: [&str; 3] = ["5Fone", "5Ftwo", "5Fthree"];
/// Everything that migration 17 makes.
const UNDO: &str = "DROP TABLE minutes; DROP TABLE minute_latency; DROP TABLE minute_unsure; DROP TABLE callers;
    DROP INDEX records_silent; DROP INDEX records_silence; DROP INDEX labels_at; DROP INDEX generated_at;
    DROP INDEX verdicts_at; DROP INDEX decisions_at;
    DELETE FROM _sqlx_migrations WHERE version = 17;";

/// One record, as it is drawn: second, key, silence, latency, probability, with a picture.
type Drawn = (i64, usize, u8, u64, f32, bool);

fn drawn() -> impl Strategy<Value = Vec<Drawn>> {
    let latency = prop_oneof![0..200_u64, 1_000..50_000_u64, 1_000_000..20_000_000_u64];
    let one = (0..600_i64, 0..KEYS.len(), 0..6_u8, latency, 0.0..=1.0_f32, any::<bool>());
    proptest::collection::vec(one, 1..60)
}

fn made((n, drawn): (usize, &Drawn)) -> Record {
    let (second, key, silence, total_us, probability, picture) = *drawn;
    let mut made = record(n as u64);
    made.arrived = Timestamp::from_second(START + second).unwrap();
    made.caller.hotkey = Hotkey::new(KEYS[key]);
    made.timings.total_us = total_us;
    made.judgement.as_mut().unwrap().probability = probability;
    made.prediction = probability;
    (made.silence, made.status) = match silence {
        0 => (Some(Silence::Overloaded), 503),
        1 => (Some(Silence::NotAPicture), 200),
        _ => (None, 200),
    };
    if made.silence.is_some() {
        (made.judgement, made.prediction) = (None, -1.0);
    }
    if picture {
        made.picture.as_mut().unwrap().bytes.truncate(16);
    } else {
        made.picture = None;
    }
    made
}

/// What a plain count of the same records says, and the true quantiles.
fn plain(records: &[Record], since: i64) -> (Window, Vec<u64>, Option<RecordId>) {
    let mut window = Window::default();
    let (mut times, mut callers, mut least) = (Vec::new(), BTreeSet::new(), None::<(f64, RecordId)>);
    for record in records.iter().filter(|record| record.arrived.as_second().div_euclid(60) >= since.div_euclid(60)) {
        let summary = &mut window.summary;
        summary.records += 1;
        *summary.by_status.entry(record.status).or_default() += 1;
        callers.insert(record.caller.hotkey.to_string());
        if let Some(reason) = record.silence {
            *summary.by_silence.entry(reason.as_str().to_owned()).or_default() += 1;
        } else {
            summary.answered += 1;
            times.push(record.timings.total_us);
        }
        if record.picture.is_some() {
            window.pictures += 1;
            if let Some(judgement) = &record.judgement {
                let sureness = (f64::from(judgement.probability) - 0.5).abs();
                if least.is_none_or(|(known, _)| sureness < known) {
                    least = Some((sureness, record.id));
                }
            }
        }
    }
    window.callers = callers.len() as u64;
    times.sort_unstable();
    (window, times, least.map(|(_, id)| id))
}

fn check(window: &Window, records: &[Record], since: i64) {
    let (mut expected, times, _) = plain(records, since);
    let latency = window.summary.latency;
    expected.summary.latency = latency;
    assert_eq!(*window, expected);
    let Some(latency) = latency else { return assert!(times.is_empty()) };
    assert_eq!((latency.records, Some(&latency.max_us)), (times.len() as u64, times.last()));
    for (percent, said) in [(50, latency.p50_us), (95, latency.p95_us), (99, latency.p99_us)] {
        let truth = times[(times.len() * percent).div_ceil(100).max(1) - 1];
        assert!(truth <= said && said * 16 <= truth * 17, "{percent}: {said} for {truth}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    #[test]
    fn windows_are_what_a_plain_count_says(drawn in drawn(), cut in 0..60_usize, since in 0..600_i64) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::new().await;
            let records: Vec<Record> = drawn.iter().enumerate().map(made).collect();
            // In two groups, so that minutes are added to.
            let cut = cut.min(records.len());
            world.commit(records[..cut].to_vec()).await;
            world.commit(records[cut..].to_vec()).await;
            let from = Timestamp::from_second(START + since).unwrap();
            let written = world.ledger.window(from).await.unwrap();
            check(&written, &records, START + since);
            check(&world.ledger.window(Timestamp::UNIX_EPOCH).await.unwrap(), &records, 0);
            let (_, _, least) = plain(&records, START + since);
            let sureness = |id: Option<RecordId>| id.map(|id| {
                let of = records.iter().find(|record| record.id == id).unwrap();
                (of.prediction - 0.5).abs()
            });
            assert_eq!(sureness(world.ledger.least_sure(from).await.unwrap()), sureness(least));

            // The migration counts in what was there before it.
            world.ledger.close().await;
            let options = SqliteConnectOptions::new().filename(world.home.path().join("ledger.db"));
            let mut connection = options.connect().await.unwrap();
            sqlx::raw_sql(UNDO).execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
            let ledger = world.home.ledger().await.unwrap();
            assert_eq!(ledger.window(from).await.unwrap(), written);
            assert_eq!(sureness(ledger.least_sure(from).await.unwrap()), sureness(least));
            let seen: BTreeMap<String, u64> =
                ledger.callers().await.unwrap().into_iter().map(|seen| (seen.hotkey, seen.records)).collect();
            assert_eq!(seen.values().sum::<u64>(), records.len() as u64);
            let minutes = ledger.by_minute(from).await.unwrap();
            assert_eq!(minutes.iter().map(|m| m.records).sum::<u64>(), written.summary.records);
            assert_eq!(minutes.iter().map(|m| m.answered).sum::<u64>(), written.summary.answered);
            ledger.close().await;
        });
    }
}

#[tokio::test]
async fn a_record_that_comes_twice_is_counted_once() {
    let world = World::new().await;
    world.commit([record(1)]).await;
    let (writer, handle) = world.writer();
    writer.offer(record(1));
    handle.close().await.unwrap();
    let window = world.ledger.window(Timestamp::UNIX_EPOCH).await.unwrap();
    assert_eq!((window.summary.records, window.pictures, window.callers), (1, 1, 1));
}

fn small(n: u64, probability: f32) -> Record {
    let mut small = record(n);
    small.picture.as_mut().unwrap().bytes.truncate(16);
    small.judgement.as_mut().unwrap().probability = probability;
    small.prediction = probability;
    small
}

#[tokio::test]
async fn wrong_and_unsure_answers_are_found_page_by_page() {
    let world = World::new().await;
    let records: Vec<Record> = (0..20).map(|n| small(n, if n % 5 == 0 { 0.45 } else { 0.97 })).collect();
    world.commit(records.clone()).await;
    let at = Timestamp::from_second(START + 100).unwrap();
    for n in [3, 4, 11] {
        let label = StoredLabel { label: Label::Clear, source: LabelSource::Person, confidence: 1.0, at };
        world.ledger.label(records[n].id, label).await.unwrap();
    }
    // A less trusted word does not make an answer wrong.
    for (label, source) in [(Label::Roadwork, LabelSource::Person), (Label::Clear, LabelSource::Consensus)] {
        world.ledger.label(records[12].id, StoredLabel { label, source, confidence: 1.0, at }).await.unwrap();
    }
    let numbers = |looked: &Looked| looked.records.iter().map(|r| r.record.caller.nonce).collect::<Vec<_>>();
    let first = RecordFilter { limit: 2, ..RecordFilter::default() };
    let page = world.ledger.look(&first, Worth::Wrong).await.unwrap();
    assert_eq!(numbers(&page), [11, 4]);
    let rest = RecordFilter { before: page.next, ..first.clone() };
    let page = world.ledger.look(&rest, Worth::Wrong).await.unwrap();
    assert_eq!((numbers(&page), page.next), (vec![3], None));
    let page = world.ledger.look(&RecordFilter { limit: 50, ..first }, Worth::Unsure(0.1)).await.unwrap();
    assert_eq!(numbers(&page), [15, 10, 5, 0]);

    let worst = world.ledger.surest_wrong(Timestamp::UNIX_EPOCH).await.unwrap().unwrap();
    assert_eq!((worst.record, worst.label, worst.source.as_str()), (records[11].id, Label::Clear, "person"));
    assert_eq!(world.ledger.surest_wrong(at).await.unwrap(), None, "none of them arrived since then");
    let release = records[0].judgement.as_ref().unwrap().release.clone();
    let known = world.ledger.answers_known(&release, 100).await.unwrap();
    assert_eq!(
        known.iter().map(|known| known.label).collect::<Vec<_>>(),
        [Label::Clear, Label::Clear, Label::Clear, Label::Roadwork]
    );
}

#[tokio::test]
async fn what_came_after_a_record_is_counted_and_the_newest_given() {
    let world = World::new().await;
    world.commit((0..10).map(|n| small(n, 0.9))).await;
    let numbers =
        |records: &[hivis_store::StoredRecord]| records.iter().map(|r| r.record.caller.nonce).collect::<Vec<_>>();
    let (records, count) = world.ledger.since_record(record(3).id, 4).await.unwrap();
    assert_eq!((numbers(&records), count), (vec![9, 8, 7, 6], 6));
    let (records, count) = world.ledger.since_record(record(9).id, 4).await.unwrap();
    assert_eq!((records.len(), count), (0, 0));
    // An id that was never committed stands for its time.
    let mut unknown = record(7).id.0.into_bytes();
    unknown[15] ^= 0x55;
    let unknown = RecordId(uuid::Uuid::from_bytes(unknown));
    let (records, _) = world.ledger.since_record(unknown, 40).await.unwrap();
    assert_eq!(numbers(&records), [9, 8, 7]);
}
