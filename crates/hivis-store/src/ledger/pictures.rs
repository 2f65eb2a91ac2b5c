//! Pictures of data sets: bringing them in, and reading them back with the label that counts.

use std::collections::BTreeMap;
use std::path::PathBuf;

use hivis_types::{Label, LabelSource, Origin};
use serde::Serialize;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

use crate::ledger::columns::RowExt as _;
use crate::ledger::datasets::Import;
use crate::ledger::labels::{self, StoredLabel};
use crate::ledger::objects::{self, Sighting};
use crate::{Ledger, Md5, ObjectId, Put, StoreError};

/// A picture of a data set, as it is found.
#[derive(Clone, Debug)]
pub struct NewPicture {
    /// The file's bytes, as they are.
    pub bytes: Vec<u8>,
    /// Its file or row in the data set.
    pub name: String,
    /// What the data set says that it shows.
    pub label: Label,
    /// Photograph or generated.
    pub origin: Origin,
    /// Its scene within the data set.
    pub scene: String,
    /// Tags such as `weather:rain`.
    pub slices: Vec<String>,
}

/// What became of one picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is new in this data set.
    New,
    /// It was there with the same words.
    There,
    /// It was there, and its label, origin, scene or tags are others now.
    Changed,
    /// This import found the same bytes under another name, which counts; `agrees` is false when the labels differ.
    Twin {
        /// The other name.
        of: String,
        /// Both say the same.
        agrees: bool,
    },
    /// It could not be stored, and why.
    Refused(String),
}

/// An imported picture with what is said of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ImportedPicture {
    /// Its identity.
    pub id: ObjectId,
    /// Its address.
    pub md5: Md5,
    /// Where its bytes are.
    pub path: PathBuf,
    /// The data set that describes it here: the one that was asked for, else the first by name.
    pub dataset: String,
    /// Its name there.
    pub name: String,
    /// The label that counts: the most trusted source's; among data sets the describing one's.
    pub label: Label,
    /// Whose word that is.
    pub source: LabelSource,
    /// True when not all words on it are the same.
    pub disagreement: bool,
    /// True when the sources of the highest trust contradict each other, so that no word should be believed.
    pub disputed: bool,
    /// Photograph or generated.
    pub origin: Origin,
    /// Its scene, with the data set's name before it, so that scenes of two data sets never meet by chance.
    pub scene: String,
    /// Tags.
    pub slices: Vec<String>,
}

impl Ledger {
    /// Stores a group of pictures of a data set: their files first, then all rows in one transaction. Files that are
    /// there are not written again, so an import that was cut short is repeated at the price of reading. The outcomes
    /// are in the order of the pictures.
    pub async fn import(&self, import: &Import, group: &[NewPicture]) -> Result<Vec<Outcome>, StoreError> {
        // Held until the rows are committed, so that retention does not take a file that they are about to name.
        let _guard = self.objects().share()?;
        let bytes: Vec<&[u8]> = group.iter().map(|picture| &*picture.bytes).collect();
        let puts = self.objects().put_all(&bytes);
        let mut transaction = self.begin().await?;
        let mut outcomes = Vec::with_capacity(group.len());
        for (picture, put) in group.iter().zip(puts) {
            outcomes.push(match put {
                Ok(put) => upsert(&mut transaction, import, picture, put).await.map_err(|e| self.error(e))?,
                Err(refused @ StoreError::Md5Collision { .. }) => Outcome::Refused(refused.to_string()),
                Err(error) => return Err(error),
            });
        }
        transaction.commit().await.map_err(|e| self.error(e))?;
        Ok(outcomes)
    }

