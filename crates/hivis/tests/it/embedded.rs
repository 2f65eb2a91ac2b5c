//! Features of the home's pictures: kept, served or computed, and in which space.

use std::path::Path;

use hivis::cli::ServeArgs;
use hivis::config::{Raw, Settings};
use hivis::embedded::Embedder;
use hivis_store::{Home, Md5, ObjectId, RecordFilter};
use hivis_types::{Picture, ReleaseId};

use crate::made::{note, trained, vit};
use crate::miner::with_release;
use crate::release::{current, run};

async fn open(home: &Home, release: Option<&str>) -> Embedder {
    let settings = Settings::resolve(&Raw::default(), &ServeArgs::default(), home.path()).expect("settings");
    let release = release.map(|id| ReleaseId::new(id).expect("an id"));
    Embedder::open(home, &settings, release.as_ref()).await.expect("a release that computes features")
}

fn put(home: &Home, bytes: &[u8]) -> (ObjectId, Md5) {
    let put = home.objects().put(bytes).expect("it is stored");
    (put.id, put.md5)
}

fn remove(home: &Home, (_, md5): (ObjectId, Md5)) {
    std::fs::remove_file(home.objects().path(md5)).expect("the file is there");
}

fn jpeg(width: u32, height: u32, colour: [u8; 3]) -> Vec<u8> {
    hivis_image::encode_jpeg(&Picture::filled(width, height, colour))
}

fn close(a: &[f32], b: &[f32]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-4)
}

#[tokio::test(flavor = "multi_thread")]
async fn features_are_kept_served_or_computed() {
    let folder = tempfile::tempdir().expect("a folder");
    with_release(folder.path());
    let home = Home::open(folder.path()).expect("a home");
    let ledger = home.ledger().await.expect("a ledger");
    let served = ledger.list(&RecordFilter { features: true, ..RecordFilter::default() }).await.expect("records");
    let of = |record: &hivis_store::StoredRecord| {
        let id = record.record.id;
        let ledger = ledger.clone();
        async move { ledger.story_of(id).await.expect("a record").stored.record.picture.expect("a picture").bytes }
    };
    let mut asked = Vec::new();
    for record in &served {
        let bytes = of(record).await;
        asked.push((ObjectId::of(&bytes), Md5::of(&bytes)));
    }
    assert_eq!(asked.len(), 2, "the demo asks two questions");
    // One served picture is gone: only its features are left.
    remove(&home, asked[0]);
    let (blue, odd) = (put(&home, &jpeg(224, 224, [0, 0, 250])), put(&home, &jpeg(301, 97, [200, 60, 0])));
    asked.extend([blue, put(&home, b"no picture"), odd, blue]);

    let embedder = open(&home, None).await;
    let features = embedder.features(&asked).await.expect("features");
    for (record, features) in served.iter().zip(&features) {
        let judged = record.record.judgement.as_ref().expect("it was judged");
        assert_eq!(features.as_ref(), Some(&judged.features));
    }
    let present: Vec<bool> = features.iter().map(Option::is_some).collect();
    assert_eq!(present, [true, true, true, false, true, true]);
    assert!(features[2] == features[5] && features[2] != features[4]);

    let scores = embedder.judge(&asked).await.expect("scores");
    assert!(scores[0].is_none() && scores[3].is_none(), "a picture that is not there cannot be judged");
    let judged = served[1].record.judgement.as_ref().expect("it was judged");
    let again = scores[1].as_ref().expect("scores");
    assert!((again.probability - judged.probability).abs() < 1e-4 && close(&again.features, &judged.features));
    assert!((2..5).all(|at| scores[at].as_ref().map(|s| &s.features) == features[at].as_ref()));

    // Kept: another process needs neither the picture nor the engine's time.
    remove(&home, blue);
    let other = open(&home, None).await;
    assert_eq!(other.space(), embedder.space());
    assert_eq!(other.features(&asked).await.expect("features"), features);
    let (ids, rows) = other.all().await.expect("all");
    assert_eq!((ids.len(), rows.len(), rows.width()), (4, 4, judged.features.len()));
    let at = ids.iter().position(|id| *id == odd.0).expect("it is kept");
    assert_eq!(Some(rows.row(at)), features[4].as_deref());
}

#[tokio::test(flavor = "multi_thread")]
async fn releases_share_a_space_when_their_features_are_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let path: &Path = folder.path();
    with_release(path);
    let first = current(path);
    trained(path, &first, "twin", &note("0123"));
    run(path, &["import", "model", vit().to_str().expect("a plain path"), "--id", "vit"]);
    let home = Home::open(path).expect("a home");
    let space = open(&home, Some(&first)).await.space().to_owned();
    let (twin, vit) = (open(&home, Some("twin")).await, open(&home, Some("vit")).await);
    assert_eq!(twin.space(), space);
    assert_ne!(vit.space(), space);
    let listed = std::fs::read_to_string(home.cache().join("embeddings").join(&space).join("releases"));
    let mut wanted = [first, "twin".to_owned()];
    wanted.sort();
    assert_eq!(listed.expect("a list").lines().collect::<Vec<_>>(), wanted);

    let blank = tempfile::tempdir().expect("a folder");
    let home = Home::open_or_create(blank.path()).expect("a home");
    let settings = Settings::resolve(&Raw::default(), &ServeArgs::default(), home.path()).expect("settings");
    let refused = Embedder::open(&home, &settings, None).await.err().expect("there is no release");
    assert!(hivis::failure::text(&refused).contains("hint: "), "{refused}");
}
