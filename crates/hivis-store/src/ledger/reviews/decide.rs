//! Taking decisions and undoing them, with the person's label that follows.

use hivis_types::{Label, LabelSource};
use jiff::Timestamp;
use serde::Serialize;
use sqlx::{Row as _, SqliteConnection};

use super::follow::follow;
use super::settle::ReviewState;
use super::standing::standing;
use super::story::said;
use super::words::note;
use super::{ReviewReason, ReviewRefused, ReviewVerdict, Reviewer};
use crate::ledger::columns::{RowExt as _, unreadable};
use crate::ledger::labels;
use crate::{Ledger, StoreError};

/// What somebody decides.
#[derive(Clone, Debug, PartialEq)]
pub struct NewDecision {
    /// Who.
    pub reviewer: Reviewer,
    /// What.
    pub verdict: ReviewVerdict,
    /// What the picture shows, with an accept; a generated one shows what was asked for where nothing is said.
    pub label: Option<Label>,
    /// Why, with a reject.
    pub reason: Option<ReviewReason>,
    /// In words.
    pub note: Option<String>,
    /// When, UTC.
    pub at: Timestamp,
}

/// What somebody takes back.
#[derive(Clone, Debug, PartialEq)]
pub struct Undo {
    /// Who asks.
    pub reviewer: Reviewer,
    /// On which review; without it the person's last decision is meant.
    pub review: Option<i64>,
    /// Take the last decision on that review, whoever made it.
    pub force: bool,
    /// When, UTC.
    pub at: Timestamp,
}

/// What a decision or its undoing came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Settled {
    /// The review.
    pub number: i64,
    /// Where it stands now.
    pub state: ReviewState,
    /// The person's label that counts now.
    pub label: Option<Label>,
    /// The trusted source that says otherwise than the label of this decision.
    pub contradicts: Option<String>,
    /// Whose decision was made or undone.
    pub reviewer: String,
    /// What it was.
    pub verdict: ReviewVerdict,
}

/// Why a transaction is given up.
enum Failed {
    Sql(sqlx::Error),
    Refused(ReviewRefused),
}

impl From<sqlx::Error> for Failed {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<ReviewRefused> for Failed {
    fn from(refused: ReviewRefused) -> Self {
        Self::Refused(refused)
    }
}

impl Ledger {
    /// Takes a decision on a review. Refused when it is settled, when the person's own word stands already, or when a
    /// word is missing; the later of two hears what the earlier decided.
    pub async fn decide_review(&self, number: i64, new: &NewDecision) -> Result<Settled, StoreError> {
        let mut transaction = self.begin().await?;
        let done = decide(&mut transaction, number, new).await.map_err(|failed| self.failed(failed))?;
        transaction.commit().await.map_err(|e| self.error(e))?;
        Ok(done)
    }

    /// Takes a decision back: the person's last one, which may be named, or with force the last one on the named
    /// review, whoever made it.
    pub async fn undo_review(&self, undo: &Undo) -> Result<Settled, StoreError> {
        let mut transaction = self.begin().await?;
        let done = take_back(&mut transaction, undo).await.map_err(|failed| self.failed(failed))?;
        transaction.commit().await.map_err(|e| self.error(e))?;
        Ok(done)
    }

