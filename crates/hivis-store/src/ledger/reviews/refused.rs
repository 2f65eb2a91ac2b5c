//! Why a decision is not taken.

use hivis_types::Label;
use jiff::Timestamp;
use serde::Serialize;

use super::{ReviewReason, ReviewState, ReviewVerdict};

/// What a reviewer may not do, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReviewRefused {
    /// No review has this number, and no queued picture's SHA-256 begins so.
    #[error("no review is `{id}`")]
    Unknown {
        /// What was asked for.
        id: String,
    },
    /// Several pictures begin so.
    #[error("several queued pictures begin with `{id}`: {first} and {second} among them")]
    Several {
        /// What was asked for.
        id: String,
        /// One of them.
        first: String,
        /// Another.
        second: String,
    },
    /// That is nobody's name.
    #[error("`{name}` is no reviewer's name")]
    BadName {
        /// What was given, with what cannot be seen spelt out.
        name: String,
    },
    /// The note is too long, or has characters that cannot be seen.
    #[error("the note cannot be kept")]
    BadNote,
    /// A reject says why.
    #[error("a reject needs a reason")]
    NoReason,
    /// Only a reject has a reason.
    #[error("a reason goes with a reject, not with {}", .verdict.as_str())]
    ReasonFor {
        /// What was decided.
        verdict: ReviewVerdict,
    },
    /// Nobody said yet what it shows.
    #[error("review {number} needs a label: nobody was asked for one")]
    NoLabel {
        /// The review.
        number: i64,
    },
    /// Only an accept has a label.
    #[error("a label goes with an accept, not with {}", .verdict.as_str())]
    LabelFor {
        /// What was decided.
        verdict: ReviewVerdict,
    },
    /// Somebody was faster, or it is long done.
    #[error("review {number} is decided: {decided}")]
    Decided {
        /// The review.
        number: i64,
        /// By whom, and what.
        decided: Told,
    },
    /// One's own word stands already; a second look must be another's.
    #[error("you have looked at review {number} already: {decided}")]
    Yours {
        /// The review.
        number: i64,
        /// What stands.
        decided: Told,
        /// What it waits for.
        state: ReviewState,
    },
    /// There is nothing to undo.
    #[error("no decision of {reviewer} stands{}", .number.map(|n| format!(" on review {n}")).unwrap_or_default())]
    NothingToUndo {
        /// Who asked.
        reviewer: String,
        /// The review, when one was named.
        number: Option<i64>,
    },
    /// Later decisions of the same person stand.
    #[error("that is not the last decision of {reviewer}, which is on review {last}")]
    NotTheLast {
        /// Who asked.
        reviewer: String,
        /// Where the last one is.
        last: i64,
    },
    /// It is somebody else's.
    #[error("the decision on review {number} is not yours: {decided}")]
    NotYours {
        /// The review.
        number: i64,
        /// By whom, and what.
        decided: Told,
    },
}

/// What somebody decided, for the one who came later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Told {
    /// Who.
    pub by: String,
    /// What.
    pub verdict: ReviewVerdict,
    /// What it shows.
    pub label: Option<Label>,
    /// Why it was rejected.
    pub reason: Option<ReviewReason>,
    /// When, UTC.
    pub at: Timestamp,
}

impl std::fmt::Display for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let verdict = match self.verdict {
            ReviewVerdict::Accept => "accepted",
            ReviewVerdict::Reject => "rejected",
            ReviewVerdict::Skip => "skipped",
        };
        write!(f, "{} {verdict} it", self.by)?;
        match (self.label, self.reason) {
            (Some(Label::Roadwork), _) => f.write_str(" as roadwork")?,
            (Some(Label::Clear), _) => f.write_str(" as none")?,
            (None, Some(reason)) => write!(f, " for {}", reason.as_str())?,
            (None, None) => {}
        }
        write!(f, " at {}", self.at.strftime("%Y-%m-%d %H:%M:%S UTC"))
    }
}

impl ReviewRefused {
    /// What to do about it, one line.
    pub fn hint(&self) -> String {
        match self {
            Self::Unknown { .. } => "`hivis review list` shows their numbers".into(),
            Self::Several { .. } => "give more of the SHA-256, or the review's number".into(),
            Self::BadName { .. } => "1 to 64 characters, none of them invisible".into(),
            Self::BadNote => "at most 2,000 characters, none of them invisible".into(),
            Self::NoReason => {
                let all: Vec<_> = ReviewReason::ALL.iter().map(|reason| reason.as_str()).collect();
                format!("one of: {}", all.join(", "))
            }
            Self::ReasonFor { .. } => "leave it out, or say it in a note".into(),
            Self::NoLabel { .. } => "say what it shows: roadwork or none".into(),
            Self::LabelFor { .. } => "accept it with the right label, or reject it without one".into(),
            Self::Decided { .. } => "`hivis review show` tells all decisions; who decided may undo it".into(),
            Self::Yours { state: ReviewState::Second | ReviewState::Conflict, .. } => {
                "another reviewer must look now (--as NAME)".into()
            }
            Self::Yours { .. } | Self::NotTheLast { .. } => "undo the last one first, or force it".into(),
            Self::NothingToUndo { .. } => "`hivis review show` tells all decisions".into(),
            Self::NotYours { .. } => "ask that person, or force it".into(),
        }
    }

    /// What another person decided, where that is the reason.
    pub fn decided(&self) -> Option<&Told> {
        match self {
            Self::Decided { decided, .. } | Self::Yours { decided, .. } | Self::NotYours { decided, .. } => {
                Some(decided)
            }
            _ => None,
        }
    }
}
