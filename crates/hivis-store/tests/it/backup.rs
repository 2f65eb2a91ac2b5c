//! Backups of a home in use, homes made of them, and what goes wrong on the way.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use fs_err as fs;
use hivis_store::{
    BackupOptions, BackupReport, CopyEvent, Home, Keep, Lost, Place, RecordFilter, RestoreReport, StoreError,
    StoredRecord, restore,
};
use jiff::Timestamp;

use crate::bucket::{Bucket, KEY, SECRET, tls};
use crate::releases::{id, stage};
use crate::world::{START, World, record, within};

/// Stands in every file that no backup may hold.
const WORD: &str = "never-in-a-backup";

fn at(day: i64) -> Timestamp {
    Timestamp::from_second(START + day * 86_400).unwrap()
}

fn folder(path: &Path) -> Place {
    Place::make(path.to_str().unwrap(), |name| panic!("{name} is asked for")).unwrap()
}

fn quiet(_: CopyEvent) {}

async fn backup(world: &World, place: &Place, day: i64) -> BackupReport {
    let options = BackupOptions { now: at(day), leave_out: vec![world.home.path().join("runs/wallets")], keep: None };
    within(world.home.backup(&world.ledger, place, &options, &quiet)).await.unwrap()
}

async fn bring(place: &Place, home: &Path) -> Result<RestoreReport, StoreError> {
    within(restore(place, home, None, &quiet)).await
}

/// Files beside ledger, pictures and releases that a backup holds.
const FURNITURE: [&str; 7] =
    ["hivis.toml", "permits.toml", "users.toml", "splits/7.csv", "exams/a.json", "reports/r.html", "runs/one/head.bin"];

/// A home with records `0..records`, two releases, and a file of each other kind.
async fn furnished(records: u64) -> World {
    let world = World::new().await;
    world.commit((0..records).map(record)).await;
    for name in ["vit-1", "vit-2"] {
        let releases = world.home.releases();
        releases.install(&stage(&releases, name), &id(name)).unwrap();
        releases.set_current(&id(name)).unwrap();
    }
    let write = |name: &str, text: &str| {
        let path = world.home.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    for name in FURNITURE {
        write(name, name);
    }
    for name in
        ["wallets/w/hotkeys/h", "runs/wallets/h", "cache/f", "hub/m", "logs/l", "splits/.tmp", "token", "restored.txt"]
    {
        write(name, WORD);
    }
    std::os::unix::fs::symlink(world.home.path().join("token"), world.home.path().join("exams/link")).unwrap();
    world
}

async fn rows(home: &Home) -> Vec<StoredRecord> {
    let ledger = home.ledger().await.unwrap();
    let everything = RecordFilter { features: true, limit: 0, ..RecordFilter::default() };
    let rows = ledger.list(&everything).await.unwrap();
    ledger.close().await;
    rows
}

/// Every file below, with its bytes.
fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.insert(path.strip_prefix(folder).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    files
}

/// The file of the pool that holds these bytes.
fn pooled(place: &Path, bytes: &[u8]) -> PathBuf {
    let (path, _) = tree(&place.join("pool")).into_iter().find(|(_, content)| content == bytes).unwrap();
    place.join("pool").join(path)
}

#[tokio::test]
async fn another_machine_gets_the_same_home_back() {
    let world = furnished(20).await;
    let elsewhere = tempfile::tempdir().unwrap();
    let place = folder(&elsewhere.path().join("backups"));
    let report = backup(&world, &place, 1).await;
    assert_eq!((report.lost.len(), report.retained_away, report.copied), (0, 0, report.files));
    assert_eq!(report.files, 20 + 2 * 3 + 1 + 7 + 1, "pictures, releases, pointer, files, ledger");
    for (path, bytes) in tree(place.path().unwrap()) {
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains(WORD) && !text.contains("wallets"), "{}", path.display());
    }
    assert!(!world.home.path().join("ledger.backup").exists());

    let before = rows(&world.home).await;
    let left = tree(world.home.path());
    let gone = world.home.path().to_owned();
    world.ledger.close().await;
    fs::remove_dir_all(&gone).unwrap();

    let target = elsewhere.path().join("machine/home");
    let restored = bring(&place, &target).await.unwrap();
    assert!(restored.is_whole(), "{restored:?}");
    assert_eq!((restored.files, restored.bytes), (report.files, report.bytes));
    assert_eq!((restored.made, restored.fsck.objects), (at(1), 20));
    let home = Home::open(&target).unwrap();
    assert_eq!(rows(&home).await, before);
    assert_eq!(home.releases().current().unwrap(), Some(id("vit-2")));
    assert_eq!(home.releases().list().unwrap(), [id("vit-1"), id("vit-2")]);
    home.releases().load(&id("vit-2")).unwrap();
    let now = tree(&target);
    for name in now.keys().filter(|name| !name.to_string_lossy().starts_with("ledger")) {
        assert!(left.get(name) == now.get(name) || name.ends_with("lock"), "{}", name.display());
    }
    for name in FURNITURE {
        assert_eq!(now[Path::new(name)], name.as_bytes());
    }
    let mode = |path: &str| std::os::unix::fs::MetadataExt::mode(&fs::metadata(target.join(path)).unwrap()) & 0o777;
    assert_eq!((mode(""), mode("releases/vit-1/model.onnx"), mode("releases/current")), (0o700, 0o444, 0o600));
}

