//! Versions of the ledger, and records through it unchanged.

use hivis_store::{Home, PictureState, RecordFilter, RecordWriter, StoreError, WriterSettings};
use hivis_types::{BatchLeft, EngineKind, Judgement, Label, Precision, Protocol, Record, ReleaseId, Silence};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, SqlSafeStr as _, SqliteConnection};

use crate::world::{World, record};

async fn connect(home: &Home) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(home.path().join("ledger.db")).create_if_missing(true);
    options.connect().await.unwrap()
}

#[tokio::test]
async fn an_older_ledger_is_brought_up_and_a_copy_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::open_or_create(folder.path()).unwrap();
    let mut old = connect(&home).await;
    let first = include_str!("../../migrations/0001_records.sql");
    let migration = Migration::new(1, "records".into(), MigrationType::Simple, first.into_sql_str(), false);
    Migrator::with_migrations(vec![migration]).run(&mut old).await.unwrap();
    let sql = "INSERT INTO objects (sha256, md5, bytes, last_us, sureness) VALUES (x'01', x'02', 3, 4, 0.5)";
    sqlx::query(sql).execute(&mut old).await.unwrap();
    old.close().await.unwrap();

    let ledger = home.ledger().await.unwrap();
    assert_eq!(ledger.version(), 17);
    assert_eq!(ledger.totals().await.unwrap().pictures, 1, "what was there is there");
    let copy = home.path().join("ledger.db.v1");
    let options = SqliteConnectOptions::new().filename(&copy).read_only(true);
    let mut kept = options.connect().await.unwrap();
    let tables =
        "SELECT (SELECT count(*) FROM objects) * 10 + (SELECT count(*) FROM sqlite_master WHERE name = 'labels')";
    let found: i64 = sqlx::query_scalar(tables).fetch_one(&mut kept).await.unwrap();
    assert_eq!(found, 10, "the copy has the object and no table of labels");

    ledger.close().await;
    fs_err::remove_file(&copy).unwrap();
    home.ledger().await.unwrap();
    assert!(!copy.exists(), "nothing to bring up, no copy");
}

#[tokio::test]
async fn two_processes_may_make_one_ledger_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::open_or_create(folder.path()).unwrap();
    let opened: Vec<_> = (0..4)
        .map(|_| {
            tokio::spawn({
                let home = home.clone();
                async move { home.ledger().await }
            })
        })
        .collect();
    for ledger in opened {
        assert_eq!(ledger.await.unwrap().unwrap().version(), 17);
    }
}

#[tokio::test]
async fn a_newer_ledger_is_read_and_never_written() {
    let world = World::new().await;
    world.commit([record(1)]).await;
    world.ledger.close().await;
    let mut newer = connect(&world.home).await;
    let sql = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
        VALUES (900, 'tomorrow', 1, x'00', 0)";
    sqlx::query(sql).execute(&mut newer).await.unwrap();
    newer.close().await.unwrap();

    let ledger = world.home.ledger().await.unwrap();
    assert_eq!(ledger.list(&RecordFilter::default()).await.unwrap().len(), 1);
    let error = RecordWriter::spawn(&world.home, &ledger, WriterSettings::default()).map(|_| ()).unwrap_err();
    assert!(matches!(error, StoreError::NewerLedger { found: 900, known: 17, .. }), "{error:?}");
    assert!(error.hint().unwrap().contains("newer hivis"));
    assert!(ledger.writable().is_err());
}

#[tokio::test]
async fn a_file_that_is_no_ledger_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::open_or_create(folder.path()).unwrap();
    fs_err::write(home.path().join("ledger.db"), vec![b'x'; 8192]).unwrap();
    let error = home.ledger().await.unwrap_err();
    assert!(error.to_string().contains("ledger.db"), "{error}");
}

/// Records with every value of every enum, and numbers at their ends.
fn odd_records() -> Vec<Record> {
    let silences = [
        Silence::NoImage,
        Silence::NotBase64,
        Silence::NotAPicture,
        Silence::TooManyPixels,
        Silence::TooManyBytes,
        Silence::BadBody,
        Silence::SlowBody,
        Silence::Overloaded,
        Silence::Expired,
        Silence::EngineFailed,
        Silence::NoModel,
        Silence::Unsure,
        Silence::Draining,
    ];
    let mut records: Vec<Record> = (0..)
        .zip(silences)
        .map(|(n, silence)| {
            let mut odd = record(n);
            odd.silence = Some(silence);
            odd.prediction = -1.0;
            odd.judgement = None;
            odd.status = 503;
            odd.notes = vec!["unknown field \"x\"".into(), "CMYK".into()];
            odd.picture.as_mut().unwrap().dhash = None;
            odd
        })
        .collect();
    let mut full = record(100);
    full.protocol = Protocol::Btauth;
    full.caller.nonce = u64::MAX;
    full.caller.version = None;
    full.caller.uuid = None;
    full.caller.stake = f64::INFINITY;
    full.timeout_s = None;
    full.prediction = 0.1;
    full.label = Some(Label::Roadwork);
    full.judgement = Some(Judgement {
        release: ReleaseId::new("v.2_x-9").unwrap(),
        engine: EngineKind::Onnxruntime,
        precision: Precision::Int8,
        probability: 0.1,
        features: vec![f32::MIN_POSITIVE, -0.0, f32::MAX, 1.0 / 3.0],
        batch: 8,
        left: BatchLeft::Deadline,
    });
    let mut fixed = record(101);
    let judgement = fixed.judgement.as_mut().unwrap();
    (judgement.engine, judgement.left, judgement.features) = (EngineKind::Fixed, BatchLeft::Full, Vec::new());
    fixed.label = Some(Label::Clear);
    let mut bare = record(102);
    (bare.picture, bare.judgement, bare.silence) = (None, None, Some(Silence::BadBody));
    records.extend([full, fixed, bare]);
    records
}

#[tokio::test]
async fn records_come_back_as_they_were() {
    let world = World::new().await;
    let records = odd_records();
    world.commit(records.clone()).await;
    for record in records {
        let story = world.ledger.story_of(record.id).await.unwrap();
        assert_eq!(story.stored.record, record);
        assert_eq!(story.picture_trouble, None);
        let stored = matches!(story.stored.picture_state, PictureState::Stored { bytes: 22_000, .. });
        assert_eq!(stored, record.picture.is_some());
    }
}

#[tokio::test]
async fn numbers_that_are_none_come_back_as_none() {
    let world = World::new().await;
    let mut odd = record(1);
    odd.caller.stake = f64::NAN;
    world.commit([odd]).await;
    let story = world.ledger.story_of(record(1).id).await.unwrap();
    assert!(story.stored.record.caller.stake.is_nan());
}
