//! The review queue and what people decided.
//!
//! A picture is queued once. People give their words on it (accept with a label, reject with a reason, or skip), and
//! what the standing words come to is its [`ReviewState`]: one word settles it, or two that agree where a double review
//! is wanted or the label contradicts a trusted source; where two differ a third decides. Each change and the person's
//! label that follows from it are one transaction. Nothing is deleted: an undone word stays, marked.

mod candidates;
mod decide;
mod find;
mod follow;
mod lease;
mod queue;
mod refused;
mod settle;
mod standing;
mod story;
mod tallies;
mod words;

use std::path::PathBuf;

use hivis_types::{Label, RecordId};
use jiff::Timestamp;
use serde::Serialize;

use crate::{Md5, ObjectId};

pub use candidates::{ReviewCandidate, ReviewDoubt};
pub use decide::{NewDecision, Settled, Undo};
pub use find::ReviewFilter;
pub use lease::ReviewClaim;
pub use queue::{NewReview, ReviewCounts, ReviewRoom};
pub use refused::{ReviewRefused, Told};
pub use settle::ReviewState;
pub(crate) use story::said as said_of;
pub use story::{Decision, GeneratedFrom, ReviewStory, SaidOfIt};
pub use tallies::{JudgedPicture, TwoLooks};
pub use words::{ReviewReason, ReviewVerdict, ReviewWhy, Reviewer};

/// A picture of the queue.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Review {
    /// Its number.
    pub number: i64,
    /// The picture.
    pub id: ObjectId,
    /// Its address.
    pub md5: Md5,
    /// Where its bytes are.
    pub path: PathBuf,
    /// The record that shows it, where one does.
    pub record: Option<RecordId>,
    /// Why a person should look.
    pub why: ReviewWhy,
    /// The higher the sooner.
    pub priority: f64,
    /// When it was queued, UTC.
    pub queued: Timestamp,
    /// How many must look: 1, or 2 for a double review.
    pub wanted: u32,
    /// What the standing decisions come to.
    pub state: ReviewState,
    /// The label that its generator was asked for, for generated pictures.
    pub asked: Option<Label>,
}