#[tokio::test]
async fn only_what_is_new_is_copied_and_older_backups_stay_good() {
    let world = furnished(10).await;
    let elsewhere = tempfile::tempdir().unwrap();
    let place = folder(&elsewhere.path().join("backups"));
    let first = backup(&world, &place, 1).await;
    let same = backup(&world, &place, 2).await;
    assert_eq!((same.files, same.copied), (first.files, 0), "nothing changed");
    world.commit((10..13).map(record)).await;
    let third = backup(&world, &place, 3).await;
    assert_eq!((third.files, third.copied), (first.files + 3, 4), "three pictures and the ledger");

    let old = elsewhere.path().join("old");
    let report = within(restore(&place, &old, Some(&first.manifest), &quiet)).await.unwrap();
    assert!(report.is_whole());
    assert_eq!(rows(&Home::open(&old).unwrap()).await.len(), 10);
    let new = elsewhere.path().join("new");
    assert!(bring(&place, &new).await.unwrap().is_whole());
    assert_eq!(rows(&Home::open(&new).unwrap()).await.len(), 13);

    // Only the newest stays, and all that it needs.
    let options = BackupOptions { now: at(4), leave_out: Vec::new(), keep: Some(1) };
    let fourth = within(world.home.backup(&world.ledger, &place, &options, &quiet)).await.unwrap();
    assert_eq!(fourth.removed, [first.manifest.as_str(), &same.manifest, &third.manifest]);
    let contents = tree(&place.path().unwrap().join("pool")).len() as u64;
    assert!(contents <= fourth.files, "{contents} contents for {} files", fourth.files);
    let last = elsewhere.path().join("last");
    assert!(bring(&place, &last).await.unwrap().is_whole());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_beside_a_writer_and_retention_fits_together() {
    let world = furnished(60).await;
    let elsewhere = tempfile::tempdir().unwrap();
    let place = folder(&elsewhere.path().join("backups"));
    let (writer, handle) = world.writer();
    let stop = AtomicBool::new(false);
    let writing = async {
        let mut n = 60;
        while !stop.load(Ordering::Relaxed) {
            writer.offer(record(n));
            writer.flush().await.unwrap();
            n += 1;
        }
        n
    };
    // Between the copy of the ledger and that of the pictures retention takes some of them.
    let show = |event| {
        if let CopyEvent::Planned { .. } = event {
            let (home, ledger) = (world.home.clone(), world.ledger.clone());
            let keep = Keep { age: Duration::from_secs(1), bytes: 1 << 40 };
            let oldest = Timestamp::from_second(START + 26).unwrap();
            let retain = std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(home.retain(&ledger, &keep, oldest)).unwrap()
            });
            assert_eq!(retain.join().unwrap().removed, 25);
        }
    };
    let options = BackupOptions { now: at(1), leave_out: Vec::new(), keep: None };
    let backup = async {
        let report = world.home.backup(&world.ledger, &place, &options, &show).await.unwrap();
        stop.store(true, Ordering::Relaxed);
        report
    };
    let (report, written) = within(async { tokio::join!(backup, writing) }).await;
    handle.close().await.unwrap();
    assert!(written > 60, "the writer went on");
    assert_eq!((report.retained_away, report.lost.len()), (25, 0));

    let target = elsewhere.path().join("home");
    let restored = bring(&place, &target).await.unwrap();
    assert!(restored.is_whole(), "{restored:?}");
    let home = Home::open(&target).unwrap();
    let rows = rows(&home).await;
    assert!((60..=written as usize).contains(&rows.len()));
    assert_eq!(restored.fsck.objects, rows.len() as u64 - 25);
    assert!(restored.fsck.orphans.is_empty());
}

