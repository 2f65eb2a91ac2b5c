//! What goes, what stays, against a model in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use hivis_store::{FsckOptions, Keep, Md5, ObjectId, PictureState, RecordFilter, Retained};
use hivis_types::{Label, Record};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use crate::world::{START, World, picture, record};

const DAY: i64 = 86_400;

/// One record of the model: when it arrived, what was said of it, which picture it shows, whether it has a label.
#[derive(Clone, Debug)]
struct Shown {
    hours: i64,
    probability: Option<f32>,
    picture: u64,
    labelled: bool,
}

fn shown() -> impl Strategy<Value = Shown> {
    let probability = proptest::option::weighted(0.8, (0..=10u8).prop_map(|p| f32::from(p) / 10.0));
    (0..96i64, probability, 0..12u64, proptest::bool::weighted(0.15))
        .prop_map(|(hours, probability, picture, labelled)| Shown { hours, probability, picture, labelled })
}

fn build(shown: &[Shown]) -> Vec<Record> {
    (0..)
        .zip(shown)
        .map(|(n, shown)| {
            let mut record = record(n);
            record.arrived = Timestamp::from_second(START + shown.hours * 3600).unwrap();
            match shown.probability {
                Some(p) => record.judgement.as_mut().unwrap().probability = p,
                None => record.judgement = None,
            }
            record.picture = Some(picture(shown.picture, 100 + shown.picture as usize));
            record.label = shown.labelled.then_some(Label::Roadwork);
            record
        })
        .collect()
}

/// The pictures that stay, by the text of `retention.rs`.
fn survivors(records: &[Record], keep: &Keep, now: Timestamp) -> BTreeSet<ObjectId> {
    struct Model {
        last: Timestamp,
        sureness: f64,
        named: bool,
        bytes: u64,
    }
    let mut objects: BTreeMap<ObjectId, Model> = BTreeMap::new();
    for record in records {
        let bytes = &record.picture.as_ref().unwrap().bytes;
        let sureness = record.judgement.as_ref().map_or(0.5, |j| f64::from((j.probability - 0.5).abs()));
        let fresh = Model { last: record.arrived, sureness, named: false, bytes: bytes.len() as u64 };
        let object = objects.entry(ObjectId::of(bytes)).or_insert(fresh);
        object.last = object.last.max(record.arrived);
        object.sureness = object.sureness.min(sureness);
        object.named |= record.label.is_some();
    }
    let oldest = now - SignedDuration::try_from(keep.age).unwrap();
    objects.retain(|_, o| o.named || o.last >= oldest);
    while objects.values().map(|o| o.bytes).sum::<u64>() > keep.bytes {
        let day = |o: &Model| o.last.as_second().div_euclid(DAY);
        let Some(id) = objects
            .iter()
            .filter(|(_, o)| !o.named)
            .min_by(|(a_id, a), (b_id, b)| {
                let order = day(a).cmp(&day(b)).then(b.sureness.total_cmp(&a.sureness));
                order.then(a.last.cmp(&b.last)).then(a_id.cmp(b_id))
            })
            .map(|(id, _)| *id)
        else {
            break;
        };
        objects.remove(&id);
    }
    objects.into_keys().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 40, ..ProptestConfig::default() })]

    #[test]
    fn what_stays_is_what_the_model_says(
        shown in proptest::collection::vec(shown(), 1..30),
        age_hours in 1..100u64,
        bytes in 0..1400u64,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::new().await;
            let records = build(&shown);
            world.commit(records.clone()).await;
            let keep = Keep { age: Duration::from_secs(age_hours * 3600), bytes };
            let now = Timestamp::from_second(START + 4 * DAY).unwrap();
            let done = world.home.retain(&world.ledger, &keep, now).await.unwrap();
            let expected = survivors(&records, &keep, now);

            let everything = RecordFilter { features: true, limit: 0, ..RecordFilter::default() };
            let rows = world.ledger.list(&everything).await.unwrap();
            assert_eq!(rows.len(), records.len(), "rows stay");
            let mut files = BTreeSet::new();
            for row in &rows {
                let judgement = &records[row.record.caller.nonce as usize].judgement;
                assert_eq!(&row.record.judgement, judgement, "features stay");
                assert!(row.record.picture.as_ref().unwrap().dhash.is_some(), "hashes stay");
                match row.picture_state {
                    PictureState::Stored { sha256, md5, .. } => {
                        assert!(expected.contains(&sha256), "{sha256} should be gone");
                        files.insert(world.home.objects().path(md5));
                    }
                    PictureState::Removed { sha256, at, .. } => {
                        assert!(!expected.contains(&sha256), "{sha256} should be there");
                        assert_eq!(at, now);
                    }
                    other => panic!("{other:?}"),
                }
            }
            assert_eq!(world.object_files(), files.into_iter().collect::<Vec<_>>());
            assert_eq!(done.over, done.kept_bytes > bytes);
            let report = world.home.fsck(&world.ledger, FsckOptions { hashes: true, remove_orphans: false }).await.unwrap();
            assert!(report.is_sound() && report.orphans.is_empty(), "{report:?}");
            assert_eq!((report.objects, report.bytes), (expected.len() as u64, done.kept_bytes));

            let again = world.home.retain(&world.ledger, &keep, now).await.unwrap();
            assert_eq!(again, Retained { removed: 0, removed_bytes: 0, ..done }, "running it again changes nothing");
        });
    }
}

