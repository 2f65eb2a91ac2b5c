//! Which records are wanted.

use hivis_types::{Hotkey, RecordId, Silence};
use jiff::Timestamp;

/// Which records are wanted. The default is the newest 50.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordFilter {
    /// Arrived at this time or later.
    pub since: Option<Timestamp>,
    /// Arrived before this time.
    pub until: Option<Timestamp>,
    /// Asked by this key.
    pub hotkey: Option<Hotkey>,
    /// Answered or not.
    pub silence: Option<SilenceFilter>,
    /// Where opinions differ.
    pub disagreement: Option<Disagreement>,
    /// Older than this record: the last id of one page is the cursor of the next.
    pub before: Option<RecordId>,
    /// At most so many; 0 means no limit (exports only: [`Ledger::list`](crate::Ledger::list) stops at 1,000).
    pub limit: u32,
    /// Read the features too; without it they come back empty.
    pub features: bool,
}

impl Default for RecordFilter {
    fn default() -> Self {
        Self {
            since: None,
            until: None,
            hotkey: None,
            silence: None,
            disagreement: None,
            before: None,
            limit: 50,
            features: false,
        }
    }
}

/// Answered or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SilenceFilter {
    /// Only records with a judgement as their answer.
    Answered,
    /// Only records without one, whatever the reason.
    Silent,
    /// Only records silent for this reason.
    Because(Silence),
}

/// Where opinions differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disagreement {
    /// The model's side of 0.5 is not that of the most trusted label.
    Answer,
    /// Two sources of labels differ.
    Labels,
}
