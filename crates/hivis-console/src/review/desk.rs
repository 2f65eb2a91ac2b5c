//! What the API asks, and what it is told: the program hands in whoever decides.

use std::future::Future;
use std::pin::Pin;

use hivis_store::{ReviewReason, ReviewVerdict, Reviewer};
use hivis_types::Label;
use serde_json::Value;

/// A decision as it comes over the wire.
#[derive(Clone, Debug, PartialEq)]
pub struct DeskWord {
    /// What.
    pub verdict: ReviewVerdict,
    /// What the picture shows.
    pub label: Option<Label>,
    /// Why it is rejected.
    pub reason: Option<ReviewReason>,
    /// In words.
    pub note: Option<String>,
}

/// A picture's bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeskPicture {
    /// The bytes, as they came.
    pub bytes: Vec<u8>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq)]
pub enum DeskError {
    /// There is no such review, or no such picture any more: 404.
    NotFound(String),
    /// Somebody's word stands already; what it was is told: 409.
    Conflict {
        /// What is in the way.
        said: String,
        /// Who decided, and what.
        decided: Value,
    },
    /// It is understood, and it cannot be: 422.
    Unfit(String),
    /// It cannot be done now: 503.
    Unavailable(String),
    /// It failed, and the log has the reason: 500.
    Failed,
}

/// An answer to come.
pub type DeskFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, DeskError>> + Send + 'a>>;

/// Whoever keeps the queue. Reviews are named by their number or the beginning of the picture's SHA-256.
pub trait Desk: Send + Sync {
    /// What waits, most urgent first; with a name, what waits for that person. At most `limit`.
    fn queue(&self, reviewer: Option<Reviewer>, limit: u32) -> DeskFuture<'_, Value>;
    /// The next picture for this person, shown to nobody else for a while; null when there is none.
    fn next(&self, reviewer: Reviewer) -> DeskFuture<'_, Value>;
    /// All about one, as far as this person may know it before deciding.
    fn story(&self, id: String, reviewer: Option<Reviewer>) -> DeskFuture<'_, Value>;
    /// Its picture.
    fn picture(&self, id: String) -> DeskFuture<'_, DeskPicture>;
    /// Takes a decision.
    fn decide(&self, id: String, reviewer: Reviewer, word: DeskWord) -> DeskFuture<'_, Value>;
    /// Takes a decision back.
    fn undo(&self, id: Option<String>, reviewer: Reviewer, force: bool) -> DeskFuture<'_, Value>;
    /// Acceptance by generator and prompt.
    fn rates(&self) -> DeskFuture<'_, Value>;
    /// Agreement of reviewers.
    fn agreement(&self) -> DeskFuture<'_, Value>;
}