#[tokio::test]
async fn what_the_home_lost_is_named_and_the_rest_is_kept() {
    let world = furnished(6).await;
    let files = world.object_files();
    let name = |path: &Path| path.strip_prefix(world.home.path()).unwrap().to_str().unwrap().to_owned();
    fs::remove_file(&files[0]).unwrap();
    fs::remove_file(&files[1]).unwrap();
    fs::write(&files[1], "other bytes").unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let place = folder(&elsewhere.path().join("backups"));
    let report = backup(&world, &place, 1).await;
    let lost = [(&files[0], "missing"), (&files[1], "damaged")];
    let lost = lost.map(|(path, why)| Lost { path: name(path), why: why.to_owned() });
    assert_eq!(report.lost, lost);
    let restored = bring(&place, &elsewhere.path().join("home")).await.unwrap();
    assert!(!restored.is_whole() && restored.bad.is_empty());
    assert_eq!((restored.lost, restored.fsck.missing.len()), (lost.to_vec(), 2));
}

#[tokio::test]
async fn what_a_backup_lost_is_named() {
    let world = furnished(6).await;
    let elsewhere = tempfile::tempdir().unwrap();
    let place = folder(&elsewhere.path().join("backups"));
    let report = backup(&world, &place, 1).await;
    let pool = place.path().unwrap();
    let pictures: Vec<_> = world.object_files();
    let of = |n: usize| pooled(pool, &fs::read(&pictures[n]).unwrap());
    let flip = |path: &Path| {
        let mut bytes = fs::read(path).unwrap();
        bytes[20] ^= 4;
        fs::write(path, bytes).unwrap();
    };
    let cut = |path: &Path| fs::OpenOptions::new().write(true).open(path).unwrap().set_len(9).unwrap();
    let damaged = [0, 1, 2].map(of);
    fs::remove_file(&damaged[0]).unwrap();
    flip(&damaged[1]);
    cut(&damaged[2]);
    let graph = pooled(pool, b"model.onnx of vit-1");
    cut(&graph);
    let restored = bring(&place, &elsewhere.path().join("a")).await.unwrap();
    let name = |path: &Path| path.strip_prefix(world.home.path()).unwrap().to_str().unwrap().to_owned();
    let mut bad: Vec<Lost> = (0..3)
        .map(|n| Lost { path: name(&pictures[n]), why: if n == 0 { "missing" } else { "damaged" }.to_owned() })
        .collect();
    bad.push(Lost { path: "releases/vit-1/model.onnx".to_owned(), why: "damaged".to_owned() });
    assert_eq!((restored.bad, restored.fsck.missing.len(), restored.files), (bad, 3, report.files - 4));

    // The next backup notices the lengths, and mends them.
    let again = backup(&world, &place, 2).await;
    assert_eq!(again.copied, 3);
    flip(&damaged[1]);
    assert!(bring(&place, &elsewhere.path().join("b")).await.unwrap().is_whole());

    // Without its ledger, and with a changed manifest, it is none.
    let ledger = tree(&pool.join("pool")).into_iter().find(|(_, bytes)| bytes.starts_with(b"SQLite format")).unwrap().0;
    flip(&pool.join("pool").join(ledger));
    let error = bring(&place, &elsewhere.path().join("c")).await.unwrap_err();
    assert!(
        matches!(&error, StoreError::BadBackup { reason, .. } if reason.contains("its ledger is damaged")),
        "{error}"
    );
    assert!(matches!(Home::open(&elsewhere.path().join("c")), Err(StoreError::HalfRestored { .. })));
    flip(&pool.join(format!("manifests/{}.jsonl", again.manifest)));
    let error = bring(&place, &elsewhere.path().join("d")).await.unwrap_err();
    assert!(matches!(&error, StoreError::BadBackup { reason, .. } if reason.contains("changed or damaged")), "{error}");
    let heads = place.backups().await.unwrap();
    assert_eq!(heads.iter().map(|(_, head)| head.is_ok()).collect::<Vec<_>>(), [true, false]);
}

