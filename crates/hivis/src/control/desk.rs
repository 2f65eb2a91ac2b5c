//! The review queue as the control room's API asks for it: the same ledger and the same rules as the verbs.

use hivis_console::{Desk, DeskPicture, DeskWord, SourceError, SourceFuture};
use hivis_store::{
    Home, Ledger, NewDecision, Objects, Review, ReviewClaim, ReviewFilter, ReviewRefused, ReviewState, ReviewStory,
    Reviewer, StoreError, Undo,
};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::config::ReviewSettings;
use crate::reviewing;

/// Answers from one home.
pub(crate) struct ReviewDesk {
    ledger: Ledger,
    objects: Objects,
    settings: ReviewSettings,
}

impl ReviewDesk {
    pub(crate) fn new(home: &Home, ledger: &Ledger, settings: &ReviewSettings) -> Self {
        Self { ledger: ledger.clone(), objects: home.objects().clone(), settings: settings.clone() }
    }

    async fn find(&self, id: &str) -> Result<Review, SourceError> {
        self.ledger.review(id).await.map_err(refusal)
    }
}

impl Desk for ReviewDesk {
    fn queue(&self, open_for: Option<Reviewer>, limit: u32) -> SourceFuture<'_, Value> {
        Box::pin(async move {
            let filter = ReviewFilter { open_for, limit, ..ReviewFilter::default() };
            let reviews = self.ledger.reviews(&filter).await.map_err(refusal)?;
            let counts = self.ledger.review_counts().await.map_err(refusal)?;
            let reviews: Vec<Value> = reviews.iter().map(shown).collect::<Result<_, _>>()?;
            Ok(json!({ "reviews": reviews, "counts": counts }))
        })
    }

    fn next(&self, reviewer: Reviewer) -> SourceFuture<'_, Value> {
        Box::pin(async move {
            let next = self.ledger.next_review(&reviewer, self.settings.lease, Timestamp::now()).await;
            let Some(review) = next.map_err(refusal)? else { return Ok(Value::Null) };
            self.story(review.number.to_string(), Some(reviewer)).await
        })
    }

    fn claim(&self, reviewer: Reviewer, count: u32, keep: Vec<i64>) -> SourceFuture<'_, Value> {
        Box::pin(async move {
            let claim = ReviewClaim {
                reviewer: reviewer.clone(),
                count,
                keep,
                lease: self.settings.lease,
                at: Timestamp::now(),
            };
            let mut reviews = Vec::new();
            for review in self.ledger.claim_reviews(&claim).await.map_err(refusal)? {
                reviews.push(self.story(review.number.to_string(), Some(reviewer.clone())).await?);
            }
            let counts = self.ledger.review_counts().await.map_err(refusal)?;
            Ok(json!({ "reviews": reviews, "counts": counts, "lease_s": self.settings.lease.as_secs() }))
        })
    }

    fn leave(&self, reviewer: Reviewer) -> SourceFuture<'_, Value> {
        Box::pin(async move {
            self.ledger.leave_reviews(&reviewer).await.map_err(refusal)?;
            Ok(json!({}))
        })
    }

    fn usual(&self) -> String {
        self.settings.reviewer.as_str().to_owned()
    }

    fn story(&self, id: String, reviewer: Option<Reviewer>) -> SourceFuture<'_, Value> {
        Box::pin(async move {
            let story = self.ledger.review_story(&id).await.map_err(refusal)?;
            shown(&blind(story, reviewer.as_ref()))
        })
    }

    fn picture(&self, id: String) -> SourceFuture<'_, DeskPicture> {
        Box::pin(async move {
            let review = self.find(&id).await?;
            let objects = self.objects.clone();
            let read = tokio::task::spawn_blocking(move || objects.get(review.id, review.md5)).await;
            let bytes = read.map_err(|error| failed(&error))?.map_err(refusal)?;
            Ok(DeskPicture { bytes })
        })
    }

    fn decide(&self, id: String, reviewer: Reviewer, word: DeskWord) -> SourceFuture<'_, Value> {
        Box::pin(async move {
            let review = self.find(&id).await?;
            let DeskWord { verdict, label, reason, note } = word;
            let new = NewDecision { reviewer, verdict, label, reason, note, at: Timestamp::now() };
            value(&self.ledger.decide_review(review.number, &new).await.map_err(refusal)?)
        })
    }

    fn undo(&self, id: Option<String>, reviewer: Reviewer, force: bool) -> SourceFuture<'_, Value> {
        Box::pin(async move {
            let review = match id {
                Some(id) => Some(self.find(&id).await?.number),
                None => None,
            };
            let undo = Undo { reviewer, review, force, at: Timestamp::now() };
            value(&self.ledger.undo_review(&undo).await.map_err(refusal)?)
        })
    }

    fn rates(&self) -> SourceFuture<'_, Value> {
        Box::pin(async move {
            let rates = reviewing::rates(&self.ledger, &self.settings, Timestamp::now()).await;
            value(&rates.map_err(|error| failed(&error))?)
        })
    }

    fn agreement(&self) -> SourceFuture<'_, Value> {
        Box::pin(async move {
            let rows = reviewing::agreement(&self.ledger).await;
            value(&rows.map_err(|error| failed(&error))?)
        })
    }
}

/// Hides what others decided from who must still give a word of one's own.
fn blind(mut story: ReviewStory, reviewer: Option<&Reviewer>) -> ReviewStory {
    let looked = |name: &Reviewer| story.decisions.iter().any(|d| d.undone.is_none() && d.reviewer == name.as_str());
    let hidden = story.review.state == ReviewState::Second && !reviewer.is_some_and(looked);
    if hidden {
        story.decisions.clear();
    }
    story
}

fn value<T: Serialize>(value: &T) -> Result<Value, SourceError> {
    serde_json::to_value(value).map_err(|error| failed(&error))
}

/// Without the place on the disk, which is nothing to a page.
fn shown<T: Serialize>(review: &T) -> Result<Value, SourceError> {
    let mut value = value(review)?;
    if let Some(fields) = value.as_object_mut() {
        fields.remove("path");
    }
    Ok(value)
}

fn failed(error: &dyn std::fmt::Display) -> SourceError {
    tracing::error!(%error, "a review could not be served");
    SourceError::Failed
}

fn refusal(error: StoreError) -> SourceError {
    let StoreError::Review(refused) = &error else {
        return match error {
            StoreError::MissingObject { .. } => SourceError::NotFound("the picture is gone".to_owned()),
            StoreError::NewerLedger { .. } => {
                SourceError::Unavailable("a newer hivis wrote this home: it can only be read".to_owned())
            }
            error => failed(&error),
        };
    };
    let said = format!("{refused} ({})", refused.hint());
    match refused {
        ReviewRefused::Unknown { .. } => SourceError::NotFound(said),
        ReviewRefused::Decided { .. } | ReviewRefused::Yours { .. } | ReviewRefused::NotYours { .. } => {
            SourceError::Conflict { said, decided: json!(refused.decided()) }
        }
        ReviewRefused::NotTheLast { .. } | ReviewRefused::NothingToUndo { .. } => {
            SourceError::Conflict { said, decided: Value::Null }
        }
        _ => SourceError::Unfit(said),
    }
}
