//! From offered records to committed ones: a bounded queue, and one thread that empties it in groups.

pub(crate) mod counters;
mod group;
pub(crate) mod queue;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use hivis_types::Record;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout_at};

use crate::writer::counters::Counters;
use crate::writer::group::Groups;
use crate::writer::queue::{Queue, Waiting};
use crate::{DropReason, Home, Ledger, QueueLimits, StoreError, WriterStats};

/// How records are written.
#[derive(Clone, Debug)]
pub struct WriterSettings {
    /// How much may wait.
    pub queue: QueueLimits,
    /// A group is committed at the latest this long after its first record was there.
    pub group_time: Duration,
    /// A group is committed when it has so many records.
    pub group_records: usize,
    /// Recording stops while fewer bytes are free.
    pub free_bytes: u64,
    /// How often the free bytes are looked at, and a full disk is tried again.
    pub retry: Duration,
}

impl Default for WriterSettings {
    fn default() -> Self {
        Self {
            queue: QueueLimits::default(),
            group_time: Duration::from_millis(50),
            group_records: 256,
            free_bytes: 2_000_000_000,
            retry: Duration::from_secs(1),
        }
    }
}

/// Takes records and never blocks. Clones share one queue and one thread.
#[derive(Clone)]
pub struct RecordWriter {
    shared: Arc<Shared>,
}

/// Ends the writer. Dropped without [`WriterHandle::close`], it lets the thread write what waits and end by itself.
#[derive(Debug)]
pub struct WriterHandle {
    writer: RecordWriter,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    /// Wakes the thread: a first record, a full group, a flush, the end.
    wake: Notify,
    counters: Counters,
    group_records: usize,
    /// How many of the accepted records are committed or dropped.
    settled: watch::Receiver<u64>,
}

#[derive(Debug)]
struct State {
    queue: Queue,
    /// Records that ever came into the queue.
    accepted: u64,
    /// The thread does not wait for company before it has settled so many.
    flush_to: u64,
    closed: bool,
    stopped: Option<DropReason>,
}

impl RecordWriter {
    /// Starts the thread `hivis-ledger`. Fails when the ledger is of a newer hivis.
    pub fn spawn(home: &Home, ledger: &Ledger, settings: WriterSettings) -> Result<(Self, WriterHandle), StoreError> {
        ledger.writable()?;
        let (settle, settled) = watch::channel(0);
        let state = State { queue: Queue::new(settings.queue), accepted: 0, flush_to: 0, closed: false, stopped: None };
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            wake: Notify::new(),
            counters: Counters::default(),
            group_records: settings.group_records,
            settled,
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let groups = Groups::new(home.objects().clone(), ledger.clone(), &settings);
        let worker = Worker { shared: shared.clone(), settle, settings, groups };
        let thread =
            std::thread::Builder::new().name("hivis-ledger".into()).spawn(move || runtime.block_on(worker.run()))?;
        let writer = Self { shared };
        Ok((writer.clone(), WriterHandle { writer, thread: Some(thread) }))
    }

    /// Offers a record and returns at once. When the queue is full its picture is dropped, then older pictures, then
    /// the record itself; each drop is counted.
    pub fn offer(&self, record: Record) {
        let shared = &*self.shared;
        let with_picture = record.picture.as_ref().is_some_and(|p| !p.bytes.is_empty());
        shared.counters.offered(with_picture);
        let mut state = shared.lock();
        if state.closed {
            drop(state);
            shared.counters.rows_dropped(DropReason::Closed, 1);
            shared.counters.pictures_dropped(DropReason::Closed, u64::from(with_picture));
            return;
        }
        let shed = state.queue.offer(record);
        state.accepted += u64::from(!shed.row);
        let waiting = state.queue.len();
        drop(state);
        if waiting == 1 || waiting == shared.group_records {
            shared.wake.notify_one();
        }
        shared.counters.rows_dropped(DropReason::QueueFull, u64::from(shed.row));
        shared.counters.pictures_dropped(DropReason::QueueFull, shed.pictures);
    }

