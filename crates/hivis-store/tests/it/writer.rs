//! The writer: groups, drops, counts.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use hivis_store::{DropReason, PictureState, QueueLimits, RecordFilter, RecordWriter, TailFrom, WriterSettings};
use hivis_types::metric;

use crate::objects::collision;
use crate::world::{World, record, settings, within};

#[tokio::test]
async fn flush_means_committed_and_close_means_all_of_it() {
    let world = World::new().await;
    let (writer, handle) = world.writer();
    for n in 0..5 {
        writer.offer(record(n));
    }
    within(writer.flush()).await.unwrap();
    assert_eq!(world.ledger.list(&RecordFilter::default()).await.unwrap().len(), 5);
    let stats = writer.stats();
    assert_eq!((stats.offered, stats.committed, stats.waiting, stats.stopped), (5, 5, 0, None));
    assert_eq!((stats.pictures_offered, stats.pictures_stored), (5, 5));
    within(writer.flush()).await.expect("nothing to wait for");

    writer.offer(record(5));
    within(handle.close()).await.unwrap();
    assert_eq!(writer.stats().committed, 6);
    writer.offer(record(6));
    let stats = writer.stats();
    assert_eq!((stats.dropped_by, stats.committed), (vec![(DropReason::Closed, 1)], 6));
}

