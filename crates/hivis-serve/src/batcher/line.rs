//! The state of a batcher: who waits, what runs, who is let in. Pure: time comes in, decisions come out.

use std::time::Duration;

use tokio::time::Instant;

use super::{Batch, BatchSettings, Left, Refused, fit::Fit};

/// One place in the line. `K` is what the owner keeps for it (the way back to the asker).
#[derive(Debug)]
pub(super) struct Entry<T, K> {
    pub(super) id: u64,
    pub(super) priority: f64,
    pub(super) deadline: Instant,
    pub(super) kept: K,
    /// `None` while the item is still being made.
    pub(super) item: Option<(T, Instant)>,
}

/// What a batch in the worker owes to one entry.
#[derive(Debug)]
pub(super) struct Owed<K> {
    pub(super) id: u64,
    pub(super) deadline: Instant,
    /// `None` once it expired or its asker went away.
    pub(super) kept: Option<K>,
    pub(super) waited: Duration,
}

/// The batch in the worker.
#[derive(Debug)]
pub(super) struct Running<K> {
    pub(super) owed: Vec<Owed<K>>,
    pub(super) left: Left,
    pub(super) began: Instant,
    predicted: Duration,
}

/// Where a newcomer goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seat {
    /// Behind everyone.
    Last,
    /// Into the place of the entry that is so far from the front, which loses it.
    Of(usize),
}

/// Everything one batcher knows.
#[derive(Debug)]
pub(super) struct Line<T, K> {
    settings: BatchSettings,
    fit: Fit,
    /// In the order of service.
    waiting: Vec<Entry<T, K>>,
    running: Option<Running<K>>,
}

impl<T, K> Line<T, K> {
    pub(super) fn new(settings: BatchSettings) -> Self {
        let settings = BatchSettings { batch: settings.batch.max(1), places: settings.places.clamp(1, 4096) };
        Self { settings, fit: Fit::default(), waiting: Vec::new(), running: None }
    }

    /// When an entry with `ahead` entries before it would be done: the running batch, full batches of those ahead, its own.
    ///
    /// A batch that is late by x is expected to take x more, so that a stuck worker closes the door.
    fn done_at(&self, ahead: usize, now: Instant) -> Instant {
        let remaining = self.running.as_ref().map_or(Duration::ZERO, |running| {
            let due = running.began + running.predicted;
            due.saturating_duration_since(now).max(now.saturating_duration_since(due))
        });
        let (full, rest) = (ahead / self.settings.batch, ahead % self.settings.batch);
        now + remaining + self.fit.predict(self.settings.batch) * full as u32 + self.fit.predict(rest + 1)
    }

    /// Lets an entry in, or says why not; who loses a place to it comes back.
    pub(super) fn admit(&mut self, entry: Entry<T, K>, now: Instant) -> Result<Option<K>, (K, Refused)> {
        match self.seat(entry.priority, entry.deadline, now) {
            Ok(Seat::Last) => {
                self.waiting.push(entry);
                Ok(None)
            }
            Ok(Seat::Of(place)) => Ok(Some(std::mem::replace(&mut self.waiting[place], entry).kept)),
            Err(refused) => Err((entry.kept, refused)),
        }
    }

    /// Where a newcomer would go. When it is the last place's turn to be refused, a newcomer of higher priority takes
    /// over the place of the least of those it outranks, if that place makes its deadline.
    ///
    /// A line with nobody in it and an idle worker lets anyone in whose deadline lies ahead: a fit that was spoilt by one
    /// slow batch would otherwise never be corrected.
    pub(super) fn seat(&self, priority: f64, deadline: Instant, now: Instant) -> Result<Seat, Refused> {
        let ahead = self.waiting.len();
        if deadline <= now {
            return Err(Refused::TooLate { by: now - deadline });
        }
        let done = self.done_at(ahead, now);
        let empty = ahead == 0 && self.running.is_none();
        if empty || (ahead < self.settings.places && done <= deadline) {
            return Ok(Seat::Last);
        }
        let outranked = self
            .waiting
            .iter()
            .enumerate()
            .filter(|(place, other)| other.priority < priority && self.done_at(*place, now) <= deadline)
            .min_by(|(p, a), (q, b)| a.priority.total_cmp(&b.priority).then(q.cmp(p)));
        match outranked {
            Some((place, _)) => Ok(Seat::Of(place)),
            None if ahead >= self.settings.places => Err(Refused::Full),
            None => Err(Refused::TooLate { by: done.saturating_duration_since(deadline) }),
        }
    }

