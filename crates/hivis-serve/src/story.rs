//! The record of one verified caller's question, while it is being written.

use hivis_types::{
    BatchLeft, Caller, Hotkey, Judgement, Label, Protocol, Record, RecordId, RecordedPicture, Silence, Timings,
};
use jiff::Timestamp;
use tokio::time::Instant;
use uuid::Uuid;

use crate::{
    AnswerEvent,
    batcher::{Left, Trip},
    desk::Desk,
    event,
    judge::Verdict,
};

/// When a request's head was read, by both clocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival {
    pub(crate) at: Instant,
    pub(crate) utc: Timestamp,
}

impl Arrival {
    /// This moment: the one place where a request reads the clock of the wall.
    pub(crate) fn now() -> Self {
        Self { at: Instant::now(), utc: Timestamp::now() }
    }

    /// Unix time in nanoseconds; 0 before 1970.
    pub(crate) fn unix_ns(&self) -> u64 {
        u64::try_from(self.utc.as_nanosecond()).unwrap_or(0)
    }

    pub(crate) fn elapsed_us(&self) -> u64 {
        self.at.elapsed().as_micros() as u64
    }
}

/// One question and what is known of it so far. It is told once, by [`Story::tell`], or when it is dropped because the
/// caller went away: no question of a verified caller is lost.
pub(crate) struct Story<'a> {
    desk: &'a Desk,
    arrival: Arrival,
    protocol: Protocol,
    caller: Option<Caller>,
    timeout_s: Option<f64>,
    pub(crate) notes: Vec<String>,
    pub(crate) judgement: Option<Judgement>,
    pub(crate) picture: Option<RecordedPicture>,
    pub(crate) label: Option<Label>,
    pub(crate) timings: Timings,
}

/// What the head told of a verified caller.
pub(crate) struct Asker {
    pub(crate) caller: Caller,
    pub(crate) protocol: Protocol,
    pub(crate) timeout_s: Option<f64>,
}

impl<'a> Story<'a> {
    pub(crate) fn new(desk: &'a Desk, arrival: Arrival, asker: Asker) -> Self {
        Self {
            desk,
            arrival,
            protocol: asker.protocol,
            caller: Some(asker.caller),
            timeout_s: asker.timeout_s,
            notes: Vec::new(),
            judgement: None,
            picture: None,
            label: None,
            timings: Timings::default(),
        }
    }

    /// Who asked; nobody once the story is told.
    pub(crate) fn hotkey(&self) -> Option<&Hotkey> {
        self.caller.as_ref().map(|caller| &caller.hotkey)
    }

    /// It was a ping: counted, and no question to record.
    pub(crate) fn pinged(mut self) {
        if let Some(caller) = self.caller.take() {
            event::pinged(&caller, self.protocol);
        }
    }

    /// Notes what the engine said and how the batch went; gives the probability, or why there is none.
    pub(crate) fn judged(&mut self, verdict: Verdict, trip: Trip) -> Result<f32, Silence> {
        self.timings.queue_us = trip.waited.as_micros() as u64;
        self.timings.engine_us = trip.took.as_micros() as u64;
        let Verdict::Judged { release, engine, precision, scores } = verdict else {
            return Err(Silence::NoModel);
        };
        let left = match trip.left {
            Left::Idle => BatchLeft::Idle,
            Left::Full => BatchLeft::Full,
            Left::Deadline => BatchLeft::Deadline,
        };
        let (probability, features) = (scores.probability, scores.features);
        let batch = trip.size as u32;
        self.judgement = Some(Judgement { release, engine, precision, probability, features, batch, left });
        Ok(probability)
    }

    /// The story is complete: logs and counts it, shows it to the live readers, hands its record over.
    pub(crate) fn tell(mut self, status: u16, prediction: f32, silence: Option<Silence>) {
        self.end(status, prediction, silence);
    }

    fn end(&mut self, status: u16, prediction: f32, silence: Option<Silence>) {
        let Some(caller) = self.caller.take() else { return };
        self.timings.total_us = self.arrival.elapsed_us();
        // The head's arrival and 74 random bits: ids sort by arrival.
        let id = RecordId(Uuid::new_v7(uuid_time(self.arrival.utc)));
        event::answered(&event::Answer {
            id,
            caller: &caller,
            protocol: self.protocol,
            status,
            prediction,
            silence,
            probability: self.judgement.as_ref().map(|judgement| judgement.probability),
            timings: &self.timings,
        });
        let events = &self.desk.events;
        if events.receiver_count() > 0 {
            // Nobody listens any more: then it need not be shown.
            let _ = events.send(AnswerEvent {
                id,
                arrived: self.arrival.utc,
                hotkey: caller.hotkey.clone(),
                status,
                prediction,
                silence,
                release: self.judgement.as_ref().map(|judgement| judgement.release.clone()),
                total_us: self.timings.total_us,
            });
        }
        if self.desk.recorder.wants() {
            self.desk.recorder.offer(Record {
                id,
                arrived: self.arrival.utc,
                protocol: self.protocol,
                caller,
                timeout_s: self.timeout_s,
                status,
                prediction,
                silence,
                notes: std::mem::take(&mut self.notes),
                judgement: self.judgement.take(),
                picture: self.picture.take(),
                label: self.label,
                timings: self.timings,
            });
        }
    }
}

impl Drop for Story<'_> {
    fn drop(&mut self) {
        if self.caller.is_some() {
            self.notes.push("the caller went away".to_owned());
            self.end(408, -1.0, Some(Silence::SlowBody));
        }
    }
}

fn uuid_time(utc: Timestamp) -> uuid::Timestamp {
    let seconds = u64::try_from(utc.as_second()).unwrap_or(0);
    uuid::Timestamp::from_unix(uuid::NoContext, seconds, utc.subsec_nanosecond().unsigned_abs())
}