#[tokio::test]
async fn a_backup_that_was_cut_off_is_none_and_the_next_goes_on() {
    let world = furnished(30).await;
    let elsewhere = tempfile::tempdir().unwrap();
    let place = folder(&elsewhere.path().join("backups"));
    let copied = AtomicU64::new(0);
    let (cut, when) = tokio::sync::oneshot::channel();
    let cut = Mutex::new(Some(cut));
    let show = |event| {
        if let CopyEvent::Bytes(_) = event
            && copied.fetch_add(1, Ordering::Relaxed) == 10
        {
            cut.lock().unwrap().take().unwrap().send(()).unwrap();
        }
    };
    let options = BackupOptions { now: at(1), leave_out: Vec::new(), keep: None };
    tokio::select! {
        biased;
        _ = when => {}
        done = world.home.backup(&world.ledger, &place, &options, &show) => panic!("it was not cut off: {done:?}"),
    }
    assert!(place.backups().await.unwrap().is_empty());
    let error = bring(&place, &elsewhere.path().join("home")).await.unwrap_err();
    assert!(matches!(&error, StoreError::BadBackup { reason, .. } if reason == "there is none"), "{error}");
    let report = backup(&world, &place, 2).await;
    assert!(report.copied < report.files, "what was there is not copied again");
    assert!(bring(&place, &elsewhere.path().join("home")).await.unwrap().is_whole());
}

#[tokio::test]
async fn a_restore_goes_into_an_empty_folder_only_and_goes_on_where_it_was() {
    let world = furnished(30).await;
    let elsewhere = tempfile::tempdir().unwrap();
    let place = folder(&elsewhere.path().join("backups"));
    backup(&world, &place, 1).await;
    let error = bring(&place, world.home.path()).await.unwrap_err();
    assert!(matches!(error, StoreError::NotEmpty { .. }), "{error}");
    assert!(world.home.path().join("hivis.toml").exists());

    let target = elsewhere.path().join("home");
    fs::create_dir_all(target.join("lost+found")).unwrap();
    let (cut, when) = tokio::sync::oneshot::channel();
    let cut = Mutex::new(Some(cut));
    let show = |event| {
        if let CopyEvent::Bytes(_) = event
            && let Some(cut) = cut.lock().unwrap().take()
        {
            cut.send(()).unwrap();
        }
    };
    tokio::select! {
        biased;
        _ = when => {}
        done = restore(&place, &target, None, &show) => panic!("it was not cut off: {done:?}"),
    }
    let error = Home::open(&target).unwrap_err();
    assert!(matches!(error, StoreError::HalfRestored { .. }), "{error}");
    assert!(error.hint().unwrap().contains("again"));
    backup(&world, &place, 2).await;
    let error = bring(&place, &target).await.unwrap_err();
    assert!(matches!(error, StoreError::HalfRestored { .. }), "another backup is not mixed in: {error}");
    let first = &place.backups().await.unwrap()[0].0.clone();
    assert!(within(restore(&place, &target, Some(first), &quiet)).await.unwrap().is_whole());
    assert_eq!(rows(&Home::open(&target).unwrap()).await, rows(&world.home).await);
}

