//! Pictures on the disk.

use std::os::unix::fs::PermissionsExt as _;

use hivis_store::{FsckOptions, Home, Md5, ObjectId, StoreError};

use crate::world::{World, record};

/// Two messages of one MD5 (X. Wang and others, 2004): six bits differ.
pub(crate) fn collision() -> (Vec<u8>, Vec<u8>) {
    let one = hex::decode(concat!(
        "d131dd02c5e6eec4693d9a0698aff95c2fcab58712467eab4004583eb8fb7f89",
        "55ad340609f4b30283e488832571415a085125e8f7cdc99fd91dbdf280373c5b",
        "d8823e3156348f5bae6dacd436c919c6dd53e2b487da03fd02396306d248cda0",
        "e99f33420f577ee8ce54b67080a80d1ec69821bcb6a8839396f9652b6ff72a70",
    ))
    .unwrap();
    let mut two = one.clone();
    for at in [19, 45, 59, 83, 109, 123] {
        two[at] ^= 0x80;
    }
    assert_eq!(Md5::of(&one), Md5::of(&two));
    assert_ne!(ObjectId::of(&one), ObjectId::of(&two));
    (one, two)
}

#[test]
fn a_picture_lies_at_its_md5_and_cannot_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let objects = Home::open_or_create(folder.path()).unwrap().objects().clone();
    let put = objects.put(b"hello").unwrap();
    assert!(put.new);
    let path = objects.path(put.md5);
    assert!(path.ends_with("objects/files/md5/5d/41402abc4b2a76b9719d911017c592"), "{}", path.display());
    assert_eq!(fs_err::metadata(&path).unwrap().permissions().mode() & 0o777, 0o444);
    assert_eq!(put.id.to_string(), "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
    assert_eq!(objects.get(put.id, put.md5).unwrap(), b"hello");
    assert!(!objects.put(b"hello").unwrap().new, "the same bytes cost nothing");
    assert_eq!(fs_err::read_dir(folder.path().join("objects/tmp")).unwrap().count(), 0);
}

#[test]
fn a_second_picture_of_one_md5_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let objects = Home::open_or_create(folder.path()).unwrap().objects().clone();
    let (one, two) = collision();
    let put = objects.put(&one).unwrap();
    assert!(matches!(objects.put(&two), Err(StoreError::Md5Collision { .. })));
    assert_eq!(objects.get(put.id, put.md5).unwrap(), one, "the first is untouched");
    assert!(matches!(objects.get(ObjectId::of(&two), put.md5), Err(StoreError::DamagedObject { .. })));
}

#[test]
fn a_damaged_picture_is_noticed_and_mended_by_good_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let objects = Home::open_or_create(folder.path()).unwrap().objects().clone();
    let put = objects.put(b"a good picture").unwrap();
    let path = objects.path(put.md5);
    fs_err::remove_file(&path).unwrap();
    assert!(matches!(objects.get(put.id, put.md5), Err(StoreError::MissingObject { .. })));
    fs_err::write(&path, "rotten").unwrap();
    assert!(matches!(objects.get(put.id, put.md5), Err(StoreError::DamagedObject { .. })));
    assert!(objects.put(b"a good picture").unwrap().new);
    assert_eq!(objects.get(put.id, put.md5).unwrap(), b"a good picture");
}

#[tokio::test]
async fn fsck_finds_missing_damaged_and_orphaned_files_and_removes_orphans_only() {
    let world = World::new().await;
    world.commit((0..6).map(record)).await;
    let all = FsckOptions { hashes: true, remove_orphans: false };
    let report = world.home.fsck(&world.ledger, all).await.unwrap();
    assert!(report.is_sound() && report.orphans.is_empty(), "{report:?}");
    assert_eq!((report.objects, report.bytes), (6, 6 * 22_000));

    let bytes = |n| record(n).picture.unwrap().bytes;
    let path = |n| world.home.objects().path(Md5::of(&bytes(n)));
    let rot = |n, text: &[u8]| {
        fs_err::remove_file(path(n)).unwrap();
        fs_err::write(path(n), text).unwrap();
    };
    fs_err::remove_file(path(1)).unwrap();
    rot(2, b"short");
    rot(3, &vec![7; 22_000]);
    let orphan = world.home.objects().path(world.home.objects().put(b"nobody's").unwrap().md5);
    let unfinished = world.home.path().join("objects/tmp/1-1");
    fs_err::write(&unfinished, "half").unwrap();

    let quick = world.home.fsck(&world.ledger, FsckOptions::default()).await.unwrap();
    assert_eq!(quick.damaged, [ObjectId::of(&bytes(2))], "without reading, only a wrong length shows");
    let options = FsckOptions { hashes: true, remove_orphans: true };
    let report = world.home.fsck(&world.ledger, options).await.unwrap();
    assert_eq!(report.missing, [ObjectId::of(&bytes(1))]);
    let mut damaged = [ObjectId::of(&bytes(2)), ObjectId::of(&bytes(3))];
    damaged.sort();
    let mut found = report.damaged.clone();
    found.sort();
    assert_eq!(found, damaged);
    assert_eq!(report.orphans, [orphan.clone(), unfinished.clone()]);
    assert!(!orphan.exists() && !unfinished.exists());
    assert!(path(2).exists() && path(3).exists(), "damaged files are evidence");

    let trouble = world.ledger.story_of(record(1).id).await.unwrap().picture_trouble.unwrap();
    assert!(trouble.contains("missing"), "{trouble}");
}
