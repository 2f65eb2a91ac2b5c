//! Windows of records, what their features are compared with, and how far they lie from it.

use std::collections::BTreeSet;

use hivis_types::{Label, Precision, ReleaseId};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::ledger::columns::{RowExt as _, unreadable};
use crate::ledger::insert;
use crate::{Ledger, ObjectId, StoreError};

/// A judged record without its features, to cut windows by.
#[derive(Clone, Debug, PartialEq)]
pub struct DriftRecord {
    /// Its place in the order of commits.
    pub seq: i64,
    /// The release that judged.
    pub release: ReleaseId,
    /// The arithmetic that it ran in.
    pub precision: Precision,
    /// When it arrived, by our clock then, UTC.
    pub arrived: Timestamp,
}

/// A window as it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct NewDriftWindow {
    /// The release that judged all of it.
    pub release: ReleaseId,
    /// The arithmetic that it ran in.
    pub precision: Precision,
    /// Its first record.
    pub first_seq: i64,
    /// Its last.
    pub last_seq: i64,
    /// The earliest arrival, UTC.
    pub from: Timestamp,
    /// The latest.
    pub until: Timestamp,
    /// How many records it has.
    pub records: u32,
}

/// A window as it is read back.
#[derive(Clone, Debug, PartialEq)]
pub struct DriftWindow {
    /// Its number, in the order of commits.
    pub id: i64,
    /// What it is.
    pub is: NewDriftWindow,
}

/// One record of a window.
#[derive(Clone, Debug, PartialEq)]
pub struct DriftRow {
    /// Its picture, where that was stored.
    pub picture: Option<ObjectId>,
    /// Probability of roadwork.
    pub probability: f64,
    /// What the engine computed; `None` where there is nothing whole.
    pub features: Option<Vec<f32>>,
}

/// Which pictures stand for the training data while a release serves.
#[derive(Clone, Debug, PartialEq)]
pub struct DriftReference {
    /// The release.
    pub era: ReleaseId,
    /// What its features are comparable in.
    pub space: String,
    /// When they were chosen, UTC.
    pub at: Timestamp,
    /// The pictures.
    pub pictures: Vec<ObjectId>,
}

/// How far a window lies from its reference.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DriftValue {
    /// The question, such as `input-nearest`.
    pub kind: String,
    /// The release whose reference it is.
    pub era: ReleaseId,
    /// The window.
    pub window: i64,
    /// The latest arrival in the window, UTC.
    pub until: Timestamp,
    /// How far.
    pub value: f64,
    /// What was unusual then; `None` while it was learned.
    pub limit: Option<f64>,
    /// More that there is to say.
    pub facts: Option<Value>,
}

const WINDOW: &str =
    "SELECT id, \"release\", \"precision\", first_seq, last_seq, from_us, until_us, records FROM drift_windows";