#[tokio::test]
async fn a_picture_that_comes_again_after_it_went_is_there_again() {
    let world = World::new().await;
    world.commit([record(1)]).await;
    let now = Timestamp::from_second(START + 40 * DAY).unwrap();
    let done = world.home.retain(&world.ledger, &Keep::default(), now).await.unwrap();
    assert_eq!((done.removed, done.removed_bytes, done.kept_bytes, done.over), (1, 22_000, 0, false));
    let mut again = record(2);
    again.picture = record(1).picture;
    again.arrived = now;
    world.commit([again.clone()]).await;
    for id in [record(1).id, again.id] {
        let story = world.ledger.story_of(id).await.unwrap();
        assert_eq!(story.stored.record.picture, again.picture, "both records show it");
    }
    assert_eq!(world.home.retain(&world.ledger, &Keep::default(), now).await.unwrap().removed, 0, "it is new now");
}

#[tokio::test]
async fn a_crash_between_row_and_file_leaves_an_orphan_that_fsck_takes() {
    let world = World::new().await;
    world.commit([record(1)]).await;
    let now = Timestamp::from_second(START + 40 * DAY).unwrap();
    world.home.retain(&world.ledger, &Keep::default(), now).await.unwrap();
    // As if the process had ended before it removed the file.
    let bytes = record(1).picture.unwrap().bytes;
    world.home.objects().put(&bytes).unwrap();
    let options = FsckOptions { hashes: true, remove_orphans: true };
    let report = world.home.fsck(&world.ledger, options).await.unwrap();
    assert_eq!(report.orphans, [world.home.objects().path(Md5::of(&bytes))]);
    assert!(report.is_sound() && world.object_files().is_empty());
}

#[tokio::test]
async fn recording_goes_on_beside_retention() {
    let world = World::new().await;
    let (writer, handle) = world.writer();
    let keep = Keep { age: Duration::from_hours(1), bytes: 50 * 22_000 };
    let now = Timestamp::from_second(START + 600).unwrap();
    for n in 0..400 {
        writer.offer(record(n));
        if n % 100 == 99 {
            writer.flush().await.unwrap();
            world.home.retain(&world.ledger, &keep, now).await.unwrap();
        }
    }
    handle.close().await.unwrap();
    let done = world.home.retain(&world.ledger, &keep, now).await.unwrap();
    assert_eq!(done.kept_bytes, 50 * 22_000);
    let report = world.home.fsck(&world.ledger, FsckOptions { hashes: true, remove_orphans: false }).await.unwrap();
    assert!(report.is_sound() && report.orphans.is_empty(), "{report:?}");
    assert_eq!(writer.stats().committed, 400);
}
