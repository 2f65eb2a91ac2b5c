//! `kill -9` while records are written at full speed: what was acknowledged is there, its picture too.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use hivis_store::{FsckOptions, Home, RecordWriter, StoreError, TailFrom};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::world::{DEADLINE, record, settings, within};

/// Names the home to the child; the number of its first record follows after a comma.
const CHILD: &str = "HIVIS_STORE_TEST_CHILD";
const ROUNDS: u64 = 3;

/// The child: serves until it is killed. As an ordinary test it does nothing.
#[tokio::test(flavor = "multi_thread")]
async fn child() {
    let Ok(order) = std::env::var(CHILD) else { return };
    let (path, first) = order.rsplit_once(',').unwrap();
    let first: u64 = first.parse().unwrap();
    let home = Home::open_or_create(Path::new(path)).unwrap();
    let _lock = home.serve_lock().unwrap();
    let ledger = home.ledger().await.unwrap();
    let (writer, _handle) = RecordWriter::spawn(&home, &ledger, settings()).unwrap();
    let mut tail = ledger.tail(TailFrom::Now).await.unwrap();
    std::thread::spawn(move || {
        for n in first.. {
            // As fast as the disk follows, with a little in the queue.
            while writer.stats().waiting > 600 {
                std::thread::sleep(Duration::from_millis(1));
            }
            writer.offer(record(n));
        }
    });
    let started = Instant::now();
    while started.elapsed() < DEADLINE {
        let records = tail.next().await.unwrap();
        let mut out = std::io::stdout().lock();
        for record in records {
            writeln!(out, "acknowledged {}", record.record.caller.nonce).unwrap();
        }
        out.flush().unwrap();
    }
}

struct Running {
    child: Child,
    lines: mpsc::Receiver<u64>,
}

impl Running {
    fn start(home: &Path, first: u64) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["kill::child", "--exact", "--nocapture", "--test-threads=1"])
            .env(CHILD, format!("{},{first}", home.display()))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (send, lines) = mpsc::channel();
        std::thread::spawn(move || {
            // A line counts when it is whole: `split` would give the torn end of a killed child too.
            let mut out = out;
            let mut line = String::new();
            while out.read_line(&mut line).is_ok_and(|n| n > 0) && line.ends_with('\n') {
                // libtest's own text may stand before the first one.
                let n = line.trim_end().rsplit_once("acknowledged ").and_then(|(_, n)| n.parse().ok());
                if n.is_some_and(|n| send.send(n).is_err()) {
                    break;
                }
                line.clear();
            }
        });
        Self { child, lines }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn what_was_acknowledged_survives_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("home");
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    let mut acknowledged: Vec<u64> = Vec::new();
    for round in 0..ROUNDS {
        let mut running = Running::start(&path, round * 1_000_000);
        acknowledged.push(running.lines.recv_timeout(DEADLINE).expect("the child acknowledges a first record"));

        let error = Home::open(&path).unwrap().serve_lock().unwrap_err();
        let pid = running.child.id();
        assert!(matches!(error, StoreError::ServerRunning { pid: Some(p), .. } if p == pid), "{error:?}");

        std::thread::sleep(Duration::from_micros(rng.random_range(0..700_000)));
        running.child.kill().unwrap(); // SIGKILL
        running.child.wait().unwrap();
        acknowledged.extend(running.lines.iter());

        let home = Home::open(&path).unwrap();
        let _lock = home.serve_lock().expect("the lock went with the process");
        let ledger = home.ledger().await.unwrap();
        for n in &acknowledged {
            let story = within(ledger.story_of(record(*n).id)).await.unwrap();
            assert_eq!(story.picture_trouble, None, "round {round}, record {n}");
            assert_eq!(story.stored.record, record(*n), "round {round}, record {n}");
        }
        let options = FsckOptions { hashes: true, remove_orphans: false };
        let report = within(home.fsck(&ledger, options)).await.unwrap();
        assert!(report.is_sound(), "a row without its picture: {report:?}");
        println!("round {round}: {} acknowledged in all, {} orphans", acknowledged.len(), report.orphans.len());
        ledger.close().await;
    }
    assert!(acknowledged.len() > 100, "hardly anything was written: {}", acknowledged.len());
}
