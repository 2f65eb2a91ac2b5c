//! How a page asks: the program hands in whoever knows the answer.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde_json::Value;

use crate::pages::alerts::AlertSource;
use crate::pages::challenge::ChallengeSource;
use crate::pages::data::DataSource;
use crate::pages::drift::DriftSource;
use crate::pages::now::NowSource;
use crate::pages::releases::ReleaseSource;
use crate::pages::system::SystemSource;
use crate::review::Desk;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq)]
pub enum SourceError {
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
pub type SourceFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, SourceError>> + Send + 'a>>;

/// Who answers for what; where nobody does, the page says so and its API answers 503.
#[derive(Clone, Default)]
pub struct Sources {
    /// The review queue.
    pub desk: Option<Arc<dyn Desk>>,
    /// Reward and the wheel.
    pub now: Option<Arc<dyn NowSource>>,
    /// The story of one answer.
    pub challenge: Option<Arc<dyn ChallengeSource>>,
    /// Versions, slices, the map.
    pub data: Option<Arc<dyn DataSource>>,
    /// Runs, exams, promotions.
    pub releases: Option<Arc<dyn ReleaseSource>>,
    /// Jobs, spend, configuration.
    pub system: Option<Arc<dyn SystemSource>>,
    /// What holds, and what somebody said of it.
    pub alerts: Option<Arc<dyn AlertSource>>,
    /// Rank and drift.
    pub drift: Option<Arc<dyn DriftSource>>,
}
