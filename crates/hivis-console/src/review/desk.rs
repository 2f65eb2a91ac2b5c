//! What the API asks, and what it is told: the program hands in whoever decides.

use hivis_store::{ReviewReason, ReviewVerdict, Reviewer};
use hivis_types::Label;
use serde_json::Value;

use crate::SourceFuture;

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

/// Whoever keeps the queue. Reviews are named by their number or the beginning of the picture's SHA-256.
pub trait Desk: Send + Sync {
    /// What waits, most urgent first; with a name, what waits for that person. At most `limit`.
    fn queue(&self, reviewer: Option<Reviewer>, limit: u32) -> SourceFuture<'_, Value>;
    /// The next picture for this person, shown to nobody else for a while; null when there is none.
    fn next(&self, reviewer: Reviewer) -> SourceFuture<'_, Value>;
    /// Up to `count` pictures for this person, each shown to nobody else for a while, with their stories: those in `keep`
    /// that this person may still have, then others. What was shown to this person beyond these lies open again.
    fn claim(&self, reviewer: Reviewer, count: u32, keep: Vec<i64>) -> SourceFuture<'_, Value>;
    /// Shows nothing to this person any more.
    fn leave(&self, reviewer: Reviewer) -> SourceFuture<'_, Value>;
    /// Who looks where nobody says so.
    fn usual(&self) -> String;
    /// All about one, as far as this person may know it before deciding.
    fn story(&self, id: String, reviewer: Option<Reviewer>) -> SourceFuture<'_, Value>;
    /// Its picture.
    fn picture(&self, id: String) -> SourceFuture<'_, DeskPicture>;
    /// Takes a decision.
    fn decide(&self, id: String, reviewer: Reviewer, word: DeskWord) -> SourceFuture<'_, Value>;
    /// Takes a decision back.
    fn undo(&self, id: Option<String>, reviewer: Reviewer, force: bool) -> SourceFuture<'_, Value>;
    /// Acceptance by generator and prompt.
    fn rates(&self) -> SourceFuture<'_, Value>;
    /// Agreement of reviewers.
    fn agreement(&self) -> SourceFuture<'_, Value>;
}