    fn failed(&self, failed: Failed) -> StoreError {
        match failed {
            Failed::Sql(error) => self.error(error),
            Failed::Refused(refused) => refused.into(),
        }
    }
}

async fn decide(connection: &mut SqliteConnection, number: i64, new: &NewDecision) -> Result<Settled, Failed> {
    let verdict = new.verdict;
    match (verdict, new.reason) {
        (ReviewVerdict::Reject, None) => return Err(ReviewRefused::NoReason.into()),
        (ReviewVerdict::Accept | ReviewVerdict::Skip, Some(_)) => {
            return Err(ReviewRefused::ReasonFor { verdict }.into());
        }
        _ => {}
    }
    if verdict != ReviewVerdict::Accept && new.label.is_some() {
        return Err(ReviewRefused::LabelFor { verdict }.into());
    }
    let note = note(new.note.as_deref())?;
    let sql = "SELECT v.sha256, v.state, g.wanted AS asked FROM reviews v LEFT JOIN generated g ON g.sha256 = v.sha256
        WHERE v.id = ?";
    let row = sqlx::query(sql).bind(number).fetch_optional(&mut *connection).await?;
    let row = row.ok_or_else(|| ReviewRefused::Unknown { id: number.to_string() })?;
    let state: &str = row.try_get("state")?;
    let state = ReviewState::named(state).ok_or_else(|| unreadable("state", state))?;
    let words = standing(connection, number).await?;
    let mine = words.iter().find(|w| w.told.by == new.reviewer.as_str());
    // A skip gives way to a later word of the same person.
    if let Some(mine) = mine.filter(|w| w.slot.is_some() || verdict == ReviewVerdict::Skip) {
        return Err(ReviewRefused::Yours { number, decided: mine.told.clone(), state }.into());
    }
    if matches!(state, ReviewState::Accepted | ReviewState::Rejected) {
        let last = words.iter().rev().find(|w| w.slot.is_some()).expect("a settled review has a look: this is a bug");
        return Err(ReviewRefused::Decided { number, decided: last.told.clone() }.into());
    }
    let shows = match verdict {
        ReviewVerdict::Accept => new.label.or(row.label_if("asked")?),
        _ => None,
    };
    if verdict == ReviewVerdict::Accept && shows.is_none() {
        return Err(ReviewRefused::NoLabel { number }.into());
    }
    let contradicts = match shows {
        Some(shows) => contradicted(connection, row.try_get("sha256")?, shows).await?,
        None => None,
    };
    if let Some(mine) = mine {
        undone(connection, mine.seq, new.reviewer.as_str(), new.at).await?;
    }
    let free = (0..3).find(|slot| words.iter().all(|w| w.slot != Some(*slot)));
    let sql = "INSERT INTO decisions (review, reviewer, verdict, label, reason, note, slot, contradicts, at_us)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
    sqlx::query(sql)
        .bind(number)
        .bind(new.reviewer.as_str())
        .bind(verdict.as_str())
        .bind(shows.map(Label::as_u8))
        .bind(new.reason.map(ReviewReason::as_str))
        .bind(note)
        .bind(free.filter(|_| verdict != ReviewVerdict::Skip))
        .bind(contradicts.as_deref())
        .bind(new.at.as_microsecond())
        .execute(&mut *connection)
        .await?;
    // It is shown to this person no longer; whoever else looks at it goes on.
    let sql = "UPDATE reviews SET holder = NULL, held_us = NULL, held_until_us = NULL WHERE id = ? AND holder = ?";
    sqlx::query(sql).bind(number).bind(new.reviewer.as_str()).execute(&mut *connection).await?;
    let (state, label) = follow(connection, number, new.at).await?;
    Ok(Settled { number, state, label, contradicts, reviewer: new.reviewer.as_str().to_owned(), verdict })
}

/// The most trusted source that says otherwise, where the most trusted ones say so: a person, a data set, the
/// validators' log, testnet or the source picture. What a generator was asked for and what members think is no such word.
async fn contradicted(
    connection: &mut SqliteConnection,
    sha256: &[u8],
    shows: Label,
) -> Result<Option<String>, sqlx::Error> {
    let said = said(connection, sha256).await?;
    let trusted = |rank: i64| rank <= labels::rank(LabelSource::SourceFound);
    let Some(first) = said.first().map(|word| word.rank).filter(|rank| trusted(*rank)) else { return Ok(None) };
    let other = said.into_iter().take_while(|word| word.rank == first).find(|word| word.label != shows);
    Ok(other.map(|word| word.source))
}

async fn take_back(connection: &mut SqliteConnection, undo: &Undo) -> Result<Settled, Failed> {
    let name = undo.reviewer.as_str();
    let nothing = || ReviewRefused::NothingToUndo { reviewer: name.to_owned(), number: undo.review };
    let sql = "SELECT review FROM decisions WHERE reviewer = ? AND undone_us IS NULL ORDER BY seq DESC LIMIT 1";
    let last: Option<i64> = sqlx::query_scalar(sql).bind(name).fetch_optional(&mut *connection).await?;
    let number = undo.review.or(last).ok_or_else(nothing)?;
    let known = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM reviews WHERE id = ?").bind(number);
    if known.fetch_one(&mut *connection).await? == 0 {
        return Err(ReviewRefused::Unknown { id: number.to_string() }.into());
    }
    let words = standing(connection, number).await?;
    let mine = words.iter().find(|w| w.told.by == name);
    let word = if undo.force && undo.review.is_some() {
        words.last().ok_or_else(nothing)?
    } else {
        match (mine, words.last(), last) {
            (Some(mine), _, Some(last)) if last == number => mine,
            (Some(_), _, Some(last)) => return Err(ReviewRefused::NotTheLast { reviewer: name.into(), last }.into()),
            (None, Some(other), _) => {
                return Err(ReviewRefused::NotYours { number, decided: other.told.clone() }.into());
            }
            _ => return Err(nothing().into()),
        }
    };
    undone(connection, word.seq, name, undo.at).await?;
    let (reviewer, verdict) = (word.told.by.clone(), word.told.verdict);
    let (state, label) = follow(connection, number, undo.at).await?;
    Ok(Settled { number, state, label, contradicts: None, reviewer, verdict })
}

/// Marks a decision as undone; a clock that was set back does not let it end before it began.
async fn undone(connection: &mut SqliteConnection, seq: i64, by: &str, at: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE decisions SET undone_us = max(at_us, ?), undone_by = ? WHERE seq = ?")
        .bind(at.as_microsecond())
        .bind(by)
        .bind(seq)
        .execute(connection)
        .await?;
    Ok(())
}
