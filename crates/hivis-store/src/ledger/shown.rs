//! What pages show of pictures: the marks of a map, the story of one, the difference of two versions.

use hivis_types::Label;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::ledger::columns::RowExt as _;
use crate::ledger::labels::rank;
use crate::ledger::reviews::SaidOfIt;
use crate::{DataVersion, Ledger, Md5, ObjectId, StoreError};

/// Pictures that one statement names.
const AT_ONCE: usize = 2000;

/// What is known of a picture, in a few words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PictureMarks {
    /// The label that counts, of the most trusted source.
    pub label: Option<Label>,
    /// `dataset`, `record` or `generated`; `None` when the home has it no more.
    pub from: Option<&'static str>,
    /// Why it was picked as hard, the first reason of the newest pick.
    pub reason: Option<String>,
    /// Its part in the newest version of the data.
    pub part: Option<String>,
}

/// One picture, for whoever points at it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ShownPicture {
    /// Its identity.
    pub id: ObjectId,
    /// Its address.
    #[serde(skip)]
    pub md5: Md5,
    /// Its length.
    pub bytes: u64,
    /// The newest record that shows it.
    pub record: Option<String>,
    /// What the release answered to that record, in [0, 1].
    pub probability: Option<f64>,
    /// Its data sets with its name in each.
    pub datasets: Vec<(String, String)>,
    /// Generator and prompt, for a generated one.
    pub generated: Option<(String, String)>,
    /// Who says what of it, most trusted first.
    pub words: Vec<SaidOfIt>,
    /// Why it was picked as hard.
    pub reasons: Vec<String>,
    /// Its review, when it was queued.
    pub review: Option<i64>,
}

/// A picture that two versions say different things of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionDifference {
    /// The picture.
    pub id: ObjectId,
    /// Its line in the first version.
    pub before: Option<String>,
    /// Its line in the second.
    pub after: Option<String>,
}

