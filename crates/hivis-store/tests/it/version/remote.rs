//! Versions at a remote: a folder, and S3 as the real DVC uses it.

use std::path::PathBuf;

use hivis_store::{CheckOptions, Home, Place, StoreError, VersionError};

use super::dvc::edit;
use super::*;
use crate::bucket::{Bucket, KEY, SECRET};
use crate::world::within;

fn folder(world: &World) -> PathBuf {
    let folder = world.home.path().parent().unwrap().join("remote");
    fs_err::create_dir_all(&folder).unwrap();
    folder
}

fn place(folder: &Path) -> Place {
    Place::open(folder.to_str().unwrap(), |_| None).unwrap()
}

#[tokio::test]
async fn an_empty_home_pulls_the_same_versions() {
    let world = two_versions().await;
    let remote = place(&folder(&world));
    let report = lock(&world).push(&remote, None, &|_| {}).await.unwrap();
    assert_eq!((report.versions.len(), report.files, report.there), (2, 8 + 4, 0));
    let again = lock(&world).push(&remote, None, &|_| {}).await.unwrap();
    assert_eq!((again.files, again.there), (0, 8 + 4), "only what is missing");

    let other = World::new().await;
    let report = lock(&other).pull(&remote, now(), &|_| {}).await.unwrap();
    assert_eq!((report.new, report.files), (vec![name(V1), name(V2)], 8));
    let (ours, theirs) = (world.home.dataset(), other.home.dataset());
    for tag in [V1, V2] {
        assert_eq!(git(&theirs, &["rev-parse", tag]), git(&ours, &["rev-parse", tag]), "the same commit");
    }
    assert!(lock(&other).check(CheckOptions::default()).await.unwrap().troubles.is_empty());
    let again = lock(&other).pull(&remote, now(), &|_| {}).await.unwrap();
    assert_eq!((again.new.len(), again.files), (0, 0));
    // Both go on: there is no order in which both could be the third.
    let third = "v1.2.0-20261123";
    cut(&world, &version(third, 0..8, "roadwork")).await.unwrap();
    lock(&world).push(&remote, None, &|_| {}).await.unwrap();
    cut(&other, &version(third, 2..4, "roadwork")).await.unwrap();
    let diverged = lock(&other).pull(&remote, now(), &|_| {}).await.unwrap_err();
    assert!(matches!(diverged, StoreError::Version(VersionError::Diverged { .. })), "{diverged}");
    assert!(diverged.hint().is_some());
}

#[tokio::test]
async fn a_lost_recording_comes_back_and_a_damaged_one_never_does() {
    let world = two_versions().await;
    let folder = folder(&world);
    let remote = place(&folder);
    lock(&world).push(&remote, None, &|_| {}).await.unwrap();
    let path = world.object_files().pop().unwrap();
    let good = fs_err::read(&path).unwrap();
    fs_err::remove_file(&path).unwrap();
    let there = folder.join(path.strip_prefix(world.home.path().join("objects")).unwrap());
    fs_err::write(&there, b"wrong").unwrap();
    let damaged = lock(&world).pull(&remote, now(), &|_| {}).await.unwrap_err();
    assert!(matches!(damaged, StoreError::Version(VersionError::BadRemote { why: "damaged", .. })), "{damaged}");
    assert!(!path.exists());
    fs_err::remove_file(&there).unwrap();
    let missing = lock(&world).pull(&remote, now(), &|_| {}).await.unwrap_err();
    assert!(matches!(missing, StoreError::Version(VersionError::BadRemote { why: "missing", .. })), "{missing}");
    fs_err::write(&there, &good).unwrap();
    assert_eq!(lock(&world).pull(&remote, now(), &|_| {}).await.unwrap().files, 1);
    assert_eq!(fs_err::read(&path).unwrap(), good);
}

/// What DVC reads S3 with.
fn configure(dvc: &Path, repository: &Path, bucket: &Bucket) {
    run(dvc, repository, &["remote", "add", "--local", "--default", "s3", "s3://tests/versions"]);
    let settings =
        [("endpointurl", bucket.endpoint()), ("access_key_id", KEY.to_owned()), ("region", "us-east-1".to_owned())];
    for (key, value) in settings {
        run(dvc, repository, &["remote", "modify", "--local", "s3", key, &value]);
    }
    run(dvc, repository, &["remote", "modify", "--local", "s3", "secret_access_key", SECRET]);
}

#[tokio::test]
async fn dvc_pulls_from_s3_what_hivis_pushed_and_the_reverse() {
    let (Some(venv), Some(bucket)) = (hivis_testbed::peers::environment("dvc"), Bucket::start()) else { return };
    let dvc = venv.join("bin/dvc");
    let world = two_versions().await;
    let dataset = world.home.dataset();
    let remote = bucket.place("s3://tests/versions", SECRET).unwrap();
    let report = within(lock(&world).push(&remote, None, &|_| {})).await.unwrap();
    assert_eq!(report.files, 8 + 4);

    // Somebody else's clone, with a cache of its own.
    let clone = world.home.path().parent().unwrap().join("clone");
    git(dataset.parent().unwrap(), &["clone", "-q", dataset.to_str().unwrap(), clone.to_str().unwrap()]);
    configure(&dvc, &clone, &bucket);
    for (tag, new, numbers) in [(V1, version(V1, 0..6, "roadwork"), 0..6), (V2, version(V2, 2..8, "none"), 2..8)] {
        git(&clone, &["checkout", "-q", tag]);
        run(&dvc, &clone, &["pull", "--quiet"]);
        assert_eq!(files(&clone.join("data")), expected(&new, numbers), "{tag}");
    }
    let cloud = run(&dvc, &clone, &["status", "--cloud"]);
    assert!(cloud.contains("in sync") || cloud.contains("up to date"), "{cloud}");
    // There he changes it, and pushes with DVC; here it is pulled with git and hivis.
    edit(&dvc, &clone);
    run(&dvc, &clone, &["push", "--quiet"]);
    git(&dataset, &["pull", "-q", "--ff-only", clone.to_str().unwrap(), "main"]);
    let missing = lock(&world).edited().await.unwrap_err();
    assert!(missing.to_string().contains("not in the cache"), "{missing}");
    let report = within(lock(&world).pull(&remote, now(), &|_| {})).await.unwrap();
    assert_eq!((report.new.len(), report.edited), (0, 2));
    let edited = lock(&world).edited().await.unwrap().unwrap();
    assert_eq!((edited.added.len(), edited.removed.len(), edited.kept.len()), (1, 1, 5));
    assert_eq!(fs_err::read(&edited.added[0].file).unwrap(), bytes(20));
    // And what DVC pushed of a version of its own is enough for an empty home.
    let other = Home::open_or_create(&world.home.path().parent().unwrap().join("other")).unwrap();
    let ledger = other.ledger().await.unwrap();
    let versions = other.lock_versions(&ledger, VersionOptions::default()).unwrap();
    let report = within(versions.pull(&remote, now(), &|_| {})).await.unwrap();
    assert_eq!((report.new.len(), report.files), (2, 8));
}
