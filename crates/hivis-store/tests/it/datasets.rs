//! Imported data sets: repeated, cut short, contradicting each other, and never taken by retention.

use std::time::Duration;

use hivis_store::{
    Conflict, FsckOptions, ImportedPicture, Keep, NewDataset, NewPicture, ObjectId, Outcome, StoreError, StoredLabel,
};
use hivis_types::{Label, LabelSource, Origin};
use jiff::Timestamp;

use crate::world::{START, World, picture, record};

fn now() -> Timestamp {
    Timestamp::from_second(START).unwrap()
}

/// Picture `n` of a data set; its bytes are those of record `n`.
fn row(n: u64, label: Label) -> NewPicture {
    NewPicture {
        bytes: picture(n, 22_000).bytes,
        name: format!("{n}.jpg"),
        label,
        origin: Origin::Real,
        scene: format!("s{}", n / 2),
        slices: vec!["weather:rain".into()],
    }
}

fn id(n: u64) -> ObjectId {
    ObjectId::of(&picture(n, 22_000).bytes)
}

async fn import(world: &World, name: &str, rows: &[NewPicture]) -> Vec<Outcome> {
    let new = NewDataset { name: name.into(), source: format!("hub:{name}"), revision: Some("c0ffee".into()) };
    let begun = world.ledger.begin_import(&new, now()).await.unwrap();
    let outcomes = world.ledger.import(&begun, rows).await.unwrap();
    world.ledger.end_import(&begun, now()).await.unwrap();
    outcomes
}

async fn find(world: &World, dataset: Option<&str>, n: u64) -> ImportedPicture {
    world.ledger.imported(dataset).await.unwrap().into_iter().find(|p| p.id == id(n)).expect("the picture")
}

use Label::{Clear, Roadwork};

#[tokio::test]
async fn an_import_is_repeated_for_nothing() {
    let world = World::new().await;
    let rows: Vec<_> = (0..6).map(|n| row(n, if n % 2 == 0 { Roadwork } else { Clear })).collect();
    assert_eq!(import(&world, "a", &rows).await, vec![Outcome::New; 6]);
    let version = world.ledger.data_version().await.unwrap();
    assert_eq!(import(&world, "a", &rows).await, vec![Outcome::There; 6]);
    assert_eq!(world.ledger.data_version().await.unwrap(), version);
    let sets = world.ledger.datasets().await.unwrap();
    assert_eq!((sets.len(), sets[0].pictures, sets[0].roadwork, sets[0].scenes), (1, 6, 3, 3));
    assert!(sets[0].ended.is_some());
    assert_eq!(world.object_files().len(), 6);

    // What changed in the source changes here, and in the version; so does what is gone from it.
    let mut rows = rows;
    rows[0].label = Clear;
    let outcomes = import(&world, "a", &rows).await;
    assert_eq!((&outcomes[0], &outcomes[1]), (&Outcome::Changed, &Outcome::There));
    assert_ne!(world.ledger.data_version().await.unwrap(), version);
    rows[0].label = Roadwork;
    import(&world, "a", &rows[1..]).await;
    assert_eq!(world.ledger.imported(None).await.unwrap().len(), 5);
    // Another name is no other picture.
    rows[1].name = "renamed.jpg".into();
    let outcomes = import(&world, "a", &rows).await;
    assert_eq!((&outcomes[0], &outcomes[1]), (&Outcome::New, &Outcome::There));
    assert_eq!(world.ledger.data_version().await.unwrap(), version);
    assert_eq!(find(&world, None, 1).await.name, "renamed.jpg");

    // The same bytes twice in one data set: the first name counts.
    let twin = |label| NewPicture { name: "again.jpg".into(), ..row(0, label) };
    rows.extend([twin(Roadwork), twin(Clear)]);
    let outcomes = import(&world, "a", &rows).await;
    let of = |agrees| Outcome::Twin { of: "0.jpg".into(), agrees };
    assert_eq!(outcomes[6..], [of(true), of(false)]);
    assert_eq!(world.ledger.data_version().await.unwrap(), version);
}

#[tokio::test]
async fn the_version_does_not_depend_on_the_order_of_imports() {
    let (one, other) = (World::new().await, World::new().await);
    let a: Vec<_> = (0..4).map(|n| row(n, Roadwork)).collect();
    let b: Vec<_> = (2..6).map(|n| row(n, Clear)).collect();
    import(&one, "a", &a).await;
    import(&one, "b", &b).await;
    import(&other, "b", &b.iter().rev().cloned().collect::<Vec<_>>()).await;
    import(&other, "a", &a[2..]).await;
    assert_ne!(one.ledger.data_version().await.unwrap(), other.ledger.data_version().await.unwrap());
    import(&other, "a", &a).await;
    assert_eq!(one.ledger.data_version().await.unwrap(), other.ledger.data_version().await.unwrap());
    let stripped = |found: Vec<ImportedPicture>| {
        found.into_iter().map(|p| (p.id, p.dataset, p.label, p.scene, p.disputed)).collect::<Vec<_>>()
    };
    let read = async |world: &World| stripped(world.ledger.imported(None).await.unwrap());
    assert_eq!(read(&one).await, read(&other).await);
}

