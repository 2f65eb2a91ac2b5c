//! Everything that the home could train on: imported, recorded and generated pictures in one list.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use hivis_types::{Label, LabelSource, Origin};
use serde::Serialize;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::ledger::columns::RowExt as _;
use crate::ledger::labels::{self, StoredLabel};
use crate::{Ledger, Md5, ObjectId, StoreError};

/// A labelled picture of the home with the label that counts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sample {
    /// Its identity.
    pub id: ObjectId,
    /// Its address.
    pub md5: Md5,
    /// Where its bytes are.
    pub path: PathBuf,
    /// Their number.
    pub bytes: u64,
    /// The label that counts: the most trusted source's.
    pub label: Label,
    /// Whose word that is.
    pub source: LabelSource,
    /// How sure that source is, in [0, 1].
    pub confidence: f64,
    /// True when the sources of the highest trust contradict each other, so that no word should be believed.
    pub disputed: bool,
    /// Photograph or generated.
    pub origin: Origin,
    /// Its scene; a generated picture has its parent's.
    pub scene: String,
    /// Tags such as `weather:rain`.
    pub slices: Vec<String>,
    /// How it came here.
    pub from: SampleFrom,
}

/// How a picture came into the home. Where several are true, the first of this list.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum SampleFrom {
    /// With a data set.
    Dataset {
        /// The data set's name.
        dataset: String,
        /// Its file or row there.
        name: String,
    },
    /// A validator asked it.
    Record {
        /// The newest record that shows it.
        record: String,
    },
    /// A generator made it.
    Generated {
        /// The generator's name.
        generator: String,
        /// The picture that it varies, SHA-256 in hex.
        parent: Option<String>,
    },
}

impl SampleFrom {
    /// `dataset`, `record` or `generated`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Dataset { .. } => "dataset",
            Self::Record { .. } => "record",
            Self::Generated { .. } => "generated",
        }
    }
}

impl Ledger {
    /// Every labelled picture that is in the home, each once, in the order of SHA-256: those of data sets, recorded ones
    /// with a label, and generated ones that passed the gate. What a reviewer rejected is left out.
    pub async fn samples(&self) -> Result<Vec<Sample>, StoreError> {
        let mut found: BTreeMap<ObjectId, Sample> = BTreeMap::new();
        for sample in self.generated_samples().await?.into_iter().chain(self.recorded_samples().await?) {
            found.insert(sample.id, sample);
        }
        let lengths = self.lengths().await?;
        for picture in self.imported(None).await? {
            let sample = Sample {
                id: picture.id,
                md5: picture.md5,
                path: picture.path,
                bytes: lengths.get(&picture.id).copied().unwrap_or_default(),
                label: picture.label,
                source: picture.source,
                confidence: 1.0,
                disputed: picture.disputed,
                origin: picture.origin,
                scene: picture.scene,
                slices: picture.slices,
                from: SampleFrom::Dataset { dataset: picture.dataset, name: picture.name },
            };
            match found.get(&sample.id) {
                // A word on the record outranks what the data set says of the same bytes.
                Some(other) if labels::rank(other.source) < labels::rank(sample.source) => {
                    let (label, source, confidence) = (other.label, other.source, other.confidence);
                    found.insert(sample.id, Sample { label, source, confidence, disputed: false, ..sample });
                }
                _ => {
                    found.insert(sample.id, sample);
                }
            }
        }
        for (id, words) in self.words().await? {
            if let (Some(sample), Some(word)) = (found.get_mut(&id), words.first()) {
                sample.hear(word);
            }
        }
        for id in self.rejected().await? {
            found.remove(&id);
        }
        Ok(found.into_values().filter(|sample| lengths.contains_key(&sample.id)).collect())
    }

    /// Recorded pictures with a label, the newest record of each.
    async fn recorded_samples(&self) -> Result<Vec<Sample>, StoreError> {
        let sql = "SELECT o.sha256, o.md5, o.bytes, r.id AS record, l.\"rank\", l.label, l.confidence, l.at_us
            FROM labels l JOIN records r ON r.seq = l.record JOIN objects o ON o.sha256 = r.sha256
            WHERE o.removed_us IS NULL ORDER BY o.sha256, l.\"rank\" DESC, r.seq";
        let rows = sqlx::query(sql).fetch_all(self.readers()).await.map_err(|e| self.error(e))?;
        rows.iter().map(|row| self.recorded_sample(row)).collect::<Result<_, _>>().map_err(|e| self.error(e))
    }

