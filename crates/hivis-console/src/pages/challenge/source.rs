//! What the page Challenge asks of the program: trainings, other releases' words, neighbours.

use hivis_store::{Md5, ObjectId, StoredRecord};
use serde::Serialize;
use utoipa::ToSchema;

use crate::SourceFuture;

/// A training that knows the picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Trained {
    /// The run's folder.
    pub run: String,
    /// In which part: train, tune, exam, test.
    pub part: String,
}

/// What one release says of a picture.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Said {
    /// The release.
    pub release: String,
    /// Probability of roadwork, in [0, 1].
    pub probability: f32,
    /// What the engine took, milliseconds.
    pub ms: f64,
}

/// A picture judged again.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Replay {
    /// What serves now; none where nothing does.
    pub serving: Option<Said>,
    /// What was asked for.
    pub asked: Said,
}

/// A picture that is alike.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Neighbour {
    /// Its SHA-256.
    pub sha256: String,
    /// Cosine distance of the features, in [0, 2].
    pub distance: f32,
    /// The newest record that shows it.
    pub record: Option<String>,
    /// What it is called: a stranger's words.
    pub name: String,
    /// `roadwork` or `clear`, where it is known.
    pub label: Option<String>,
}

/// The pictures nearest to one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct Neighbours {
    /// Nearest first.
    pub found: Vec<Neighbour>,
    /// Pictures that were compared: the newest whose features are kept.
    pub among: usize,
    /// Why there are none, and what would bring some.
    pub missing: Option<String>,
}

/// Whoever knows what this page shows.
pub trait ChallengeSource: Send + Sync {
    /// The newest trainings whose split names a picture.
    fn trained(&self, picture: ObjectId) -> SourceFuture<'_, Vec<Trained>>;
    /// Releases that may be asked, what serves first, the newest after it.
    fn releases(&self) -> SourceFuture<'_, Vec<String>>;
    /// Lets a release, and what serves, judge a picture; one at a time, 503 meanwhile.
    fn replay(&self, picture: (ObjectId, Md5), release: String) -> SourceFuture<'_, Replay>;
    /// The pictures nearest to a record's, by its features.
    fn neighbours(&self, record: StoredRecord, picture: ObjectId) -> SourceFuture<'_, Neighbours>;
}
