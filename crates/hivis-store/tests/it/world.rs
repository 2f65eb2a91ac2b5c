//! A home that goes away by itself, and records to put into it.

use std::time::Duration;

use hivis_store::{Home, Ledger, RecordWriter, WriterHandle, WriterSettings};
use hivis_types::{
    BatchLeft, Caller, EngineKind, Hotkey, Judgement, Precision, Protocol, Record, RecordId, RecordedPicture,
    ReleaseId, Timings,
};
use jiff::Timestamp;
use rand::RngCore as _;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

/// No test waits longer than this for anything.
pub(crate) const DEADLINE: Duration = Duration::from_mins(1);

/// When record 0 arrived: 2026-11-23 00:00 UTC.
pub(crate) const START: i64 = 1_795_392_000;

/// An open home in a folder of its own.
pub(crate) struct World {
    pub(crate) home: Home,
    pub(crate) ledger: Ledger,
    _folder: tempfile::TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open_or_create(&folder.path().join("home")).unwrap();
        let ledger = home.ledger().await.unwrap();
        Self { home, ledger, _folder: folder }
    }

    pub(crate) fn writer(&self) -> (RecordWriter, WriterHandle) {
        RecordWriter::spawn(&self.home, &self.ledger, settings()).unwrap()
    }

    /// Commits these records, all of them.
    pub(crate) async fn commit(&self, records: impl IntoIterator<Item = Record>) {
        let (writer, handle) = self.writer();
        for record in records {
            writer.offer(record);
        }
        within(handle.close()).await.unwrap();
        let stats = writer.stats();
        assert_eq!((stats.dropped, stats.pictures_dropped), (0, 0), "{stats:?}");
    }

    /// Every file under `objects/files`.
    pub(crate) fn object_files(&self) -> Vec<std::path::PathBuf> {
        let mut files = Vec::new();
        for folder in fs_err::read_dir(self.home.path().join("objects/files/md5")).unwrap() {
            files.extend(fs_err::read_dir(folder.unwrap().path()).unwrap().map(|f| f.unwrap().path()));
        }
        files.sort();
        files
    }
}

/// Settings that no small disk stops.
pub(crate) fn settings() -> WriterSettings {
    WriterSettings { free_bytes: 0, retry: Duration::from_millis(50), ..WriterSettings::default() }
}

/// The outcome, or a panic at the deadline.
pub(crate) async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(DEADLINE, future).await.expect("the deadline of the test has passed")
}

/// Waits until `done` says so.
pub(crate) async fn until(what: &str, mut done: impl FnMut() -> bool) {
    let waiting = async {
        while !done() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(tokio::time::timeout(DEADLINE, waiting).await.is_ok(), "{what}: the deadline has passed");
}

/// Picture number `n`: noise, so no two are the same.
pub(crate) fn picture(n: u64, bytes: usize) -> RecordedPicture {
    let mut noise = vec![0; bytes];
    ChaCha8Rng::seed_from_u64(n).fill_bytes(&mut noise);
    RecordedPicture { bytes: noise, media: "image/jpeg".into(), width: 224, height: 224, dhash: Some(n ^ u64::MAX) }
}

/// Record number `n`: arrived `n` seconds after [`START`], judged 0.75, with a picture of 22 kB.
pub(crate) fn record(n: u64) -> Record {
    let mut tail = [0; 10];
    tail[2..].copy_from_slice(&n.to_be_bytes());
    let seconds = START + n as i64;
    Record {
        id: RecordId(uuid::Builder::from_unix_timestamp_millis(seconds as u64 * 1000, &tail).into_uuid()),
        arrived: Timestamp::from_second(seconds).unwrap(),
        protocol: Protocol::Axon,
        caller: Caller {
            hotkey: Hotkey::new("5Fvalidator"),
            peer: "127.0.0.1:40000".into(),
            uuid: Some(format!("uuid-{n}")),
            nonce: n,
            version: Some(10_005_000),
            stake: 1234.5,
        },
        timeout_s: Some(9.0),
        status: 200,
        prediction: 0.75,
        silence: None,
        notes: Vec::new(),
        judgement: Some(Judgement {
            release: ReleaseId::new("tiny-1").unwrap(),
            engine: EngineKind::Rten,
            precision: Precision::Fp32,
            probability: 0.75,
            features: (0..192).map(|i| i as f32 * 0.5 - n as f32).collect(),
            batch: 1,
            left: BatchLeft::Idle,
        }),
        picture: Some(picture(n, 22_000)),
        label: None,
        timings: Timings { verify_us: 90, body_us: 80, decode_us: 700, queue_us: 5, engine_us: 9000, total_us: 10_000 },
    }
}
