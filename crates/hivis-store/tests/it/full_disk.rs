//! Full disks: recording stops, says so in its counts, and goes on by itself.

use std::fs::File;
use std::io;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use hivis_store::{Disk, DropReason, FsckOptions, Home, LocalDisk, PictureState, RecordWriter, WriterSettings};

use crate::world::{World, record, settings, until, within};

/// A disk whose fullness the test decides.
#[derive(Default)]
struct Fickle {
    free: AtomicU64,
    full: AtomicBool,
}

impl Disk for Fickle {
    fn free_bytes(&self, _path: &Path) -> io::Result<u64> {
        Ok(self.free.load(Ordering::SeqCst))
    }

    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        if self.full.load(Ordering::SeqCst) {
            // As a real one does: some of it is written.
            LocalDisk.write(file, &bytes[..bytes.len() / 2])?;
            return Err(io::ErrorKind::StorageFull.into());
        }
        LocalDisk.write(file, bytes)
    }
}

#[tokio::test]
async fn below_the_limit_recording_stops_and_above_it_goes_on() {
    let world = World::new().await;
    let disk = Arc::new(Fickle::default());
    disk.free.store(1_999_999_999, Ordering::SeqCst);
    let settings = WriterSettings { free_bytes: WriterSettings::default().free_bytes, ..settings() };
    assert_eq!(settings.free_bytes, 2_000_000_000);
    let (writer, handle) = RecordWriter::spawn(&world.home.on_disk(disk.clone()), &world.ledger, settings).unwrap();
    writer.offer(record(1));
    within(writer.flush()).await.unwrap();
    let stats = writer.stats();
    assert_eq!((stats.committed, stats.stopped), (0, Some(DropReason::LowDisk)));
    assert_eq!((stats.dropped_by, stats.pictures_dropped), (vec![(DropReason::LowDisk, 1)], 1));

    disk.free.store(2_000_000_000, Ordering::SeqCst);
    until("recording goes on", || writer.stats().stopped.is_none()).await;
    writer.offer(record(2));
    within(handle.close()).await.unwrap();
    assert_eq!((writer.stats().committed, writer.stats().dropped), (1, 1));
    assert!(world.ledger.story_of(record(2).id).await.unwrap().picture_trouble.is_none());
}

#[tokio::test]
async fn pictures_that_find_no_room_cost_their_rows_nothing() {
    let world = World::new().await;
    let disk = Arc::new(Fickle::default());
    disk.full.store(true, Ordering::SeqCst);
    let (writer, handle) = RecordWriter::spawn(&world.home.on_disk(disk.clone()), &world.ledger, settings()).unwrap();
    for n in 0..20 {
        writer.offer(record(n));
    }
    within(writer.flush()).await.unwrap();
    disk.full.store(false, Ordering::SeqCst);
    writer.offer(record(20));
    within(handle.close()).await.unwrap();
    let stats = writer.stats();
    assert_eq!((stats.committed, stats.dropped, stats.pictures_stored), (21, 0, 1));
    assert_eq!(stats.pictures_dropped_by, [(DropReason::DiskFull, 20)]);
    let lost = world.ledger.story_of(record(3).id).await.unwrap();
    assert_eq!(lost.stored.picture_state, PictureState::Dropped { reason: DropReason::DiskFull, bytes: 22_000 });
    assert!(world.ledger.story_of(record(20).id).await.unwrap().picture_trouble.is_none());
    let report = world.home.fsck(&world.ledger, FsckOptions::default()).await.unwrap();
    assert!(report.is_sound() && report.orphans.is_empty(), "no half of a picture is left: {report:?}");
}

/// SQLite's own "database or disk is full".
#[tokio::test]
async fn a_full_ledger_stops_recording_and_leaves_no_orphans() {
    let world = World::new().await;
    world.ledger.limit_pages(40).await.unwrap();
    let (writer, handle) = world.writer();
    let mut n = 0;
    while writer.stats().stopped.is_none() {
        assert!(n < 1000, "40 pages hold no 1000 records");
        writer.offer(record(n));
        within(writer.flush()).await.unwrap();
        n += 1;
    }
    let stats = writer.stats();
    assert_eq!((stats.stopped, stats.dropped), (Some(DropReason::DiskFull), 1), "{stats:?}");
    assert_eq!(world.object_files().len() as u64, stats.committed, "the dropped record's picture is gone again");
    // While it stands still, records are dropped at once.
    writer.offer(record(2000));
    within(writer.flush()).await.unwrap();

    // The connection that failed was closed, and the limit went with it: there is room again.
    let committed = writer.stats().committed;
    let mut next = 3000;
    let recovered = async {
        while writer.stats().committed == committed {
            writer.offer(record(next));
            writer.flush().await.unwrap();
            next += 1;
            tokio::time::sleep(settings().retry / 4).await;
        }
    };
    within(recovered).await;
    assert_eq!(writer.stats().stopped, None);
    within(handle.close()).await.unwrap();
    let stats = writer.stats();
    assert_eq!(stats.offered, stats.committed + stats.dropped);
    assert_eq!(stats.pictures_offered, stats.pictures_stored + stats.pictures_dropped);
    assert_eq!(world.ledger.totals().await.unwrap().records, stats.committed);
}

/// A tmpfs of 3 MB, where a test may mount one.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=3m", "hivis-test"]).arg(folder.path());
        let mounted = mount.output().is_ok_and(|out| out.status.success());
        mounted.then(|| Self(folder))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[tokio::test]
async fn a_disk_that_is_really_full_is_survived() {
    let Some(disk) = SmallDisk::mount() else {
        println!("not checked on a real full disk: no tmpfs can be mounted here (needs root)");
        return;
    };
    let home = Home::open_or_create(&disk.0.path().join("home")).unwrap();
    let ledger = home.ledger().await.unwrap();
    let (writer, handle) = RecordWriter::spawn(&home, &ledger, settings()).unwrap();
    let ballast = disk.0.path().join("ballast");
    fs_err::write(&ballast, vec![0; 1_000_000]).unwrap();
    for n in 0..300 {
        writer.offer(record(n));
        within(writer.flush()).await.unwrap();
    }
    let full = writer.stats();
    assert!(full.pictures_dropped > 0, "3 MB hold no 300 pictures of 22 kB: {full:?}");
    fs_err::remove_file(&ballast).unwrap();
    let recovered = async {
        let mut n = 1000;
        while writer.stats().pictures_stored == full.pictures_stored {
            writer.offer(record(n));
            writer.flush().await.unwrap();
            n += 1;
            tokio::time::sleep(settings().retry).await;
        }
    };
    within(recovered).await;
    within(handle.close()).await.unwrap();
    let stats = writer.stats();
    println!("{stats:?}");
    assert_eq!(stats.offered, stats.committed + stats.dropped);
    assert_eq!(stats.pictures_offered, stats.pictures_stored + stats.pictures_dropped);
    let options = FsckOptions { hashes: true, remove_orphans: false };
    assert!(home.fsck(&ledger, options).await.unwrap().is_sound());
    assert_eq!(ledger.totals().await.unwrap().records, stats.committed);
    ledger.close().await;
}
