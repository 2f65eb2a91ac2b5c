//! What follows from the decisions on a review: its state, and the person's label in `labels` or `picture_labels`.

use hivis_types::{Label, LabelSource};
use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

use super::settle::{ReviewState, Word, settle};
use super::standing::standing;
use crate::ledger::columns::RowExt as _;
use crate::ledger::labels::{self, StoredLabel};

/// Brings the review's state and the person's label to what the standing decisions come to.
pub(super) async fn follow(
    connection: &mut SqliteConnection,
    number: i64,
    at: Timestamp,
) -> Result<(ReviewState, Option<Label>), sqlx::Error> {
    let words: Vec<Word> = standing(connection, number).await?.into_iter().map(|s| s.word).collect();
    let row = sqlx::query("SELECT * FROM reviews WHERE id = ?").bind(number).fetch_one(&mut *connection).await?;
    let (state, label) = settle(row.try_get("wanted")?, &words);
    let place = match row.try_get("record")? {
        Some(seq) => Place::Record(seq),
        None => Place::Picture(row.try_get("sha256")?),
    };
    let mut before = before(&row)?;
    let written = written(&row)?;
    if let Some(ours) = written {
        let there = place.person(connection).await?;
        // Somebody may have written over it by another way; that word is not ours to take.
        if there.is_some_and(|there| (there.label, there.at) == (ours.label, ours.at)) {
            place.put(connection, before).await?;
        }
        before = None;
    }
    let ours = label.map(|label| StoredLabel { label, source: LabelSource::Person, confidence: 1.0, at });
    if let Some(ours) = ours {
        before = place.person(connection).await?;
        place.put(connection, Some(ours)).await?;
    }
    let settled = matches!(state, ReviewState::Accepted | ReviewState::Rejected);
    let sql = "UPDATE reviews SET state = ?, settled_us = ?, written = ?, written_us = ?,
        before_label = ?, before_sure = ?, before_us = ? WHERE id = ?";
    sqlx::query(sql)
        .bind(state.as_str())
        .bind(settled.then_some(at.as_microsecond()))
        .bind(ours.map(|w| w.label.as_u8()))
        .bind(ours.map(|w| w.at.as_microsecond()))
        .bind(before.map(|w| w.label.as_u8()))
        .bind(before.map(|w| w.confidence))
        .bind(before.map(|w| w.at.as_microsecond()))
        .bind(number)
        .execute(connection)
        .await?;
    Ok((state, label))
}

/// The label that these decisions have written.
fn written(row: &SqliteRow) -> Result<Option<StoredLabel>, sqlx::Error> {
    let (label, at) = (row.label_if("written")?, row.time_if("written_us")?);
    Ok(label.zip(at).map(|(label, at)| StoredLabel { label, source: LabelSource::Person, confidence: 1.0, at }))
}

/// The person's label that stood there before.
fn before(row: &SqliteRow) -> Result<Option<StoredLabel>, sqlx::Error> {
    let (label, at) = (row.label_if("before_label")?, row.time_if("before_us")?);
    let confidence: Option<f64> = row.try_get("before_sure")?;
    Ok(label.zip(at).map(|(label, at)| StoredLabel {
        label,
        source: LabelSource::Person,
        confidence: confidence.unwrap_or(1.0),
        at,
    }))
}

/// Where a person's label goes.
enum Place {
    Record(i64),
    Picture(Vec<u8>),
}

impl Place {
    /// The person's word that stands there.
    async fn person(&self, connection: &mut SqliteConnection) -> Result<Option<StoredLabel>, sqlx::Error> {
        let rank = labels::rank(LabelSource::Person);
        let query = match self {
            Self::Record(seq) => {
                let sql = "SELECT \"rank\", label, confidence, at_us FROM labels WHERE record = ? AND \"rank\" = ?";
                sqlx::query(sql).bind(*seq)
            }
            Self::Picture(sha256) => {
                let sql =
                    "SELECT \"rank\", label, confidence, at_us FROM picture_labels WHERE sha256 = ? AND \"rank\" = ?";
                sqlx::query(sql).bind(&**sha256)
            }
        };
        let row = query.bind(rank).fetch_optional(connection).await?;
        row.as_ref().map_or(Ok(None), labels::from_row)
    }

    /// Puts a person's word there, or takes it away.
    async fn put(&self, connection: &mut SqliteConnection, word: Option<StoredLabel>) -> Result<(), sqlx::Error> {
        match (self, word) {
            (Self::Record(seq), Some(word)) => labels::upsert(connection, *seq, &word).await,
            (Self::Record(seq), None) => labels::withdraw(connection, *seq, LabelSource::Person).await,
            (Self::Picture(sha256), word) => {
                let sql = "DELETE FROM picture_labels WHERE sha256 = ? AND \"rank\" = ?";
                let rank = labels::rank(LabelSource::Person);
                sqlx::query(sql).bind(&**sha256).bind(rank).execute(&mut *connection).await?;
                let Some(word) = word else { return Ok(()) };
                let sql = "INSERT INTO picture_labels (sha256, \"rank\", source, label, confidence, at_us)
                    VALUES (?, ?, ?, ?, ?, ?)";
                sqlx::query(sql)
                    .bind(&**sha256)
                    .bind(rank)
                    .bind(LabelSource::Person.as_str())
                    .bind(word.label.as_u8())
                    .bind(word.confidence)
                    .bind(word.at.as_microsecond())
                    .execute(connection)
                    .await?;
                Ok(())
            }
        }
    }
}