    /// Waits until all that was offered before is committed or dropped.
    pub async fn flush(&self) -> Result<(), StoreError> {
        let target = {
            let mut state = self.shared.lock();
            state.flush_to = state.accepted;
            self.shared.wake.notify_one();
            state.accepted
        };
        let mut settled = self.shared.settled.clone();
        settled.wait_for(|n| *n >= target).await.map(|_| ()).map_err(|_| StoreError::WriterStopped)
    }

    /// What was offered, committed and dropped so far.
    pub fn stats(&self) -> WriterStats {
        let (waiting, stopped) = {
            let state = self.shared.lock();
            (state.queue.records() as u64, state.stopped)
        };
        self.shared.counters.read(waiting, stopped)
    }

    fn end(&self) {
        self.shared.lock().closed = true;
        self.shared.wake.notify_one();
    }
}

impl std::fmt::Debug for RecordWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RecordWriter({:?})", self.stats())
    }
}

impl WriterHandle {
    /// Takes no more records, commits those that wait, ends the thread.
    pub async fn close(mut self) -> Result<(), StoreError> {
        self.writer.end();
        let thread = self.thread.take().expect("only close takes the thread: this is a bug");
        let joined = tokio::task::spawn_blocking(move || thread.join()).await;
        if matches!(joined, Ok(Ok(()))) { Ok(()) } else { Err(StoreError::WriterStopped) }
    }
}

impl Drop for WriterHandle {
    fn drop(&mut self) {
        self.writer.end();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // The queue's own methods do not panic half way; a poisoned lock holds a sound queue.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The thread's side.
struct Worker {
    shared: Arc<Shared>,
    settle: watch::Sender<u64>,
    settings: WriterSettings,
    groups: Groups,
}

impl Worker {
    async fn run(mut self) {
        // However the thread ends, nobody goes on to fill a queue that nobody empties.
        let _closing = Closing(self.shared.clone());
        loop {
            self.groups.look_at_disk();
            match self.next_group().await {
                Next::Group(group) => {
                    let records = group.len() as u64;
                    self.groups.write(group, &self.shared.counters).await;
                    let mut state = self.shared.lock();
                    state.queue.settle();
                    state.stopped = self.groups.stopped();
                    drop(state);
                    self.settle.send_modify(|settled| *settled += records);
                }
                Next::Nothing => self.shared.lock().stopped = self.groups.stopped(),
                Next::End => return,
            }
        }
    }

    /// Waits for a first record, then for company, and takes them. Comes back without any after `retry`, so that the
    /// free bytes are looked at on a quiet day too. It waits as a task, not as a thread: the pool's own tasks, which
    /// take connections back, run on this runtime.
    async fn next_group(&self) -> Next {
        let shared = &*self.shared;
        let idle_until = Instant::now() + self.settings.retry;
        loop {
            if self.look().0 > 0 {
                break;
            }
            if shared.lock().closed {
                return Next::End;
            }
            if timeout_at(idle_until, shared.wake.notified()).await.is_err() {
                return Next::Nothing;
            }
        }
        let until = Instant::now() + self.settings.group_time;
        loop {
            let (waiting, hurry) = self.look();
            if hurry || waiting >= self.settings.group_records {
                break;
            }
            if timeout_at(until, shared.wake.notified()).await.is_err() {
                break;
            }
        }
        let mut state = shared.lock();
        let group = state.queue.take(self.settings.group_records);
        metrics::gauge!(hivis_types::metric::RECORDS_QUEUED).set(state.queue.records() as f64);
        Next::Group(group)
    }

    /// How many records wait, and whether somebody waits for them: a flush, or the end.
    fn look(&self) -> (usize, bool) {
        let state = self.shared.lock();
        (state.queue.len(), state.closed || *self.settle.borrow() < state.flush_to)
    }
}

enum Next {
    Group(Vec<Waiting>),
    Nothing,
    End,
}

struct Closing(Arc<Shared>);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.lock().closed = true;
    }
}
