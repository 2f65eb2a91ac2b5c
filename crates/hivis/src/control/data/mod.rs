//! Versions, slices, trends, the map: the page Data, answered from one home.

mod difference;
mod figures;
mod marks;
mod places;
mod plots;
mod reward;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hivis_console::{
    DataConflict, DataCount, DataDiff, DataMap, DataPicture, DataSets, DataSlices, DataSource, DataTrends,
    DataVersionRow, DataVersions, DeskPicture, MapPart, SourceError, SourceFuture,
};
use hivis_store::{DataVersion, Home, Ledger, ObjectId, ShownPicture, StoreError, VersionError, VersionState};
use hivis_types::Label;
use indicatif::HumanBytes;
use jiff::Timestamp;

use crate::config::ReviewSettings;
use crate::versioning::change::Count;
use crate::versioning::facts::Facts;
use marks::Atlas;
use reward::Rewards;

/// Data sets are counted anew this often: they change by imports only, and counting reads all their pictures.
const COUNTED: Duration = Duration::from_mins(2);

/// Answers from one home.
pub(crate) struct HomeData {
    home: Home,
    ledger: Ledger,
    review: ReviewSettings,
    atlas: Arc<Atlas>,
    rewards: Arc<Rewards>,
    sets: Mutex<Option<(Instant, DataSets)>>,
}

impl HomeData {
    pub(crate) fn new(home: &Home, ledger: &Ledger, review: &ReviewSettings) -> Self {
        Self {
            home: home.clone(),
            ledger: ledger.clone(),
            review: review.clone(),
            atlas: Arc::new(Atlas::new(home, ledger)),
            rewards: Arc::new(Rewards::default()),
            sets: Mutex::new(None),
        }
    }

    async fn shown(&self, sha256: &str) -> Result<ShownPicture, SourceError> {
        let id = identity(sha256).ok_or_else(|| SourceError::NotFound("that is no SHA-256 in hex".to_owned()))?;
        let found = self.ledger.shown_picture(id).await.map_err(refusal)?;
        found.ok_or_else(|| SourceError::NotFound("the home has no such picture, or has it no more".to_owned()))
    }
}

impl DataSource for HomeData {
    fn versions(&self, limit: u32, before: Option<String>) -> SourceFuture<'_, DataVersions> {
        Box::pin(async move {
            // Versions are few: one a day at most.
            let mut versions = self.ledger.versions().await.map_err(refusal)?;
            if let Some(before) = before {
                let at = versions.iter().position(|version| version.name.to_string() == before);
                let at = at.ok_or_else(|| SourceError::NotFound(format!("no version is `{before}`")))?;
                versions.drain(..=at);
            }
            let more = versions.len() > limit as usize;
            versions.truncate(limit as usize);
            Ok(DataVersions { versions: versions.into_iter().map(row).collect(), more })
        })
    }

    fn diff(&self, from: String, to: String) -> SourceFuture<'_, DataDiff> {
        Box::pin(async move {
            let (from, to) = (self.ledger.version_named(&from).await, self.ledger.version_named(&to).await);
            let (from, to) = (from.map_err(refusal)?, to.map_err(refusal)?);
            difference::difference(&self.ledger, &from, &to).await
        })
    }

    fn slices(&self) -> SourceFuture<'_, DataSlices> {
        Box::pin(async move { figures::slices(&self.home, &self.ledger).await })
    }

    fn trends(&self) -> SourceFuture<'_, DataTrends> {
        Box::pin(async move {
            let gate = figures::gate(&self.ledger).await?;
            let acceptance = figures::acceptance(&self.ledger, &self.review).await?;
            let (home, rewards) = (self.home.clone(), Arc::clone(&self.rewards));
            let reward = tokio::task::spawn_blocking(move || rewards.of(&home)).await;
            let reward = reward.map_err(|error| failed(&error))?.map_err(|error| failed(&error))?;
            Ok(DataTrends { gate, acceptance, reward })
        })
    }

    fn sets(&self) -> SourceFuture<'_, DataSets> {
        Box::pin(async move {
            let kept = self.sets.lock().expect("nobody panics while holding it: this is a bug").clone();
            if let Some((at, sets)) = kept
                && at.elapsed() < COUNTED
            {
                return Ok(sets);
            }
            let sets = self.ledger.datasets().await.map_err(refusal)?;
            let conflicts = self.ledger.conflicts().await.map_err(refusal)?;
            let count = |set: hivis_store::Dataset| DataCount {
                name: set.name,
                pictures: set.pictures,
                roadwork: set.roadwork,
            };
            let conflict = |c: hivis_store::Conflict| DataConflict {
                one: c.one,
                other: c.other,
                shared: c.shared,
                differ: c.differ,
            };
            let found = DataSets {
                sets: sets.into_iter().map(count).collect(),
                conflicts: conflicts.into_iter().filter(|c| c.differ > 0).take(40).map(conflict).collect(),
                counted: Timestamp::now().strftime("%Y-%m-%d %H:%M").to_string(),
            };
            *self.sets.lock().expect("nobody panics while holding it: this is a bug") =
                Some((Instant::now(), found.clone()));
            Ok(found)
        })
    }

    fn map(&self, part: MapPart) -> SourceFuture<'_, DataMap> {
        Box::pin(async move { Ok(self.atlas.part(part)) })
    }

    fn picture(&self, sha256: String) -> SourceFuture<'_, DataPicture> {
        Box::pin(async move {
            let shown = self.shown(&sha256).await?;
            Ok(DataPicture { sha256: shown.id.to_string(), record: shown.record.clone(), facts: facts(&shown) })
        })
    }

    fn bytes(&self, sha256: String) -> SourceFuture<'_, DeskPicture> {
        Box::pin(async move {
            let shown = self.shown(&sha256).await?;
            let objects = self.home.objects().clone();
            let read = tokio::task::spawn_blocking(move || objects.get(shown.id, shown.md5)).await;
            Ok(DeskPicture { bytes: read.map_err(|error| failed(&error))?.map_err(refusal)? })
        })
    }
}

