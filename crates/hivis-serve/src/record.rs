//! Where records go.

use hivis_types::Record;

/// Takes the record of every question that a verified caller asked.
pub trait Recorder: Send + Sync + 'static {
    /// Hands a record over. Never blocks: a recorder that cannot keep up drops and counts.
    fn offer(&self, record: Record);

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