#[tokio::test]
async fn a_handle_that_is_dropped_still_has_its_records_written() {
    let world = World::new().await;
    let (writer, handle) = world.writer();
    writer.offer(record(1));
    drop(handle);
    let mut tail = world.ledger.tail(TailFrom::Start).await.unwrap();
    assert_eq!(within(tail.next()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn records_that_come_together_share_a_transaction() {
    let world = World::new().await;
    let patient = WriterSettings { group_time: Duration::from_hours(1), group_records: 10, ..settings() };
    let (writer, handle) = RecordWriter::spawn(&world.home, &world.ledger, patient).unwrap();
    for n in 0..25 {
        writer.offer(record(n));
    }
    // Two full groups go at once; the rest would wait an hour for company.
    crate::world::until("two groups", || writer.stats().committed == 20).await;
    assert_eq!((writer.stats().groups, writer.stats().waiting), (2, 5));
    within(handle.close()).await.unwrap();
    assert_eq!((writer.stats().groups, writer.stats().committed), (3, 25));
}

#[tokio::test]
async fn the_same_id_twice_and_the_same_picture_twice() {
    let world = World::new().await;
    let (writer, handle) = world.writer();
    writer.offer(record(1));
    writer.offer(record(1));
    let mut twin = record(2);
    twin.picture = record(1).picture;
    writer.offer(twin.clone());
    within(handle.close()).await.unwrap();
    let stats = writer.stats();
    assert_eq!((stats.committed, stats.dropped_by), (2, vec![(DropReason::Duplicate, 1)]));
    assert_eq!((stats.pictures_stored, stats.pictures_dropped_by), (2, vec![(DropReason::Duplicate, 1)]));
    assert_eq!(world.object_files().len(), 1, "one picture is one file");
    assert_eq!(world.ledger.story_of(twin.id).await.unwrap().stored.record, twin);
}

#[tokio::test]
async fn of_two_pictures_with_one_md5_the_first_is_kept_and_both_rows() {
    let world = World::new().await;
    let (one, two) = collision();
    let with = |n, bytes: &[u8]| {
        let mut record = record(n);
        record.picture.as_mut().unwrap().bytes = bytes.to_vec();
        record
    };
    // In one group, then against the disk, then against a row whose file retention took away.
    let (writer, handle) = world.writer();
    writer.offer(with(1, &one));
    writer.offer(with(2, &two));
    within(writer.flush()).await.unwrap();
    let stories =
        [world.ledger.story_of(record(1).id).await.unwrap(), world.ledger.story_of(record(2).id).await.unwrap()];
    let kept: Vec<_> =
        stories.iter().filter(|s| matches!(s.stored.picture_state, PictureState::Stored { .. })).collect();
    assert_eq!(kept.len(), 1);
    assert!(kept[0].picture_trouble.is_none());
    let loser = if kept[0].stored.record.picture.as_ref().unwrap().bytes == one { &two } else { &one };
    writer.offer(with(3, loser));
    within(writer.flush()).await.unwrap();
    let late = record(1).arrived + jiff::SignedDuration::from_hours(24 * 365);
    assert_eq!(world.home.retain(&world.ledger, &hivis_store::Keep::default(), late).await.unwrap().removed, 1);
    writer.offer(with(4, loser));
    within(handle.close()).await.unwrap();
    for n in [3, 4] {
        let state = world.ledger.story_of(record(n).id).await.unwrap().stored.picture_state;
        let reason = DropReason::Md5Collision;
        assert!(matches!(state, PictureState::Dropped { reason: r, bytes: 128 } if r == reason), "{n}: {state:?}");
    }
    assert!(world.object_files().is_empty(), "a refused picture leaves no file");
    let stats = writer.stats();
    assert_eq!((stats.committed, stats.pictures_stored), (4, 1));
    assert_eq!(stats.pictures_dropped_by, [(DropReason::Md5Collision, 3)]);
}

#[tokio::test]
async fn a_full_queue_drops_pictures_then_rows_and_counts_both() {
    install_recorder();
    let world = World::new().await;
    // Nothing is taken before the flush: the group waits an hour for company that the queue has no room for.
    let stuck = WriterSettings {
        group_time: Duration::from_hours(1),
        group_records: 1000,
        queue: QueueLimits { records: 100, bytes: 40 * 25_000 },
        ..settings()
    };
    let (writer, handle) = RecordWriter::spawn(&world.home, &world.ledger, stuck).unwrap();
    // The queue is full for an hour: were an offer to wait for room, this would not end.
    for n in 0..130 {
        writer.offer(record(n));
    }
    let stats = writer.stats();
    assert_eq!(stats.dropped_by, [(DropReason::QueueFull, 30)]);
    assert_eq!(stats.waiting, 100);
    assert!(stats.pictures_dropped > 80, "{stats:?}");
    within(handle.close()).await.unwrap();
    let stats = writer.stats();
    assert_eq!(stats.offered, stats.committed + stats.dropped);
    assert_eq!(stats.pictures_offered, stats.pictures_stored + stats.pictures_dropped);
    assert_eq!(stats.committed, 100, "{stats:?}");

    let all = world.ledger.list(&RecordFilter { limit: 0, ..RecordFilter::default() }).await.unwrap();
    let dropped: Vec<_> = all.iter().filter(|r| matches!(r.picture_state, PictureState::Dropped { .. })).collect();
    assert_eq!(dropped.len() as u64, 100 - stats.pictures_stored);
    for row in dropped {
        let state = PictureState::Dropped { reason: DropReason::QueueFull, bytes: 22_000 };
        assert_eq!(row.picture_state, state);
        assert!(row.record.picture.as_ref().unwrap().dhash.is_some(), "what was known of it stays");
    }
    for what in ["row", "picture"] {
        let name = format!("{}{{what={what},reason=queue-full}}", metric::RECORDS_DROPPED);
        assert!(recorded(&name) >= 30, "{name}: {}", recorded(&name));
    }
    assert!(recorded(metric::RECORDS) >= 100);
}

/// 2,000 records of 22 kB as fast as they can be offered: none is lost, and the rate is shown.
#[tokio::test(flavor = "multi_thread")]
async fn a_burst_is_written_whole() {
    burst(2_000, QueueLimits::default()).await;
}

/// The whole of it, 440 MB: `cargo test -p hivis-store -- --ignored --nocapture twenty`.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "writes 440 MB"]
async fn twenty_thousand_records_in_a_burst_lose_no_row() {
    burst(20_000, QueueLimits { bytes: 1 << 30, ..QueueLimits::default() }).await;
    burst(20_000, QueueLimits::default()).await;
}

async fn burst(records: u64, queue: QueueLimits) {
    let world = World::new().await;
    let made: Vec<_> = (0..records).map(record).collect();
    let (writer, handle) =
        RecordWriter::spawn(&world.home, &world.ledger, WriterSettings { queue, ..settings() }).unwrap();
    let started = Instant::now();
    for record in made {
        writer.offer(record);
    }
    let offered = started.elapsed();
    tokio::time::timeout(Duration::from_mins(5), handle.close()).await.unwrap().unwrap();
    let stats = writer.stats();
    let rate = stats.committed as f64 / started.elapsed().as_secs_f64();
    println!("{records} offered in {offered:?}, {rate:.0} committed a second in {} groups: {stats:?}", stats.groups);
    assert_eq!((stats.committed, stats.dropped), (records, 0));
    assert!(stats.pictures_dropped == 0 || queue == QueueLimits::default() && records > 10_000, "{stats:?}");
    assert_eq!(world.object_files().len() as u64, stats.pictures_stored);
}

/// Counters by name and labels, for the metrics that this room emits.
type Counted = Mutex<HashMap<String, Arc<AtomicU64>>>;

static COUNTED: OnceLock<Counted> = OnceLock::new();

struct Recorder;

fn install_recorder() {
    let _ = metrics::set_global_recorder(Recorder);
}

fn recorded(name: &str) -> u64 {
    let counted = COUNTED.get_or_init(Counted::default).lock().unwrap();
    counted.get(name).map_or(0, |n| n.load(Ordering::Relaxed))
}

impl metrics::Recorder for Recorder {
    fn describe_counter(&self, _: metrics::KeyName, _: Option<metrics::Unit>, _: metrics::SharedString) {}
    fn describe_gauge(&self, _: metrics::KeyName, _: Option<metrics::Unit>, _: metrics::SharedString) {}
    fn describe_histogram(&self, _: metrics::KeyName, _: Option<metrics::Unit>, _: metrics::SharedString) {}

    fn register_counter(&self, key: &metrics::Key, _: &metrics::Metadata<'_>) -> metrics::Counter {
        let labels: Vec<_> = key.labels().map(|l| format!("{}={}", l.key(), l.value())).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let mut counted = COUNTED.get_or_init(Counted::default).lock().unwrap();
        metrics::Counter::from_arc(counted.entry(format!("{}{labels}", key.name())).or_default().clone())
    }

    fn register_gauge(&self, _: &metrics::Key, _: &metrics::Metadata<'_>) -> metrics::Gauge {
        metrics::Gauge::noop()
    }

    fn register_histogram(&self, _: &metrics::Key, _: &metrics::Metadata<'_>) -> metrics::Histogram {
        metrics::Histogram::noop()
    }
}