#[tokio::test]
async fn places_that_are_none_are_refused() {
    tls();
    let world = furnished(1).await;
    let none = |_: &str| None;
    let error = |text: &str| Place::open(text, none).unwrap_err().to_string();
    assert!(error("s3://bucket/x").contains("AWS_ACCESS_KEY_ID is not set"));
    assert!(error("/no/such/folder").contains("no such folder"));
    assert!(error("gs://bucket/x").contains("only folders and s3://"));
    assert!(!error("s3://AKID:secret@bucket/x").contains("secret"));
    let far =
        |name: &str| Some(if name.starts_with("AWS_ENDPOINT") { "http://10.0.0.1:9000" } else { WORD }.to_owned());
    let error = Place::open("s3://bucket/x", far).unwrap_err().to_string();
    assert!(error.contains("plain http") && !error.contains(WORD), "{error}");
    let options = BackupOptions { now: at(1), leave_out: Vec::new(), keep: None };
    for inside in [world.home.path().join("exams"), world.home.path().parent().unwrap().to_owned()] {
        let error = world.home.backup(&world.ledger, &folder(&inside), &options, &quiet).await.unwrap_err();
        assert!(matches!(error, StoreError::BadPlace { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_real_s3_server_holds_backups() {
    let Some(bucket) = Bucket::start() else { return };
    let world = furnished(10).await;
    // More than a part: it goes up in several.
    let big: Vec<u8> = (0..40_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    fs::write(world.home.path().join("runs/one/big.bin"), &big).unwrap();
    let place = bucket.place("s3://tests/hivis/one", SECRET).unwrap();
    let first = backup(&world, &place, 1).await;
    assert_eq!(first.copied, first.files);
    let second = backup(&world, &place, 2).await;
    assert_eq!(second.copied, 0);
    let elsewhere = tempfile::tempdir().unwrap();
    let target = elsewhere.path().join("home");
    let restored = bring(&place, &target).await.unwrap();
    assert!(restored.is_whole(), "{restored:?}");
    assert_eq!(rows(&Home::open(&target).unwrap()).await, rows(&world.home).await);
    assert!(fs::read(target.join("runs/one/big.bin")).unwrap() == big);
    let empty = bucket.place("s3://tests/hivis/two", SECRET).unwrap();
    assert!(empty.backups().await.unwrap().is_empty(), "prefixes are apart");

    let options = BackupOptions { now: at(3), leave_out: Vec::new(), keep: Some(1) };
    let third = within(world.home.backup(&world.ledger, &place, &options, &quiet)).await.unwrap();
    assert_eq!(third.removed, [first.manifest, second.manifest]);
    assert!(bring(&place, &elsewhere.path().join("again")).await.unwrap().is_whole());

    let wrong = bucket.place("s3://tests/hivis/one", "another-secret").unwrap();
    let error = wrong.backups().await.unwrap_err();
    assert!(matches!(error, StoreError::PlaceRefused { .. }), "{error:?}");
    let told = format!("{error:?} {error} {wrong:?} {wrong} {place:?}");
    assert!(![SECRET, "another-secret", KEY].iter().any(|secret| told.contains(secret)), "{told}");
    let absent = bucket.place("s3://no-such-bucket/x", SECRET).unwrap();
    let error = within(absent.backups()).await.unwrap_err();
    assert!(error.hint().is_some_and(|hint| hint.contains("bucket") || hint.contains("AWS")), "{error:?}");
}
