//! Gathers single items into batches for one worker, under deadlines.
//!
//! A mechanism of its own: it knows items, priorities and deadlines, and nothing of what they are. An asker gets a
//! [`Place`] first (admission), makes its item, [`Place::fill`]s the place and awaits the [`Outcome`]. The worker end is
//! greedy: when idle it takes what is ready at once, while it is busy the next batch grows. All state belongs to the one
//! task that runs [`Driver::run`]; everything else sends it commands.
//!
//! Admission counts everyone who was let in and is not done, predicts when a newcomer would be done, and refuses at
//! once what cannot make its deadline. A timer takes out whoever expires, so that nothing expired reaches the worker.

mod fit;
mod line;

use std::time::Duration;

use line::{Entry, Line};
use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};

/// How a batcher gathers.
#[derive(Clone, Copy, Debug)]
pub struct BatchSettings {
    /// Most items in a batch; at least 1.
    pub batch: usize,
    /// Most entries that are let in and not yet in the worker; 1 to 4096.
    pub places: usize,
}

/// Why a batch left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// The worker was idle and took what was ready.
    Idle,
    /// It has the largest size.
    Full,
    /// It was cut short so that its members make their deadlines.
    Deadline,
}

/// Why an entry was not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Every place is taken by entries of the same or higher priority.
    Full,
    /// It would miss its deadline by about this much.
    TooLate {
        /// Predicted completion less the deadline.
        by: Duration,
    },
    /// The batcher has stopped.
    Stopped,
}

/// What became of an entry that was let in.
#[derive(Debug, PartialEq)]
pub enum Outcome<R> {
    /// The worker's output for the item.
    Done {
        /// What the worker made of it.
        output: R,
        /// How the batch went.
        trip: Trip,
    },
    /// The deadline came first.
    Expired,
    /// A newcomer of higher priority took the place.
    Displaced,
    /// The worker failed with this batch.
    Failed(String),
}

/// Work for the worker.
#[derive(Debug, PartialEq)]
pub struct Batch<T> {
    /// At least one, in the order of service.
    pub items: Vec<T>,
    /// Why it left.
    pub left: Left,
}

/// The journey of one batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trip {
    /// Items in the batch.
    pub size: usize,
    /// Why it left.
    pub left: Left,
    /// How long this item waited, from being ready to leaving.
    pub waited: Duration,
    /// How long the worker took for the batch.
    pub took: Duration,
}

enum Command<T, R> {
    Foresee { priority: f64, deadline: Instant, answer: oneshot::Sender<Result<(), Refused>> },
    Admit { entry: Entry<T, oneshot::Sender<Outcome<R>>>, answer: oneshot::Sender<Result<(), Refused>> },
    Fill { id: u64, item: T },
    Leave { id: u64 },
    Finished { outputs: Result<Vec<R>, String> },
}

/// The askers' end. Clones are handles to the same line.
///
/// The command channel has no bound of its own: each asker has at most four commands under way, and the number of
/// askers is the number of open connections, which is bounded.
pub struct Batcher<T, R> {
    commands: mpsc::UnboundedSender<Command<T, R>>,
    ids: std::sync::Arc<std::sync::atomic::AtomicU64>,
}

impl<T, R> Clone for Batcher<T, R> {
    fn clone(&self) -> Self {
        Self { commands: self.commands.clone(), ids: std::sync::Arc::clone(&self.ids) }
    }
}

/// A batcher's three ends: askers, the task to spawn, the worker.
pub fn batcher<T, R>(settings: BatchSettings) -> (Batcher<T, R>, Driver<T, R>, Work<T, R>) {
    let (commands, inbox) = mpsc::unbounded_channel();
    let (batches, work) = mpsc::channel(1);
    let finished = commands.downgrade();
    let driver = Driver { line: Line::new(settings), inbox, batches };
    (Batcher { commands, ids: std::sync::Arc::default() }, driver, Work { batches: work, finished })
}

impl<T, R> Batcher<T, R> {
    /// What [`Batcher::admit`] would say now, without taking a place: whoever would be refused need not bring the item.
    pub async fn foresee(&self, priority: f64, deadline: Instant) -> Result<(), Refused> {
        let (answer, foreseen) = oneshot::channel();
        self.commands.send(Command::Foresee { priority, deadline, answer }).map_err(|_| Refused::Stopped)?;
        foreseen.await.unwrap_or(Err(Refused::Stopped))
    }

    /// Asks for a place. Higher `priority` outranks lower when the line is full.
    pub async fn admit(&self, priority: f64, deadline: Instant) -> Result<Place<T, R>, Refused> {
        let id = self.ids.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let (kept, outcome) = oneshot::channel();
        let (answer, admitted) = oneshot::channel();
        // The place exists before it is admitted, so that an asker who goes away while waiting gives it up as well.
        let place = Place { id, outcome, commands: self.commands.clone() };
        let entry = Entry { id, priority, deadline, kept, item: None };
        self.commands.send(Command::Admit { entry, answer }).map_err(|_| Refused::Stopped)?;
        admitted.await.unwrap_or(Err(Refused::Stopped))?;
        Ok(place)
    }
}

