//! What goes out with a picture to other tools beside its sample: how it was made, what a release said of it, who labelled
//! it by hand.

use std::collections::BTreeMap;

use hivis_types::{LabelSource, RecordId, ReleaseId, Usd};
use serde::Serialize;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::ledger::columns::RowExt as _;
use crate::ledger::labels::{self, StoredLabel};
use crate::{Ledger, ObjectId, StoreError};

/// How a generated picture was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MadeBy {
    /// The generator's name.
    pub generator: String,
    /// What it was asked for.
    pub prompt: String,
    /// The picture that it varies.
    pub parent: Option<ObjectId>,
    /// What it cost.
    pub cost: Usd,
}

impl Ledger {
    /// How each generated picture was made.
    pub async fn made_by(&self) -> Result<BTreeMap<ObjectId, MadeBy>, StoreError> {
        let sql = "SELECT g.sha256, b.generator, g.prompt, hex(g.parent) AS parent, g.parent AS parent_id, g.cost_micro
            FROM generated g JOIN batches b ON b.id = g.batch";
        let rows = sqlx::query(sql).fetch_all(self.readers()).await.map_err(|e| self.error(e))?;
        rows.iter().map(made_by).collect::<Result<_, _>>().map_err(|e| self.error(e))
    }

    /// What a release said last of each recorded picture: the probability of roadwork.
    pub async fn judged_by(&self, release: &ReleaseId) -> Result<BTreeMap<ObjectId, f64>, StoreError> {
        let sql = "SELECT sha256, probability FROM records
            WHERE \"release\" = ? AND probability IS NOT NULL AND sha256 IS NOT NULL ORDER BY seq";
        let rows = sqlx::query(sql).bind(release.as_str()).fetch_all(self.readers()).await;
        let row = |row: &SqliteRow| Ok((row.object("sha256")?, row.try_get("probability")?));
        rows.and_then(|rows| rows.iter().map(row).collect()).map_err(|e| self.error(e))
    }

    /// The newest word of a person on each picture, whether it was given to the picture or to a record that shows it.
    pub async fn persons_words(&self) -> Result<BTreeMap<ObjectId, StoredLabel>, StoreError> {
        let sql = "SELECT sha256, \"rank\", label, confidence, at_us FROM picture_labels WHERE \"rank\" = ?1
            UNION ALL
            SELECT r.sha256, l.\"rank\", l.label, l.confidence, l.at_us FROM labels l JOIN records r ON r.seq = l.record
            WHERE l.\"rank\" = ?1 AND r.sha256 IS NOT NULL
            ORDER BY at_us";
        let rows = sqlx::query(sql).bind(labels::rank(LabelSource::Person)).fetch_all(self.readers()).await;
        let rows = rows.map_err(|e| self.error(e))?;
        let mut words = BTreeMap::new();
        for row in &rows {
            let id = row.object("sha256").map_err(|e| self.error(e))?;
            if let Some(word) = labels::from_row(row).map_err(|e| self.error(e))? {
                words.insert(id, word);
            }
        }
        Ok(words)
    }

    /// True of a picture that the home has from a data set or a generator, or that a standing decision of a reviewer
    /// rejects: when it is no sample, that is meant.
    pub async fn is_known(&self, picture: ObjectId) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM pictures WHERE sha256 = ?1)
            OR EXISTS (SELECT 1 FROM generated WHERE sha256 = ?1)
            OR EXISTS (SELECT 1 FROM reviews v JOIN decisions d ON d.review = v.id
                WHERE v.sha256 = ?1 AND d.undone_us IS NULL AND d.verdict = 'reject')";
        let found = sqlx::query_scalar::<_, bool>(sql).bind(picture.0.to_vec()).fetch_one(self.readers()).await;
        found.map_err(|e| self.error(e))
    }

    /// The records that show a picture, oldest first.
    pub async fn records_of(&self, picture: ObjectId) -> Result<Vec<RecordId>, StoreError> {
        let sql = "SELECT id FROM records WHERE sha256 = ? ORDER BY seq";
        let rows = sqlx::query(sql).bind(picture.0.to_vec()).fetch_all(self.readers()).await;
        rows.and_then(|rows| rows.iter().map(|row| row.record("id")).collect()).map_err(|e| self.error(e))
    }
}

fn made_by(row: &SqliteRow) -> Result<(ObjectId, MadeBy), sqlx::Error> {
    let parent: &str = row.try_get("parent")?;
    let parent = if parent.is_empty() { None } else { Some(row.object("parent_id")?) };
    let made = MadeBy {
        generator: row.try_get("generator")?,
        prompt: row.try_get("prompt")?,
        parent,
        cost: Usd(row.try_get("cost_micro")?),
    };
    Ok((row.object("sha256")?, made))
}