    /// Writes down another source's word on an imported picture; a source replaces its own earlier word. What data sets
    /// say comes with their import.
    pub async fn label_picture(&self, picture: ObjectId, label: StoredLabel) -> Result<(), StoreError> {
        let sql = "INSERT INTO picture_labels (sha256, \"rank\", source, label, confidence, at_us)
            VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (sha256, \"rank\") DO UPDATE SET
            label = excluded.label, confidence = excluded.confidence, at_us = excluded.at_us";
        let mut transaction = self.begin().await?;
        sqlx::query(sql)
            .bind(picture.0.to_vec())
            .bind(labels::rank(label.source))
            .bind(label.source.as_str())
            .bind(label.label.as_u8())
            .bind(label.confidence)
            .bind(label.at.as_microsecond())
            .execute(&mut *transaction)
            .await
            .map_err(|e| self.error(e))?;
        transaction.commit().await.map_err(|e| self.error(e))
    }

    /// All imported pictures, or those of one data set, in the order of their SHA-256.
    pub async fn imported(&self, dataset: Option<&str>) -> Result<Vec<ImportedPicture>, StoreError> {
        if let Some(name) = dataset {
            let sql = "SELECT count(*) FROM datasets WHERE name = ?";
            let found = sqlx::query_scalar::<_, i64>(sql).bind(name).fetch_one(self.readers()).await;
            if found.map_err(|e| self.error(e))? == 0 {
                return Err(StoreError::NoSuchDataset { name: name.to_owned() });
            }
        }
        let words = self.words().await?;
        // Those of the describing data set come first for each picture.
        let sql = "SELECT p.sha256, o.md5, d.name AS dataset, p.name, p.label, p.origin, p.scene, p.slices
            FROM pictures p JOIN datasets d ON d.id = p.dataset JOIN objects o ON o.sha256 = p.sha256
            WHERE ?1 IS NULL OR EXISTS (SELECT 1 FROM pictures q JOIN datasets e ON e.id = q.dataset
                WHERE q.sha256 = p.sha256 AND e.name = ?1)
            ORDER BY p.sha256, d.name <> coalesce(?1, d.name), d.name";
        let rows = sqlx::query(sql).bind(dataset).fetch_all(self.readers()).await.map_err(|e| self.error(e))?;
        let mut found: Vec<ImportedPicture> = Vec::new();
        for row in &rows {
            let picture = self.picture(row).map_err(|e| self.error(e))?;
            match found.last_mut().filter(|last| last.id == picture.id) {
                Some(last) => {
                    let differs = last.label != picture.label;
                    last.disagreement |= differs;
                    // A data set that was asked for by name is believed before others.
                    last.disputed |= differs && dataset.is_none();
                }
                None => found.push(picture),
            }
        }
        for picture in &mut found {
            if let Some(words) = words.get(&picture.id) {
                picture.hear(words);
            }
        }
        Ok(found)
    }

    /// What others than data sets say, most trusted first.
    pub(crate) async fn words(&self) -> Result<BTreeMap<ObjectId, Vec<StoredLabel>>, StoreError> {
        let sql = "SELECT sha256, \"rank\", label, confidence, at_us FROM picture_labels ORDER BY sha256, \"rank\"";
        let rows = sqlx::query(sql).fetch_all(self.readers()).await.map_err(|e| self.error(e))?;
        let mut words: BTreeMap<ObjectId, Vec<StoredLabel>> = BTreeMap::new();
        for row in &rows {
            let id = row.object("sha256").map_err(|e| self.error(e))?;
            words.entry(id).or_default().extend(labels::from_row(row).map_err(|e| self.error(e))?);
        }
        Ok(words)
    }

    fn picture(&self, row: &SqliteRow) -> Result<ImportedPicture, sqlx::Error> {
        let md5 = row.md5("md5")?;
        let (dataset, scene): (String, &str) = (row.try_get("dataset")?, row.try_get("scene")?);
        Ok(ImportedPicture {
            id: row.object("sha256")?,
            md5,
            path: self.objects().path(md5),
            name: row.try_get("name")?,
            label: row.label("label")?,
            source: LabelSource::Dataset,
            disagreement: false,
            disputed: false,
            origin: row.one_of("origin", &[Origin::Real, Origin::Synthetic], Origin::as_str)?,
            scene: format!("{dataset}/{scene}"),
            slices: row.json("slices")?,
            dataset,
        })
    }
}

impl ImportedPicture {
    /// Weighs what others say against the data sets.
    fn hear(&mut self, words: &[StoredLabel]) {
        self.disagreement |= words.iter().any(|word| word.label != self.label);
        if let Some(first) = words.first().filter(|word| labels::rank(word.source) < labels::rank(LabelSource::Dataset))
        {
            (self.label, self.source, self.disputed) = (first.label, first.source, false);
        }
    }
}

async fn upsert(
    connection: &mut SqliteConnection,
    import: &Import,
    picture: &NewPicture,
    put: Put,
) -> Result<Outcome, sqlx::Error> {
    let slices = serde_json::Value::from(picture.slices.clone()).to_string();
    let there =
        "SELECT name, label = ? AND origin = ? AND scene = ? AND slices = ? AS same, label = ? AS agrees, seen_us
        FROM pictures WHERE sha256 = ? AND dataset = ?";
    let there = sqlx::query(there)
        .bind(picture.label.as_u8())
        .bind(picture.origin.as_str())
        .bind(&*picture.scene)
        .bind(&*slices)
        .bind(picture.label.as_u8())
        .bind(put.id.0.to_vec())
        .bind(import.dataset)
        .fetch_optional(&mut *connection)
        .await?;
    let mut outcome = Outcome::New;
    if let Some(row) = there {
        let (name, seen_us): (String, i64) = (row.try_get("name")?, row.try_get("seen_us")?);
        if name != picture.name && seen_us == import.begun_us {
            return Ok(Outcome::Twin { of: name, agrees: row.try_get("agrees")? });
        }
        outcome = if row.try_get("same")? { Outcome::There } else { Outcome::Changed };
    }
    let seen = Sighting { put, bytes: picture.bytes.len(), arrived_us: import.begun_us, sureness: 0.5 };
    if !objects::upsert(connection, &seen).await? {
        return Ok(Outcome::Refused(StoreError::Md5Collision { md5: put.md5.to_string() }.to_string()));
    }
    let sql = "INSERT INTO pictures (sha256, dataset, name, label, origin, scene, slices, seen_us)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (sha256, dataset) DO UPDATE SET name = excluded.name, label = excluded.label,
            origin = excluded.origin, scene = excluded.scene, slices = excluded.slices, seen_us = excluded.seen_us";
    sqlx::query(sql)
        .bind(put.id.0.to_vec())
        .bind(import.dataset)
        .bind(&*picture.name)
        .bind(picture.label.as_u8())
        .bind(picture.origin.as_str())
        .bind(&*picture.scene)
        .bind(slices)
        .bind(import.begun_us)
        .execute(connection)
        .await?;
    Ok(outcome)
}