    /// Puts the item into its place; false when the place is gone.
    pub(super) fn fill(&mut self, id: u64, item: T, now: Instant) -> bool {
        let place = self.waiting.iter_mut().find(|entry| entry.id == id);
        place.map(|entry| entry.item = Some((item, now))).is_some()
    }

    /// Gives a place up, or forgets the asker of one that runs.
    pub(super) fn leave(&mut self, id: u64) {
        self.waiting.retain(|entry| entry.id != id);
        if let Some(owed) = self.running.iter_mut().flat_map(|running| &mut running.owed).find(|owed| owed.id == id) {
            owed.kept = None;
        }
    }

    /// Takes out all whose deadline has come, waiting or running.
    pub(super) fn expire(&mut self, now: Instant) -> Vec<K> {
        let mut expired: Vec<K> =
            self.waiting.extract_if(.., |entry| entry.deadline <= now).map(|entry| entry.kept).collect();
        let running = self.running.iter_mut().flat_map(|running| &mut running.owed);
        expired.extend(running.filter(|owed| owed.deadline <= now).filter_map(|owed| owed.kept.take()));
        expired
    }

    /// The next moment at which someone expires.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let running = self.running.iter().flat_map(|running| &running.owed).filter(|owed| owed.kept.is_some());
        self.waiting.iter().map(|entry| entry.deadline).chain(running.map(|owed| owed.deadline)).min()
    }

    /// When the worker is idle and something is ready: the next batch, which then counts as running.
    ///
    /// It takes what is ready in the order of service, up to the largest size, but no more than lets everyone in it who
    /// could make the deadline alone make it together.
    pub(super) fn take(&mut self, now: Instant) -> Option<Batch<T>> {
        if self.running.is_some() {
            return None;
        }
        let ready = self.waiting.iter().filter(|entry| entry.item.is_some());
        let reach: Vec<Instant> = ready.map(|entry| entry.deadline).take(self.settings.batch).collect();
        let there = reach.len();
        let alone = now + self.fit.predict(1);
        let fits = |size: usize| {
            let together = now + self.fit.predict(size);
            reach[..size].iter().all(|&deadline| deadline < alone || together <= deadline)
        };
        let size = (1..=there).rev().find(|&size| size == 1 || fits(size))?;
        let left = match size {
            size if size < there => Left::Deadline,
            size if size == self.settings.batch => Left::Full,
            _ => Left::Idle,
        };
        let mut items = Vec::with_capacity(size);
        let mut owed = Vec::with_capacity(size);
        let mut taken = 0;
        for entry in self.waiting.extract_if(.., |entry| {
            let takes = taken < size && entry.item.is_some();
            taken += usize::from(takes);
            takes
        }) {
            let (item, since) = entry.item.expect("only filled places are taken: this is a bug");
            items.push(item);
            owed.push(Owed { id: entry.id, deadline: entry.deadline, kept: Some(entry.kept), waited: now - since });
        }
        self.running = Some(Running { owed, left, began: now, predicted: self.fit.predict(size) });
        Some(Batch { items, left })
    }

    /// The worker is idle again; `learn` when its time tells something about the next batch.
    pub(super) fn finished(&mut self, now: Instant, learn: bool) -> Option<Running<K>> {
        let running = self.running.take()?;
        if learn {
            self.fit.learn(running.owed.len(), now - running.began);
        }
        Some(running)
    }

    /// How many items the worker has.
    pub(super) fn running_size(&self) -> usize {
        self.running.as_ref().map_or(0, |running| running.owed.len())
    }
}
