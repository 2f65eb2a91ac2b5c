//! What pages say when there is no answer, and the line that a change leaves in the audit log.

use crate::door::{self, Who};
use crate::{Panel, SourceError};

/// Why a part of a page is not there, for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// In words.
    pub(crate) said: String,
}

impl Problem {
    pub(crate) fn of(error: &SourceError) -> Self {
        let said = match error {
            SourceError::NotFound(said)
            | SourceError::Conflict { said, .. }
            | SourceError::Unfit(said)
            | SourceError::Unavailable(said) => said.clone(),
            SourceError::Failed => "it failed; the server's log has the reason".to_owned(),
        };
        Self { said }
    }
}

/// Nobody answers for this page here.
pub(crate) fn missing() -> SourceError {
    let said = "this is shown where the control room listens on this computer, or has accounts (hivis serve --page)";
    SourceError::Unavailable(said.to_owned())
}

/// Who does what.
pub(crate) struct Audit {
    pub(crate) who: Who,
    pub(crate) action: &'static str,
}

/// Writes a line into the audit log.
pub(crate) async fn note(panel: &Panel, audit: &Audit, target: &str, outcome: &str) {
    door::audit(&panel.ledger, &audit.who, audit.action, target, outcome).await;
}
