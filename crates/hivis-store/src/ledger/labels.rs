//! What records show, and who says so.

use hivis_types::{Label, LabelSource, RecordId};
use jiff::Timestamp;
use serde::Serialize;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

use crate::ledger::columns::{RowExt as _, unreadable};
use crate::{Ledger, StoreError};

/// One source's word on one record.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct StoredLabel {
    /// What it says.
    pub label: Label,
    /// Who says it.
    pub source: LabelSource,
    /// How sure it is, in [0, 1].
    pub confidence: f64,
    /// When it was said, UTC.
    pub at: Timestamp,
}

/// What became of a label that was given.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Labelled {
    /// The label that counts now: the most trusted source's.
    pub counts: StoredLabel,
    /// True when not all sources say the same.
    pub disagreement: bool,
}

/// All sources, most trusted first; the place of one is its rank.
const BY_TRUST: [LabelSource; 7] = [
    LabelSource::Person,
    LabelSource::Dataset,
    LabelSource::ValidatorLog,
    LabelSource::Testnet,
    LabelSource::SourceFound,
    LabelSource::Wanted,
    LabelSource::Consensus,
];

impl Ledger {
    /// Writes down one source's word on a record. A source replaces its own earlier word; it never touches a more
    /// trusted one, which goes on to count.
    pub async fn label(&self, record: RecordId, label: StoredLabel) -> Result<Labelled, StoreError> {
        let mut transaction = self.begin().await?;
        let seq = sqlx::query_scalar::<_, i64>("SELECT seq FROM records WHERE id = ?")
            .bind(record.to_string())
            .fetch_optional(&mut *transaction)
            .await
            .map_err(|e| self.error(e))?
            .ok_or_else(|| StoreError::NoSuchRecord { prefix: record.to_string() })?;
        upsert(&mut transaction, seq, &label).await.map_err(|e| self.error(e))?;
        let labels = select(&mut transaction, seq).await.map_err(|e| self.error(e))?;
        transaction.commit().await.map_err(|e| self.error(e))?;
        let counts = *labels.first().expect("a label was just written: this is a bug");
        Ok(Labelled { counts, disagreement: labels.iter().any(|l| l.label != counts.label) })
    }

    /// All words on a record, most trusted first.
    pub async fn labels(&self, record: RecordId) -> Result<Vec<StoredLabel>, StoreError> {
        let sql = "SELECT l.\"rank\", l.label, l.confidence, l.at_us FROM labels l JOIN records r ON r.seq = l.record
            WHERE r.id = ? ORDER BY l.\"rank\"";
        let rows = sqlx::query(sql).bind(record.to_string()).fetch_all(self.readers()).await;
        rows.and_then(|rows| rows.iter().map(|row| Ok(from_row(row)?.expect("its columns are NOT NULL"))).collect())
            .map_err(|e| self.error(e))
    }
}

/// A source's place in the order of trust, 0 for the most trusted.
pub(crate) fn rank(source: LabelSource) -> i64 {
    BY_TRUST.iter().position(|s| *s == source).expect("every source has a rank: this is a bug") as i64
}

/// Writes one source's word, in place of its own earlier one.
pub(crate) async fn upsert(
    connection: &mut SqliteConnection,
    seq: i64,
    label: &StoredLabel,
) -> Result<(), sqlx::Error> {
    let sql = "INSERT INTO labels (record, \"rank\", source, label, confidence, at_us) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (record, \"rank\") DO UPDATE SET
            label = excluded.label, confidence = excluded.confidence, at_us = excluded.at_us";
    sqlx::query(sql)
        .bind(seq)
        .bind(rank(label.source))
        .bind(label.source.as_str())
        .bind(label.label.as_u8())
        .bind(label.confidence)
        .bind(label.at.as_microsecond())
        .execute(connection)
        .await?;
    Ok(())
}

/// Takes one source's word back.
pub(crate) async fn withdraw(
    connection: &mut SqliteConnection,
    seq: i64,
    source: LabelSource,
) -> Result<(), sqlx::Error> {
    let sql = "DELETE FROM labels WHERE record = ? AND \"rank\" = ?";
    sqlx::query(sql).bind(seq).bind(rank(source)).execute(connection).await?;
    Ok(())
}

async fn select(connection: &mut SqliteConnection, seq: i64) -> Result<Vec<StoredLabel>, sqlx::Error> {
    let sql = "SELECT \"rank\", label, confidence, at_us FROM labels WHERE record = ? ORDER BY \"rank\"";
    let rows = sqlx::query(sql).bind(seq).fetch_all(connection).await?;
    rows.iter().map(|row| Ok(from_row(row)?.expect("its columns are NOT NULL: this is a bug"))).collect()
}

/// A label out of the columns `rank`, `label`, `confidence`, `at_us`; `None` when they are NULL.
pub(crate) fn from_row(row: &SqliteRow) -> Result<Option<StoredLabel>, sqlx::Error> {
    from_columns(row, ["rank", "label", "confidence", "at_us"])
}

/// A label out of four columns of those meanings, in that order; `None` when they are NULL.
pub(crate) fn from_columns(row: &SqliteRow, columns: [&str; 4]) -> Result<Option<StoredLabel>, sqlx::Error> {
    let [rank_in, label_in, confidence_in, at_in] = columns;
    let Some(rank) = row.try_get::<Option<i64>, _>(rank_in)? else { return Ok(None) };
    Ok(Some(StoredLabel {
        label: row.label(label_in)?,
        source: usize::try_from(rank)
            .ok()
            .and_then(|r| BY_TRUST.get(r))
            .copied()
            .ok_or_else(|| unreadable(rank_in, rank))?,
        confidence: row.try_get(confidence_in)?,
        at: row.time(at_in)?,
    }))
}