impl Ledger {
    /// What is known of these pictures, in their order.
    pub async fn picture_marks(&self, ids: &[ObjectId]) -> Result<Vec<PictureMarks>, StoreError> {
        let sql = "SELECT k.key AS at,
                EXISTS (SELECT 1 FROM pictures p WHERE p.sha256 = o.sha256) AS imported, g.sha256 IS NOT NULL AS made,
                (SELECT label FROM (
                    SELECT \"rank\", label FROM picture_labels WHERE sha256 = o.sha256
                    UNION ALL SELECT l.\"rank\", l.label FROM records r JOIN labels l ON l.record = r.seq
                        WHERE r.sha256 = o.sha256
                    UNION ALL SELECT ?2, label FROM pictures WHERE sha256 = o.sha256) ORDER BY \"rank\" LIMIT 1) AS said,
                g.wanted,
                (SELECT reasons ->> 0 FROM picks WHERE sha256 = o.sha256 ORDER BY run DESC LIMIT 1) AS reason,
                (SELECT line ->> 'split' FROM version_pictures WHERE sha256 = o.sha256 AND until IS NULL
                    ORDER BY since DESC LIMIT 1) AS part
            FROM json_each(?1) k JOIN objects o ON o.sha256 = unhex(k.value) LEFT JOIN generated g ON g.sha256 = o.sha256
            WHERE o.removed_us IS NULL";
        let mut marks = vec![PictureMarks::default(); ids.len()];
        for (page, some) in ids.chunks(AT_ONCE).enumerate() {
            let hex: Vec<String> = some.iter().map(ToString::to_string).collect();
            let rows = sqlx::query(sql)
                .bind(json!(hex).to_string())
                .bind(rank(hivis_types::LabelSource::Dataset))
                .fetch_all(self.readers())
                .await
                .map_err(|e| self.error(e))?;
            for row in &rows {
                let (at, mark) = marks_of(row).map_err(|e| self.error(e))?;
                marks[page * AT_ONCE + at] = mark;
            }
        }
        Ok(marks)
    }

    /// All about one picture of the home; `None` when there is no such.
    pub async fn shown_picture(&self, id: ObjectId) -> Result<Option<ShownPicture>, StoreError> {
        self.picture_shown(id).await.map_err(|e| self.error(e))
    }

    async fn picture_shown(&self, id: ObjectId) -> Result<Option<ShownPicture>, sqlx::Error> {
        let mut reader = self.readers().acquire().await?;
        let key = id.0.to_vec();
        let sql =
            "SELECT o.md5, o.bytes, b.generator, g.prompt, (SELECT id FROM reviews WHERE sha256 = o.sha256) AS review,
                (SELECT reasons FROM picks WHERE sha256 = o.sha256 ORDER BY run DESC LIMIT 1) AS reasons
            FROM objects o LEFT JOIN generated g ON g.sha256 = o.sha256 LEFT JOIN batches b ON b.id = g.batch
            WHERE o.sha256 = ? AND o.removed_us IS NULL";
        let Some(row) = sqlx::query(sql).bind(key.clone()).fetch_optional(&mut *reader).await? else {
            return Ok(None);
        };
        let sql = "SELECT id, probability FROM records WHERE sha256 = ? ORDER BY seq DESC LIMIT 1";
        let record = sqlx::query(sql).bind(key.clone()).fetch_optional(&mut *reader).await?;
        let sql =
            "SELECT d.name AS dataset, p.name FROM pictures p JOIN datasets d ON d.id = p.dataset WHERE p.sha256 = ?
            ORDER BY d.name";
        let sets = sqlx::query(sql).bind(key.clone()).fetch_all(&mut *reader).await?;
        let words = crate::ledger::reviews::said_of(&mut reader, &key).await?;
        let generator: Option<String> = row.try_get("generator")?;
        let reasons: Option<String> = row.try_get("reasons")?;
        Ok(Some(ShownPicture {
            id,
            md5: row.md5("md5")?,
            bytes: row.unsigned("bytes")?,
            record: record.as_ref().map(|row| row.try_get("id")).transpose()?,
            probability: record.as_ref().map(|row| row.try_get("probability")).transpose()?.flatten(),
            datasets: sets
                .iter()
                .map(|row| Ok((row.try_get("dataset")?, row.try_get("name")?)))
                .collect::<Result<_, sqlx::Error>>()?,
            generated: generator.zip(row.try_get("prompt")?),
            words,
            reasons: reasons.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default(),
            review: row.try_get("review")?,
        }))
    }

    /// The pictures that are in one of two versions only, or of which the two say different things, at most `limit` of
    /// them, in the order of their SHA-256. What both hold alike is not read.
    pub async fn version_difference(
        &self,
        from: &DataVersion,
        to: &DataVersion,
        limit: u32,
    ) -> Result<Vec<VersionDifference>, StoreError> {
        // A picture differs only where a span of it begins or ends between the two.
        let sql = "WITH ends(low, high) AS (SELECT min(?1, ?2), max(?1, ?2)),
                touched AS (SELECT sha256 FROM version_pictures, ends WHERE until > low
                    UNION SELECT sha256 FROM version_pictures, ends WHERE until IS NULL AND since > low AND since <= high)
            SELECT t.sha256,
                (SELECT line FROM version_pictures w WHERE w.sha256 = t.sha256 AND w.since <= ?1
                    AND (w.until IS NULL OR w.until > ?1)) AS before,
                (SELECT line FROM version_pictures w WHERE w.sha256 = t.sha256 AND w.since <= ?2
                    AND (w.until IS NULL OR w.until > ?2)) AS after
            FROM touched t WHERE before IS NOT after ORDER BY t.sha256 LIMIT ?3";
        let rows = sqlx::query(sql).bind(from.id).bind(to.id).bind(limit).fetch_all(self.readers()).await;
        let read = |row: &SqliteRow| {
            Ok(VersionDifference {
                id: row.object("sha256")?,
                before: row.try_get("before")?,
                after: row.try_get("after")?,
            })
        };
        rows.and_then(|rows| rows.iter().map(read).collect()).map_err(|e| self.error(e))
    }

    /// What was said of batches since then, newest first, at most `limit`.
    pub async fn newest_batch_verdicts(&self, limit: u32) -> Result<Vec<(i64, Timestamp, String)>, StoreError> {
        let sql = "SELECT batch, at_us, figures FROM batch_verdicts ORDER BY id DESC LIMIT ?";
        let rows = sqlx::query(sql).bind(limit).fetch_all(self.readers()).await;
        let read = |row: &SqliteRow| Ok((row.try_get("batch")?, row.time("at_us")?, row.try_get("figures")?));
        rows.and_then(|rows| rows.iter().map(read).collect()).map_err(|e| self.error(e))
    }
}

fn marks_of(row: &SqliteRow) -> Result<(usize, PictureMarks), sqlx::Error> {
    let (imported, made): (bool, bool) = (row.try_get("imported")?, row.try_get("made")?);
    let (said, wanted): (Option<i64>, Option<i64>) = (row.try_get("said")?, row.try_get("wanted")?);
    let from = match (imported, made) {
        (true, _) => "dataset",
        (_, true) => "generated",
        _ => "record",
    };
    let marks = PictureMarks {
        label: said.or(wanted).and_then(Label::from_wire),
        from: Some(from),
        reason: row.try_get("reason")?,
        part: row.try_get("part")?,
    };
    Ok((row.try_get::<i64, _>("at")? as usize, marks))
}