/// A place in the line. Dropping it gives the place up.
pub struct Place<T, R> {
    id: u64,
    outcome: oneshot::Receiver<Outcome<R>>,
    commands: mpsc::UnboundedSender<Command<T, R>>,
}

impl<T, R> Place<T, R> {
    /// Puts the item into the place. Nothing happens when the place is already lost: [`Place::outcome`] tells.
    pub fn fill(&mut self, item: T) {
        // A stopped driver shows in the outcome.
        let _ = self.commands.send(Command::Fill { id: self.id, item });
    }

    /// What became of it; comes at the deadline at the latest. Safe to drop and call again until it has come.
    pub async fn outcome(&mut self) -> Outcome<R> {
        (&mut self.outcome).await.unwrap_or_else(|_| Outcome::Failed("the batcher has stopped".to_owned()))
    }
}

impl<T, R> Drop for Place<T, R> {
    fn drop(&mut self) {
        // Already answered, or the driver is gone: there is nothing to give up.
        if self.outcome.is_terminated() {
            return;
        }
        let _ = self.commands.send(Command::Leave { id: self.id });
    }
}

/// The worker's end.
pub struct Work<T, R> {
    batches: mpsc::Receiver<Batch<T>>,
    finished: mpsc::WeakUnboundedSender<Command<T, R>>,
}

impl<T, R> Work<T, R> {
    /// The next batch, waiting on this thread; `None` when there will be no more. Call [`Work::finished`] after each.
    pub fn blocking_next(&mut self) -> Option<Batch<T>> {
        self.batches.blocking_recv()
    }

    /// The next batch, for a worker that is a task.
    pub async fn next(&mut self) -> Option<Batch<T>> {
        self.batches.recv().await
    }

    /// Hands back one output for each item, in order, or why there are none.
    pub fn finished(&self, outputs: Result<Vec<R>, String>) {
        // When every asker and the driver are gone nobody waits for outputs.
        if let Some(commands) = self.finished.upgrade() {
            let _ = commands.send(Command::Finished { outputs });
        }
    }
}

/// The task that owns the line.
pub struct Driver<T, R> {
    line: Line<T, oneshot::Sender<Outcome<R>>>,
    inbox: mpsc::UnboundedReceiver<Command<T, R>>,
    batches: mpsc::Sender<Batch<T>>,
}

impl<T, R> Driver<T, R> {
    /// Runs until every [`Batcher`] and [`Place`] is gone.
    pub async fn run(mut self) {
        let timer = tokio::time::sleep_until(Instant::now());
        tokio::pin!(timer);
        loop {
            let deadline = self.line.next_deadline();
            if let Some(deadline) = deadline
                && timer.deadline() != deadline
            {
                timer.as_mut().reset(deadline);
            }
            let command = tokio::select! {
                biased;
                () = &mut timer, if deadline.is_some() => None,
                command = self.inbox.recv() => match command {
                    Some(command) => Some(command),
                    None => return,
                },
            };
            let now = Instant::now();
            // Also before a command: timers tick in milliseconds, and nothing may be done for who expired in between.
            for kept in self.line.expire(now) {
                let _ = kept.send(Outcome::Expired);
            }
            if let Some(command) = command {
                self.obey(command, now);
            }
            self.dispatch(now);
        }
    }

    /// Askers that are gone do not take their answers; that is no error anywhere below.
    fn obey(&mut self, command: Command<T, R>, now: Instant) {
        match command {
            Command::Foresee { priority, deadline, answer } => {
                let _ = answer.send(self.line.seat(priority, deadline, now).map(|_| ()));
            }
            Command::Admit { entry, answer } => match self.line.admit(entry, now) {
                Ok(loser) => {
                    if let Some(loser) = loser {
                        let _ = loser.send(Outcome::Displaced);
                    }
                    let _ = answer.send(Ok(()));
                }
                Err((_, refused)) => {
                    let _ = answer.send(Err(refused));
                }
            },
            Command::Fill { id, item } => {
                self.line.fill(id, item, now);
            }
            Command::Leave { id } => self.line.leave(id),
            Command::Finished { outputs } => self.finished(outputs, now),
        }
    }

    fn dispatch(&mut self, now: Instant) {
        if let Some(batch) = self.line.take(now)
            && self.batches.try_send(batch).is_err()
        {
            self.finished(Err("the worker has stopped".to_owned()), now);
        }
    }

    /// Gives every asker of the running batch its part.
    fn finished(&mut self, outputs: Result<Vec<R>, String>, now: Instant) {
        let size = self.line.running_size();
        let outputs = outputs.and_then(|outputs| match outputs.len() {
            given if given == size => Ok(outputs),
            given => Err(format!("the worker gave {given} outputs for {size} items")),
        });
        let Some(running) = self.line.finished(now, outputs.is_ok()) else { return };
        let took = now - running.began;
        match outputs {
            Ok(outputs) => {
                for (owed, output) in running.owed.into_iter().zip(outputs) {
                    let trip = Trip { size, left: running.left, waited: owed.waited, took };
                    if let Some(kept) = owed.kept {
                        let _ = kept.send(Outcome::Done { output, trip });
                    }
                }
            }
            Err(why) => {
                for kept in running.owed.into_iter().filter_map(|owed| owed.kept) {
                    let _ = kept.send(Outcome::Failed(why.clone()));
                }
            }
        }
    }
}