    fn recorded_sample(&self, row: &SqliteRow) -> Result<Sample, sqlx::Error> {
        let word = labels::from_row(row)?.ok_or(sqlx::Error::RowNotFound)?;
        let md5 = row.md5("md5")?;
        let record: String = row.try_get("record")?;
        Ok(Sample {
            id: row.object("sha256")?,
            md5,
            path: self.objects().path(md5),
            bytes: row.unsigned("bytes")?,
            label: word.label,
            source: word.source,
            confidence: word.confidence,
            disputed: false,
            origin: Origin::Real,
            scene: record.clone(),
            slices: Vec::new(),
            from: SampleFrom::Record { record },
        })
    }

    /// Generated pictures that passed the gate, with the wanted label.
    async fn generated_samples(&self) -> Result<Vec<Sample>, StoreError> {
        let sql = "SELECT o.sha256, o.md5, o.bytes, g.wanted, g.scene, g.slices, hex(g.parent) AS parent, b.generator
            FROM generated g JOIN objects o ON o.sha256 = g.sha256 JOIN batches b ON b.id = g.batch
            JOIN verdicts v ON v.sha256 = g.sha256 AND v.level = 1 AND v.passed
            WHERE o.removed_us IS NULL";
        let rows = sqlx::query(sql).fetch_all(self.readers()).await.map_err(|e| self.error(e))?;
        rows.iter().map(|row| self.generated_sample(row)).collect::<Result<_, _>>().map_err(|e| self.error(e))
    }

    fn generated_sample(&self, row: &SqliteRow) -> Result<Sample, sqlx::Error> {
        let md5 = row.md5("md5")?;
        let parent: &str = row.try_get("parent")?;
        let parent = (!parent.is_empty()).then(|| parent.to_ascii_lowercase());
        Ok(Sample {
            id: row.object("sha256")?,
            md5,
            path: self.objects().path(md5),
            bytes: row.unsigned("bytes")?,
            label: row.label("wanted")?,
            source: LabelSource::Wanted,
            confidence: 1.0,
            disputed: false,
            origin: Origin::Synthetic,
            scene: row.try_get("scene")?,
            slices: row.json("slices")?,
            from: SampleFrom::Generated { generator: row.try_get("generator")?, parent },
        })
    }

    /// What a standing decision of a reviewer rejects, unless others have settled it otherwise.
    async fn rejected(&self) -> Result<BTreeSet<ObjectId>, StoreError> {
        let sql = "SELECT DISTINCT v.sha256 FROM reviews v JOIN decisions d ON d.review = v.id
            WHERE d.undone_us IS NULL AND d.verdict = 'reject' AND v.state <> 'accepted'";
        let rows = sqlx::query(sql).fetch_all(self.readers()).await.map_err(|e| self.error(e))?;
        let id = |row: &SqliteRow| row.object("sha256");
        rows.iter().map(id).collect::<Result<_, _>>().map_err(|e| self.error(e))
    }

    /// The length of every picture that is in the home.
    async fn lengths(&self) -> Result<BTreeMap<ObjectId, u64>, StoreError> {
        let sql = "SELECT sha256, bytes FROM objects WHERE removed_us IS NULL";
        let rows = sqlx::query(sql).fetch_all(self.readers()).await.map_err(|e| self.error(e))?;
        let read = |row: &SqliteRow| Ok::<_, sqlx::Error>((row.object("sha256")?, row.unsigned("bytes")?));
        rows.iter().map(read).collect::<Result<_, _>>().map_err(|e| self.error(e))
    }
}

impl Sample {
    /// Takes another source's word where it is trusted more.
    fn hear(&mut self, word: &StoredLabel) {
        if labels::rank(word.source) < labels::rank(self.source) {
            (self.label, self.source, self.confidence) = (word.label, word.source, word.confidence);
            self.disputed = false;
        }
    }
}
