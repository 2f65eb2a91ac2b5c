//! What the operator's pages are told.

use hivis_types::{Hotkey, RecordId, ReleaseId, Silence};
use jiff::Timestamp;
use serde::Serialize;

use crate::Roster;

/// Why the axon would not answer well now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NotReady {
    /// The permit list is empty: everyone is refused.
    NoPermits,
    /// No release is loaded: every answer is -1.
    NoModel,
    /// The server is shutting down.
    Draining,
}

impl NotReady {
    /// One sentence for a person.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoPermits => "no permits: everyone is refused",
            Self::NoModel => "no model is loaded: every answer is -1",
            Self::Draining => "draining: the server is shutting down",
        }
    }
}

/// A snapshot of the axon.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Health {
    /// Empty when ready, else every reason why not.
    pub not_ready: Vec<NotReady>,
    /// Median of (arrival - nonce) over the last verified requests, seconds; `None` before the first.
    pub clock_offset_s: Option<f64>,
    /// Requests that are admitted and not yet answered.
    pub in_flight: usize,
    /// Open connections.
    pub connections: usize,
    /// When the axon was made.
    pub since: Timestamp,
    /// When the last verified request arrived.
    pub last_verified: Option<Timestamp>,
    /// When the last verified request of a validator that the metagraph lists arrived.
    pub last_validator: Option<Timestamp>,
    /// What serves.
    pub release: Option<ReleaseId>,
    /// How many callers are permitted.
    pub permits: usize,
    /// The reading of the metagraph behind them.
    pub roster: Option<Roster>,
}

impl Health {
    /// Whether a challenge that comes now would be judged.
    pub fn is_ready(&self) -> bool {
        self.not_ready.is_empty()
    }
}

/// One answer, for the live table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AnswerEvent {
    /// Its record's id.
    pub id: RecordId,
    /// When its request arrived.
    pub arrived: Timestamp,
    /// Who asked.
    pub hotkey: Hotkey,
    /// HTTP status of the answer.
    pub status: u16,
    /// What was sent: in [0, 1], or -1.
    pub prediction: f32,
    /// Why it is -1 or a refusal.
    pub silence: Option<Silence>,
    /// What judged.
    pub release: Option<ReleaseId>,
    /// From head to answer, microseconds.
    pub total_us: u64,
}
