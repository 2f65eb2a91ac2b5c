//! What pages say when there is no answer, and the line that a change leaves in the audit log.

use hivis_store::NewAudit;
use jiff::Timestamp;

use crate::door::Who;
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

/// Writes a line; a ledger that cannot be written to is told in the log, since what was done is done.
pub(crate) async fn note(panel: &Panel, audit: &Audit, target: &str, outcome: &str) {
    let line = NewAudit {
        at: Timestamp::now(),
        who: audit.who.name.clone(),
        role: audit.who.role.as_str().to_owned(),
        source: audit.who.source.clone(),
        action: audit.action.to_owned(),
        target: target.to_owned(),
        outcome: outcome.to_owned(),
    };
    if let Err(error) = panel.ledger.note_audit(&line).await {
        tracing::error!(%error, who = line.who, action = line.action, target, outcome, "the audit log could not be written");
    }
}
