//! Where records go.

use bytes::Bytes;
use hivis_types::{Hotkey, Record};

/// Something asked that we do not know: the subnet's next version, or nonsense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// `synapse`, `field` or `media`.
    pub what: &'static str,
    /// Its name as the caller gave it, at most 40 characters: anybody's text.
    pub name: String,
    /// Who asked; for a synapse only claimed, but a hotkey that has a permit.
    pub caller: Hotkey,
    /// The request's head, its body or the picture's bytes, as they came: at most the first 64 KiB.
    pub sample: Bytes,
}

/// Takes the record of every question that a verified caller asked.
pub trait Recorder: Send + Sync + 'static {
    /// Hands a record over. Never blocks: a recorder that cannot keep up drops and counts.
    fn offer(&self, record: Record);

    /// Something unknown was asked; one sample of each is worth keeping. Never blocks.
    fn unknown(&self, _unknown: Unknown) {}

    /// Whether records are wanted at all; when not, the axon does not make them.
    fn wants(&self) -> bool {
        true
    }
}

/// Recording is off.
#[derive(Clone, Copy, Debug)]
pub struct NoRecorder;

impl Recorder for NoRecorder {
    fn offer(&self, _record: Record) {}

    fn wants(&self) -> bool {
        false
    }
}