fn row(version: DataVersion) -> DataVersionRow {
    let facts: Option<Facts> = serde_json::from_value(version.facts).ok();
    let parts = facts.map(|facts| facts.parts).unwrap_or_default();
    let state = match version.state {
        VersionState::Cutting => "cutting",
        VersionState::Cut => "cut",
        VersionState::Removed => "removed",
    };
    DataVersionRow {
        name: version.name.to_string(),
        at: version.at.strftime("%Y-%m-%d %H:%M").to_string(),
        state: state.to_owned(),
        pictures: version.pictures,
        size: HumanBytes(version.bytes).to_string(),
        parts: parts.into_iter().map(counted).collect(),
        message: version.message,
        notes: version.notes,
        commit: version.commit,
    }
}

fn counted((name, count): (String, Count)) -> DataCount {
    DataCount { name, pictures: count.pictures, roadwork: count.roadwork }
}

/// A label in the subnet's words.
fn word(label: Label) -> &'static str {
    match label {
        Label::Roadwork => "roadwork",
        Label::Clear => "no roadwork",
    }
}

fn facts(shown: &ShownPicture) -> Vec<(String, String)> {
    let mut rows = Vec::new();
    let mut row = |name: &str, text: String| rows.push((name.to_owned(), text));
    for word_of in &shown.words {
        row(&word_of.source, word(word_of.label).to_owned());
    }
    if let Some(probability) = shown.probability {
        row("answered", format!("{probability:.3}"));
    }
    if !shown.reasons.is_empty() {
        row("hard for", shown.reasons.join(", "));
    }
    for (dataset, name) in &shown.datasets {
        row("data set", format!("{dataset}: {name}"));
    }
    if let Some((generator, prompt)) = &shown.generated {
        row("made by", generator.clone());
        row("prompt", prompt.clone());
    }
    if let Some(review) = shown.review {
        row("review", review.to_string());
    }
    row("size", HumanBytes(shown.bytes).to_string());
    rows
}

/// A SHA-256 of 64 hexadecimal digits.
fn identity(hex: &str) -> Option<ObjectId> {
    let digits: Vec<u8> = hex.chars().map(|c| c.to_digit(16).map(|digit| digit as u8)).collect::<Option<_>>()?;
    let bytes: Vec<u8> = digits.chunks_exact(2).map(|two| two[0] << 4 | two[1]).collect();
    (digits.len() == 64).then(|| ObjectId(bytes.try_into().expect("32 bytes: this is a bug")))
}

fn failed(error: &dyn std::fmt::Display) -> SourceError {
    tracing::error!(%error, "the page Data could not be answered");
    SourceError::Failed
}

fn refusal(error: StoreError) -> SourceError {
    match error {
        StoreError::Version(refused) => match &refused {
            VersionError::NoSuch { .. } => SourceError::NotFound(refused.to_string()),
            _ => SourceError::Unfit(refused.to_string()),
        },
        StoreError::MissingObject { .. } => SourceError::NotFound("the picture is gone".to_owned()),
        error => failed(&error),
    }
}