#[tokio::test]
async fn data_sets_that_disagree_are_shown_and_a_person_settles_it() {
    let world = World::new().await;
    import(&world, "b", &[row(0, Clear), row(1, Clear)]).await;
    import(&world, "a", &[row(0, Roadwork), row(1, Clear), row(2, Clear)]).await;
    let conflict =
        |one: &str, other: &str, shared, differ| Conflict { one: one.into(), other: other.into(), shared, differ };
    assert_eq!(world.ledger.conflicts().await.unwrap(), [conflict("a", "b", 2, 1)]);
    let seen = find(&world, None, 0).await;
    assert_eq!((&*seen.dataset, seen.label, seen.disagreement, seen.disputed), ("a", Roadwork, true, true));
    assert_eq!(&*seen.scene, "a/s0");
    let seen = find(&world, Some("b"), 0).await;
    assert_eq!((&*seen.dataset, seen.label, seen.disagreement, seen.disputed), ("b", Clear, true, false));
    let seen = find(&world, None, 1).await;
    assert_eq!((seen.label, seen.disagreement), (Clear, false));
    assert_eq!(std::fs::read(&seen.path).unwrap(), picture(1, 22_000).bytes);
    assert_eq!(world.ledger.imported(Some("b")).await.unwrap().len(), 2);
    let error = world.ledger.imported(Some("c")).await.unwrap_err();
    assert!(matches!(error, StoreError::NoSuchDataset { .. }), "{error:?}");

    let says = |source, label| StoredLabel { label, source, confidence: 1.0, at: now() };
    let version = world.ledger.data_version().await.unwrap();
    world.ledger.label_picture(id(0), says(LabelSource::Consensus, Clear)).await.unwrap();
    let seen = find(&world, None, 0).await;
    assert_eq!((seen.label, seen.source, seen.disputed), (Roadwork, LabelSource::Dataset, true), "a lower source");
    world.ledger.label_picture(id(0), says(LabelSource::Person, Clear)).await.unwrap();
    let seen = find(&world, None, 0).await;
    assert_eq!((seen.label, seen.source, seen.disagreement, seen.disputed), (Clear, LabelSource::Person, true, false));
    assert!(world.ledger.conflicts().await.unwrap().contains(&conflict("a", "person", 1, 1)));
    assert_ne!(world.ledger.data_version().await.unwrap(), version);
    assert!(world.ledger.label_picture(id(9), says(LabelSource::Person, Clear)).await.is_err(), "no such picture");
}

#[tokio::test]
async fn retention_leaves_imported_pictures() {
    let world = World::new().await;
    world.commit((0..4).map(record)).await;
    let keep = Keep { age: Duration::ZERO, bytes: 0 };
    let later = Timestamp::from_second(START + 10_000).unwrap();
    import(&world, "a", &[row(0, Clear)]).await;
    let done = world.home.retain(&world.ledger, &keep, later).await.unwrap();
    assert_eq!((done.removed, done.over), (3, true));
    // Record 1's picture had gone when the data set brought it again.
    assert_eq!(import(&world, "a", &[row(0, Clear), row(1, Clear)]).await, [Outcome::There, Outcome::New]);
    let done = world.home.retain(&world.ledger, &keep, later).await.unwrap();
    assert_eq!(done.removed, 0);
    for n in 0..2 {
        assert_eq!(std::fs::read(find(&world, None, n).await.path).unwrap(), picture(n, 22_000).bytes);
    }
    let report = world.home.fsck(&world.ledger, FsckOptions { hashes: true, remove_orphans: false }).await.unwrap();
    assert!(report.is_sound() && report.orphans.is_empty(), "{report:?}");
}

#[tokio::test]
async fn an_import_that_was_cut_short_is_said_so_and_ends_complete() {
    let world = World::new().await;
    let rows: Vec<_> = (0..6).map(|n| row(n, Roadwork)).collect();
    let new = NewDataset { name: "a".into(), source: "folder".into(), revision: None };
    let begun = world.ledger.begin_import(&new, now()).await.unwrap();
    world.ledger.import(&begun, &rows[..4]).await.unwrap();
    let sets = world.ledger.datasets().await.unwrap();
    assert_eq!((sets[0].pictures, sets[0].ended), (4, None));
    // A file that went missing comes again too.
    let lost = find(&world, None, 2).await.path;
    std::fs::remove_file(&lost).unwrap();
    let outcomes = import(&world, "a", &rows).await;
    assert_eq!(outcomes.iter().filter(|o| **o == Outcome::There).count(), 4);
    assert_eq!(outcomes.iter().filter(|o| **o == Outcome::New).count(), 2);
    assert!(lost.exists());
    assert!(world.ledger.datasets().await.unwrap()[0].ended.is_some());
}