impl Ledger {
    /// The newest window.
    pub async fn last_drift_window(&self) -> Result<Option<DriftWindow>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("{WINDOW} ORDER BY id DESC LIMIT 1"));
        let row = sqlx::query(sql).fetch_optional(self.readers()).await;
        row.and_then(|row| row.as_ref().map(window).transpose()).map_err(|e| self.error(e))
    }

    /// The newest `limit` windows, oldest first; of one release, or of all.
    pub async fn drift_windows(&self, release: Option<&ReleaseId>, limit: u32) -> Result<Vec<DriftWindow>, StoreError> {
        let release = release.map(ReleaseId::as_str);
        let sql =
            sqlx::AssertSqlSafe(format!("{WINDOW} WHERE (? IS NULL OR \"release\" = ?) ORDER BY id DESC LIMIT ?"));
        let query = sqlx::query(sql).bind(release).bind(release).bind(i64::from(limit));
        let rows = query.fetch_all(self.readers()).await;
        let windows = rows.and_then(|rows| rows.iter().rev().map(window).collect());
        windows.map_err(|e| self.error(e))
    }

    /// The first `limit` windows of a release, oldest first.
    pub async fn first_drift_windows(&self, release: &ReleaseId, limit: u32) -> Result<Vec<DriftWindow>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("{WINDOW} WHERE \"release\" = ? ORDER BY id LIMIT ?"));
        let rows = sqlx::query(sql).bind(release.as_str()).bind(i64::from(limit)).fetch_all(self.readers()).await;
        rows.and_then(|rows| rows.iter().map(window).collect()).map_err(|e| self.error(e))
    }

    /// The place in the order of commits before the newest `back` records: where windows begin in a home that has none.
    pub async fn drift_begin(&self, back: u64) -> Result<i64, StoreError> {
        let newest: Option<i64> = sqlx::query_scalar("SELECT max(seq) FROM records")
            .fetch_one(self.readers())
            .await
            .map_err(|e| self.error(e))?;
        Ok(newest.unwrap_or(0).saturating_sub(i64::try_from(back).unwrap_or(i64::MAX)).max(0))
    }

    /// At most `limit` judged records that were committed after `after`, in the order of commits.
    pub async fn drift_records(&self, after: i64, limit: u32) -> Result<Vec<DriftRecord>, StoreError> {
        let sql = "SELECT seq, \"release\", \"precision\", arrived_us FROM records
            WHERE seq > ? AND probability IS NOT NULL AND \"release\" IS NOT NULL ORDER BY seq LIMIT ?";
        let rows = sqlx::query(sql).bind(after).bind(i64::from(limit)).fetch_all(self.readers()).await;
        let read = |row: &SqliteRow| {
            Ok(DriftRecord {
                seq: row.try_get("seq")?,
                release: row.release("release")?,
                precision: precision(row)?,
                arrived: row.time("arrived_us")?,
            })
        };
        rows.and_then(|rows| rows.iter().map(read).collect()).map_err(|e| self.error(e))
    }

    /// Writes windows down, all or none; one that begins where another does is left out.
    pub async fn add_drift_windows(&self, windows: &[NewDriftWindow]) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        for new in windows {
            let sql = "INSERT INTO drift_windows (\"release\", \"precision\", first_seq, last_seq, from_us, until_us, records)
                SELECT ?, ?, ?, ?, ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM drift_windows WHERE last_seq >= ?)";
            sqlx::query(sql)
                .bind(new.release.as_str())
                .bind(new.precision.as_str())
                .bind(new.first_seq)
                .bind(new.last_seq)
                .bind(new.from.as_microsecond())
                .bind(new.until.as_microsecond())
                .bind(i64::from(new.records))
                .bind(new.first_seq)
                .execute(&mut *transaction)
                .await
                .map_err(|e| self.error(e))?;
        }
        transaction.commit().await.map_err(|e| self.error(e))
    }

    /// The records of a window; without their features where only scores are wanted.
    pub async fn drift_rows(&self, window: &NewDriftWindow, features: bool) -> Result<Vec<DriftRow>, StoreError> {
        let column = if features { "features" } else { "NULL AS features" };
        let sql = sqlx::AssertSqlSafe(format!(
            "SELECT sha256, probability, {column} FROM records WHERE seq BETWEEN ? AND ? AND \"release\" = ?
                AND \"precision\" = ? AND probability IS NOT NULL ORDER BY seq"
        ));
        let query = sqlx::query(sql).bind(window.first_seq).bind(window.last_seq);
        let rows = query.bind(window.release.as_str()).bind(window.precision.as_str()).fetch_all(self.readers()).await;
        let read = |row: &SqliteRow| {
            Ok(DriftRow {
                picture: row.object_if("sha256")?,
                probability: row.try_get("probability")?,
                features: row.try_get::<Option<&[u8]>, _>("features")?.and_then(insert::features_from_blob),
            })
        };
        rows.and_then(|rows| rows.iter().map(read).collect()).map_err(|e| self.error(e))
    }

    /// For each labelled record of a window, in the order of commits: whether the answer was right. The most trusted
    /// source's word counts, be it of the record or of the picture.
    pub async fn drift_truths(&self, window: &NewDriftWindow) -> Result<Vec<bool>, StoreError> {
        let sql = "SELECT r.probability, coalesce(
                (SELECT label FROM labels WHERE record = r.seq ORDER BY \"rank\" LIMIT 1),
                (SELECT label FROM picture_labels WHERE sha256 = r.sha256 ORDER BY \"rank\" LIMIT 1)) AS label
            FROM records r WHERE r.seq BETWEEN ? AND ? AND r.\"release\" = ? AND r.probability IS NOT NULL ORDER BY r.seq";
        let query = sqlx::query(sql).bind(window.first_seq).bind(window.last_seq).bind(window.release.as_str());
        let rows = query.fetch_all(self.readers()).await.map_err(|e| self.error(e))?;
        let read = |row: &SqliteRow| {
            let said = Label::from_probability(row.try_get::<f64, _>("probability")? as f32);
            let label = row.label_if("label")?;
            Ok(label.map(|label| label == said))
        };
        rows.iter().filter_map(|row| read(row).transpose()).collect::<Result<_, _>>().map_err(|e| self.error(e))
    }

    /// Keeps which pictures stand for the training data; the first choice of a release stays.
    pub async fn keep_drift_reference(&self, reference: &DriftReference) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let pictures: Vec<u8> = reference.pictures.iter().flat_map(|id| id.0).collect();
        let sql =
            "INSERT INTO drift_references (era, space, at_us, pictures) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING";
        sqlx::query(sql)
            .bind(reference.era.as_str())
            .bind(&*reference.space)
            .bind(reference.at.as_microsecond())
            .bind(pictures)
            .execute(&mut *transaction)
            .await
            .map_err(|e| self.error(e))?;
        transaction.commit().await.map_err(|e| self.error(e))
    }

    /// Which pictures stand for the training data of a release.
    pub async fn drift_reference(&self, era: &ReleaseId) -> Result<Option<DriftReference>, StoreError> {
        let sql = "SELECT space, at_us, pictures FROM drift_references WHERE era = ?";
        let row = sqlx::query(sql).bind(era.as_str()).fetch_optional(self.readers()).await;
        let read = |row: &SqliteRow| {
            let blob: &[u8] = row.try_get("pictures")?;
            let (whole, rest) = blob.as_chunks::<32>();
            if !rest.is_empty() {
                return Err(unreadable("pictures", format!("a blob of {} bytes", blob.len())));
            }
            let pictures = whole.iter().map(|hash| ObjectId(*hash)).collect();
            Ok(DriftReference { era: era.clone(), space: row.try_get("space")?, at: row.time("at_us")?, pictures })
        };
        row.and_then(|row| row.as_ref().map(read).transpose()).map_err(|e| self.error(e))
    }

    /// Writes values down, each in place of an earlier one of the same question, release and window.
    pub async fn keep_drift_values(&self, values: &[DriftValue]) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        for value in values {
            let sql = "INSERT INTO drift_values (kind, era, window, value, \"limit\", facts) VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT (kind, era, window) DO UPDATE SET value = excluded.value, \"limit\" = excluded.\"limit\",
                facts = excluded.facts";
            sqlx::query(sql)
                .bind(&*value.kind)
                .bind(value.era.as_str())
                .bind(value.window)
                .bind(value.value)
                .bind(value.limit)
                .bind(value.facts.as_ref().map(Value::to_string))
                .execute(&mut *transaction)
                .await
                .map_err(|e| self.error(e))?;
        }
        transaction.commit().await.map_err(|e| self.error(e))
    }

    /// The newest `limit` values of a question, oldest first; by the reference of one release, or of all.
    pub async fn drift_values(
        &self,
        kind: &str,
        era: Option<&ReleaseId>,
        limit: u32,
    ) -> Result<Vec<DriftValue>, StoreError> {
        let sql = "SELECT v.kind, v.era, v.window, v.value, v.\"limit\", v.facts, w.until_us FROM drift_values v
            JOIN drift_windows w ON w.id = v.window WHERE v.kind = ? AND (? IS NULL OR v.era = ?)
            ORDER BY v.window DESC LIMIT ?";
        let era = era.map(ReleaseId::as_str);
        let query = sqlx::query(sql).bind(kind).bind(era).bind(era).bind(i64::from(limit));
        let read = |row: &SqliteRow| {
            Ok(DriftValue {
                kind: row.try_get("kind")?,
                era: row.release("era")?,
                window: row.try_get("window")?,
                until: row.time("until_us")?,
                value: row.try_get("value")?,
                limit: row.try_get("limit")?,
                facts: row.json_if("facts")?,
            })
        };
        let rows = query.fetch_all(self.readers()).await;
        rows.and_then(|rows| rows.iter().rev().map(read).collect()).map_err(|e| self.error(e))
    }

    /// Which of these windows have a value of that question by the reference of that release.
    pub async fn drift_valued(&self, kind: &str, era: &ReleaseId, since: i64) -> Result<BTreeSet<i64>, StoreError> {
        let sql = "SELECT window FROM drift_values WHERE kind = ? AND era = ? AND window >= ?";
        let query = sqlx::query_scalar(sql).bind(kind).bind(era.as_str()).bind(since);
        let rows: Vec<i64> = query.fetch_all(self.readers()).await.map_err(|e| self.error(e))?;
        Ok(rows.into_iter().collect())
    }
}

fn precision(row: &SqliteRow) -> Result<Precision, sqlx::Error> {
    row.one_of("precision", &[Precision::Fp32, Precision::Bf16, Precision::Int8], Precision::as_str)
}

fn window(row: &SqliteRow) -> Result<DriftWindow, sqlx::Error> {
    let is = NewDriftWindow {
        release: row.release("release")?,
        precision: precision(row)?,
        first_seq: row.try_get("first_seq")?,
        last_seq: row.try_get("last_seq")?,
        from: row.time("from_us")?,
        until: row.time("until_us")?,
        records: row.try_get::<i64, _>("records")? as u32,
    };
    Ok(DriftWindow { id: row.try_get("id")?, is })
}
