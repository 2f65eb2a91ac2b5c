//! What all requests share.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arc_swap::ArcSwap;
use hivis_bittensor::{
    Keypair,
    wire::{self, Claim, NonceBook, Refusal, Verified, Voice},
};
use hivis_types::Hotkey;
use jiff::Timestamp;
use tokio::{sync::broadcast, time::Instant};

use crate::{
    AnswerEvent, AxonSettings, Health, Models, NotReady, Permits, Recorder, event,
    pulse::{ClockOffset, Pulse},
    story::Arrival,
};

/// Answers that a reader of the live table may be behind before it misses some.
const LIVE_ANSWERS: usize = 256;

/// Everything that outlives a request.
pub(crate) struct Desk {
    pub(crate) settings: AxonSettings,
    pub(crate) voice: Voice,
    pub(crate) own: Hotkey,
    since: Timestamp,
    pub(crate) permits: ArcSwap<Permits>,
    pub(crate) recorder: Arc<dyn Recorder>,
    pub(crate) models: Models,
    pub(crate) pulse: Pulse,
    pub(crate) events: broadcast::Sender<AnswerEvent>,
    /// Held for one verification (some 60 us, no await inside), so that looking a nonce up and keeping it are one step.
    /// Two cores verify 15,000 callers a second through it; a task of its own would add two hand-overs to each.
    door: Mutex<Door>,
    drain_until: OnceLock<Instant>,
}

#[derive(Default)]
struct Door {
    nonces: NonceBook,
    offset: ClockOffset,
    clock_is_off: bool,
}

impl Desk {
    pub(crate) fn new(settings: AxonSettings, keypair: Keypair, permits: Permits, recorder: Arc<dyn Recorder>) -> Self {
        event::permits(&permits);
        let since = Timestamp::now();
        Self {
            settings,
            since,
            own: keypair.hotkey(),
            voice: Voice::new(keypair, u64::try_from(since.as_nanosecond()).unwrap_or(0)),
            permits: ArcSwap::from_pointee(permits),
            recorder,
            models: Models::default(),
            pulse: Pulse::default(),
            events: broadcast::Sender::new(LIVE_ANSWERS),
            door: Mutex::default(),
            drain_until: OnceLock::new(),
        }
    }

    /// Checks nonce and signature and keeps the nonce. `body` is wanted by `btauth/1` only.
    pub(crate) fn verify(&self, claim: &Claim, arrival: &Arrival, body: Option<&[u8]>) -> Result<Verified, Refusal> {
        let mut door = self.door.lock().unwrap_or_else(PoisonError::into_inner);
        let verified = wire::verify(claim, &self.own, arrival.unix_ns(), &mut door.nonces, body)?;
        door.offset.learn(arrival.unix_ns(), verified.nonce);
        let offset = door.offset.median().unwrap_or(0.0);
        let off = offset.abs() >= event::CLOCK_WARNING_S;
        if off != std::mem::replace(&mut door.clock_is_off, off) {
            event::clock_offset_crossed(offset, off);
        }
        drop(door);
        let listed = self.permits.load().is_listed(&verified.hotkey);
        self.pulse.verified(arrival.utc.as_microsecond(), listed);
        event::verified(arrival.utc.as_microsecond() as f64 / 1e6, offset, listed);
        Ok(verified)
    }

    /// From now on the server drains; gives the moment by which everyone has an answer.
    pub(crate) fn start_draining(&self) -> Instant {
        event::draining(self.pulse.connections());
        *self.drain_until.get_or_init(|| Instant::now() + self.settings.drain)
    }

    /// When the drain ends, if it has begun.
    pub(crate) fn drain_until(&self) -> Option<Instant> {
        self.drain_until.get().copied()
    }

    pub(crate) fn health(&self) -> Health {
        let permits = self.permits.load();
        let release = self.models.current().map(|loaded| loaded.release.clone());
        let reasons = [
            (permits.is_empty(), NotReady::NoPermits),
            (release.is_none(), NotReady::NoModel),
            (self.drain_until().is_some(), NotReady::Draining),
        ];
        Health {
            not_ready: reasons.into_iter().filter(|(holds, _)| *holds).map(|(_, reason)| reason).collect(),
            clock_offset_s: self.door.lock().unwrap_or_else(PoisonError::into_inner).offset.median(),
            in_flight: self.pulse.in_flight(),
            connections: self.pulse.connections(),
            since: self.since,
            last_verified: self.pulse.last_verified(),
            last_validator: self.pulse.last_validator(),
            release,
            permits: permits.len(),
            roster: permits.roster(),
        }
    }
}
