//! Orders to generators, and the pictures that came of them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use hivis_types::{Label, LabelSource, Usd};
use jiff::Timestamp;
use serde::Serialize;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

use crate::ledger::labels;
use crate::ledger::objects::{self, Sighting};
use crate::{Ledger, Md5, ObjectId, Put, StoreError};

/// Why pictures were ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BatchKind {
    /// Each night, of what was hard.
    Night,
    /// The run of 60 days.
    Long,
    /// Each month, and only what the serving release gets wrong.
    Adversarial,
    /// A person asked for it.
    Hand,
}

impl BatchKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Night, Self::Long, Self::Adversarial, Self::Hand];

    /// The name in the ledger and in commands.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Night => "night",
            Self::Long => "long",
            Self::Adversarial => "adversarial",
            Self::Hand => "hand",
        }
    }
}

/// An order that is about to be given.
#[derive(Clone, Debug)]
pub struct NewBatch {
    /// Why.
    pub kind: BatchKind,
    /// Who makes it.
    pub generator: String,
    /// Name and version of each prompt file.
    pub prompts: String,
    /// How many pictures are wanted.
    pub asked: u64,
    /// The mining run whose picks it varies.
    pub run: Option<i64>,
    /// The tags that it is made for.
    pub slices: Vec<String>,
}

/// An order, and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Batch {
    /// Its number.
    pub id: i64,
    /// Why.
    pub kind: BatchKind,
    /// Who makes it.
    pub generator: String,
    /// Name and version of each prompt file.
    pub prompts: String,
    /// How many pictures were wanted.
    pub asked: u64,
    /// How many are kept.
    pub made: u64,
    /// How many of them are wanted to show roadwork.
    pub roadwork: u64,
    /// What those that are kept cost.
    pub cost: Usd,
    /// Refused pictures, by reason.
    pub refused: BTreeMap<String, u64>,
    /// When it began, UTC.
    pub begun: Timestamp,
    /// When it ended; `None` while it runs, or when its process died.
    pub ended: Option<Timestamp>,
    /// Why it ended early.
    pub stopped: Option<String>,
    /// The mining run whose picks it varies.
    pub run: Option<i64>,
    /// The tags that it was made for.
    pub slices: Vec<String>,
}

/// A picture that a generator gave.
#[derive(Clone, Debug)]
pub struct NewGenerated {
    /// The file's bytes, as they came.
    pub bytes: Vec<u8>,
    /// What it is wanted to show.
    pub wanted: Label,
    /// The model that made it.
    pub model: String,
    /// `text-to-image`, `image-to-image`, `video-to-world` or `procedural`.
    pub mode: String,
    /// The prompt, to the letter.
    pub prompt: String,
    /// What it should not show, to the letter.
    pub negative: String,
    /// Which prompt of which file.
    pub prompt_id: String,
    /// Steps, guidance, strength, size.
    pub settings: serde_json::Value,
    /// The seed that was used.
    pub seed: u64,
    /// The picture that it varies.
    pub parent: Option<ObjectId>,
    /// The parent's scene; without one a scene of its own.
    pub scene: Option<String>,
    /// The tags that were asked for.
    pub slices: Vec<String>,
    /// What it cost.
    pub cost: Usd,
}

/// What became of one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeptGenerated {
    /// It is new.
    New(ObjectId, Md5),
    /// The same bytes were generated before: counted once.
    Twin(ObjectId),
    /// The home knows these bytes as a recorded or imported picture: a generator that gives its source back made nothing.
    Known(ObjectId),
    /// It could not be stored, and why.
    Refused(String),
}

/// A generated picture with its story.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Generated {
    /// Its identity.
    pub id: ObjectId,
    /// Its address.
    pub md5: Md5,
    /// Where its bytes are.
    pub path: PathBuf,
    /// The order that it came of.
    pub batch: i64,
    /// When it came, UTC.
    pub at: Timestamp,
    /// What it is wanted to show.
    pub wanted: Label,
    /// The model that made it.
    pub model: String,
    /// How.
    pub mode: String,
    /// The prompt.
    pub prompt: String,
    /// What it should not show.
    pub negative: String,
    /// Which prompt of which file.
    pub prompt_id: String,
    /// Steps, guidance, strength, size.
    pub settings: serde_json::Value,
    /// The seed.
    pub seed: u64,
    /// The picture that it varies, SHA-256 in hex.
    pub parent: Option<String>,
    /// The scene that a split puts it into.
    pub scene: String,
    /// The tags that were asked for.
    pub slices: Vec<String>,
    /// What it cost.
    pub cost: Usd,
}

/// A hard case that waits for its variations.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UnvariedPick {
    /// The mining run.
    pub run: i64,
    /// Its place there, 0 for the first.
    pub place: i64,
    /// The id of the record that showed it.
    pub record: String,
    /// The picture.
    pub id: ObjectId,
    /// Its address.
    pub md5: Md5,
    /// Where its bytes are.
    pub path: PathBuf,
    /// What it shows, by the most trusted word; `None` when nobody said.
    pub label: Option<Label>,
    /// Its scene: that of the data set where it came from one, else the record.
    pub scene: String,
    /// Why it is hard.
    pub reasons: Vec<String>,
    /// How hard, in [0, 1].
    pub score: f64,
}

impl Ledger {
    /// Writes an order down before the generator hears of it; gives its number.
    pub async fn begin_batch(&self, new: &NewBatch, now: Timestamp) -> Result<i64, StoreError> {
        let mut transaction = self.begin().await?;
        let sql = "INSERT INTO batches (kind, generator, prompts, asked, begun_us, refused, run, slices)
            VALUES (?, ?, ?, ?, ?, '{}', ?, ?)";
        let done = sqlx::query(sql)
            .bind(new.kind.as_str())
            .bind(&*new.generator)
            .bind(&*new.prompts)
            .bind(new.asked as i64)
            .bind(now.as_microsecond())
            .bind(new.run)
            .bind(serde_json::Value::from(new.slices.clone()).to_string())
            .execute(&mut *transaction)
            .await
            .map_err(|e| self.error(e))?;
        transaction.commit().await.map_err(|e| self.error(e))?;
        Ok(done.last_insert_rowid())
    }

    /// Stores pictures of an order: their files first, then all rows in one transaction, as [`Ledger::import`] does.
    /// The outcomes are in the order of the pictures.
    pub async fn keep_generated(
        &self,
        batch: i64,
        group: &[NewGenerated],
        now: Timestamp,
    ) -> Result<Vec<KeptGenerated>, StoreError> {
        // Held until the rows are committed, so that retention does not take a file that they are about to name.
        let _guard = self.objects().share()?;
        let bytes: Vec<&[u8]> = group.iter().map(|picture| &*picture.bytes).collect();
        let puts = self.objects().put_all(&bytes);
        let mut transaction = self.begin().await?;
        let mut outcomes = Vec::with_capacity(group.len());
        for (picture, put) in group.iter().zip(puts) {
            outcomes.push(match put {
                Ok(put) => keep(&mut transaction, (batch, now), picture, put).await.map_err(|e| self.error(e))?,
                Err(refused @ StoreError::Md5Collision { .. }) => KeptGenerated::Refused(refused.to_string()),
                Err(error) => return Err(error),
            });
        }
        transaction.commit().await.map_err(|e| self.error(e))?;
        Ok(outcomes)
    }

    /// Takes pictures of an order out of the list of generated ones; their files wait for retention. What was judged or
    /// looked at meanwhile stays. Gives how many went.
    pub async fn drop_generated(&self, batch: i64, pictures: &[ObjectId]) -> Result<u64, StoreError> {
        let sql = "DELETE FROM generated WHERE sha256 = ? AND batch = ?
            AND NOT EXISTS (SELECT 1 FROM verdicts v WHERE v.sha256 = generated.sha256)
            AND NOT EXISTS (SELECT 1 FROM reviews r WHERE r.sha256 = generated.sha256)
            AND NOT EXISTS (SELECT 1 FROM version_pictures w WHERE w.sha256 = generated.sha256)";
        let mut transaction = self.begin().await?;
        let mut gone = 0;
        for id in pictures {
            let query = sqlx::query(sql).bind(id.0.to_vec()).bind(batch);
            gone += query.execute(&mut *transaction).await.map_err(|e| self.error(e))?.rows_affected();
        }
        transaction.commit().await.map_err(|e| self.error(e))?;
        Ok(gone)
    }

    /// Writes down how an order ended.
    pub async fn end_batch(
        &self,
        batch: i64,
        refused: &BTreeMap<String, u64>,
        stopped: Option<&str>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let refused = serde_json::to_string(refused).map_err(StoreError::Json)?;
        sqlx::query("UPDATE batches SET ended_us = ?, refused = ?, stopped = ? WHERE id = ?")
            .bind(now.as_microsecond())
            .bind(refused)
            .bind(stopped)
            .bind(batch)
            .execute(&mut *transaction)
            .await
            .map_err(|e| self.error(e))?;
        transaction.commit().await.map_err(|e| self.error(e))
    }

    /// Orders, newest first.
    pub async fn batches(&self, limit: u32) -> Result<Vec<Batch>, StoreError> {
        self.select_batches(None, limit).await
    }

    /// One order.
    pub async fn batch(&self, id: i64) -> Result<Option<Batch>, StoreError> {
        Ok(self.select_batches(Some(id), 1).await?.pop())
    }

    async fn select_batches(&self, id: Option<i64>, limit: u32) -> Result<Vec<Batch>, StoreError> {
        let sql = "SELECT b.id, b.kind, b.generator, b.prompts, b.asked, b.begun_us, b.ended_us, b.refused, b.stopped,
                b.run, b.slices, count(g.sha256) AS made, coalesce(sum(g.wanted), 0) AS roadwork,
                coalesce(sum(g.cost_micro), 0) AS cost
            FROM batches b LEFT JOIN generated g ON g.batch = b.id
            WHERE ?1 IS NULL OR b.id = ?1 GROUP BY b.id ORDER BY b.id DESC LIMIT ?2";
        let rows = sqlx::query(sql).bind(id).bind(limit).fetch_all(self.readers()).await;
        rows.and_then(|rows| rows.iter().map(batch).collect()).map_err(|e| self.error(e))
    }

    /// The kept pictures of an order, in the order of prompts and seeds.
    pub async fn generated(&self, batch: i64) -> Result<Vec<Generated>, StoreError> {
        let sql = "SELECT g.*, lower(hex(g.parent)) AS parent_hex, o.md5 FROM generated g
            JOIN objects o ON o.sha256 = g.sha256 WHERE g.batch = ? ORDER BY g.at_us, g.prompt_id, g.seed";
        let rows = sqlx::query(sql).bind(batch).fetch_all(self.readers()).await;
        rows.and_then(|rows| rows.iter().map(|row| self.generated_row(row)).collect()).map_err(|e| self.error(e))
    }

    /// Hard cases of the newest mining run that have no variation yet, in their order there: what a cap, a count or a crash
    /// left out comes first the next time.
    pub async fn unvaried_picks(&self) -> Result<Vec<UnvariedPick>, StoreError> {
        let sql = "SELECT k.run, k.place, k.sha256, o.md5, r.id AS record, k.reasons, k.score,
                coalesce((SELECT d.name || '/' || p.scene FROM pictures p JOIN datasets d ON d.id = p.dataset
                    WHERE p.sha256 = k.sha256 ORDER BY d.name LIMIT 1), r.id) AS scene,
                (SELECT w.label FROM (
                    SELECT l.\"rank\" AS place, l.label FROM labels l JOIN records q ON q.seq = l.record
                        WHERE q.sha256 = k.sha256
                    UNION ALL SELECT c.\"rank\", c.label FROM picture_labels c WHERE c.sha256 = k.sha256
                    UNION ALL SELECT ?, p.label FROM pictures p WHERE p.sha256 = k.sha256
                ) w ORDER BY w.place LIMIT 1) AS label
            FROM picks k JOIN records r ON r.seq = k.record JOIN objects o ON o.sha256 = k.sha256
            WHERE k.run = (SELECT max(run) FROM picks) AND o.removed_us IS NULL
                AND NOT EXISTS (SELECT 1 FROM generated g WHERE g.parent = k.sha256)
            ORDER BY k.place";
        let dataset = labels::rank(LabelSource::Dataset);
        let rows = sqlx::query(sql).bind(dataset).fetch_all(self.readers()).await;
        rows.and_then(|rows| rows.iter().map(|row| self.pick_row(row)).collect()).map_err(|e| self.error(e))
    }

    fn generated_row(&self, row: &SqliteRow) -> Result<Generated, sqlx::Error> {
        let md5 = Md5(objects::hash(row, "md5")?);
        let parent: &str = row.try_get("parent_hex")?;
        Ok(Generated {
            id: ObjectId(objects::hash(row, "sha256")?),
            md5,
            path: self.objects().path(md5),
            batch: row.try_get("batch")?,
            at: time(row, "at_us")?.ok_or(sqlx::Error::RowNotFound)?,
            wanted: label(row, "wanted")?.ok_or(sqlx::Error::RowNotFound)?,
            model: row.try_get("model")?,
            mode: row.try_get("mode")?,
            prompt: row.try_get("prompt")?,
            negative: row.try_get("negative")?,
            prompt_id: row.try_get("prompt_id")?,
            settings: json(row, "settings")?,
            seed: row.try_get::<i64, _>("seed")? as u64,
            parent: (!parent.is_empty()).then(|| parent.to_owned()),
            scene: row.try_get("scene")?,
            slices: json(row, "slices")?,
            cost: Usd(row.try_get("cost_micro")?),
        })
    }

    fn pick_row(&self, row: &SqliteRow) -> Result<UnvariedPick, sqlx::Error> {
        let md5 = Md5(objects::hash(row, "md5")?);
        Ok(UnvariedPick {
            run: row.try_get("run")?,
            place: row.try_get("place")?,
            record: row.try_get("record")?,
            id: ObjectId(objects::hash(row, "sha256")?),
            md5,
            path: self.objects().path(md5),
            label: label(row, "label")?,
            scene: row.try_get("scene")?,
            reasons: json(row, "reasons")?,
            score: row.try_get("score")?,
        })
    }
}

async fn keep(
    connection: &mut SqliteConnection,
    (batch, now): (i64, Timestamp),
    picture: &NewGenerated,
    put: Put,
) -> Result<KeptGenerated, sqlx::Error> {
    let known = "SELECT EXISTS (SELECT 1 FROM generated g WHERE g.sha256 = ?1) AS twin,
        EXISTS (SELECT 1 FROM records r WHERE r.sha256 = ?1) OR EXISTS (SELECT 1 FROM pictures p WHERE p.sha256 = ?1)
            AS known";
    let row = sqlx::query(known).bind(put.id.0.to_vec()).fetch_one(&mut *connection).await?;
    if row.try_get("twin")? {
        return Ok(KeptGenerated::Twin(put.id));
    }
    if row.try_get("known")? || picture.parent == Some(put.id) {
        return Ok(KeptGenerated::Known(put.id));
    }
    let at_us = now.as_microsecond();
    let seen = Sighting { put, bytes: picture.bytes.len(), arrived_us: at_us, sureness: 0.5 };
    if !objects::upsert(connection, &seen).await? {
        return Ok(KeptGenerated::Refused(StoreError::Md5Collision { md5: put.md5.to_string() }.to_string()));
    }
    let scene = picture.scene.clone().unwrap_or_else(|| format!("generated/{}", put.id));
    let sql = "INSERT INTO generated (sha256, batch, at_us, wanted, model, mode, prompt, negative, prompt_id, settings,
        seed, parent, scene, slices, cost_micro) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    sqlx::query(sql)
        .bind(put.id.0.to_vec())
        .bind(batch)
        .bind(at_us)
        .bind(picture.wanted.as_u8())
        .bind(&*picture.model)
        .bind(&*picture.mode)
        .bind(&*picture.prompt)
        .bind(&*picture.negative)
        .bind(&*picture.prompt_id)
        .bind(picture.settings.to_string())
        .bind(picture.seed as i64)
        .bind(picture.parent.map(|parent| parent.0.to_vec()))
        .bind(scene)
        .bind(serde_json::Value::from(picture.slices.clone()).to_string())
        .bind(picture.cost.0)
        .execute(connection)
        .await?;
    Ok(KeptGenerated::New(put.id, put.md5))
}

fn batch(row: &SqliteRow) -> Result<Batch, sqlx::Error> {
    let kind: &str = row.try_get("kind")?;
    let count = |column: &str| row.try_get::<i64, _>(column).map(|n| n as u64);
    let slices: Option<&str> = row.try_get("slices")?;
    Ok(Batch {
        id: row.try_get("id")?,
        kind: BatchKind::ALL.into_iter().find(|k| k.as_str() == kind).ok_or_else(|| wrong("kind", kind))?,
        generator: row.try_get("generator")?,
        prompts: row.try_get("prompts")?,
        asked: count("asked")?,
        made: count("made")?,
        roadwork: count("roadwork")?,
        cost: Usd(row.try_get("cost")?),
        refused: json(row, "refused")?,
        begun: time(row, "begun_us")?.ok_or(sqlx::Error::RowNotFound)?,
        ended: time(row, "ended_us")?,
        stopped: row.try_get("stopped")?,
        run: row.try_get("run")?,
        slices: slices.map_or(Ok(Vec::new()), |text| serde_json::from_str(text).map_err(|_| wrong("slices", text)))?,
    })
}

fn wrong(index: &str, value: &str) -> sqlx::Error {
    sqlx::Error::ColumnDecode { index: index.to_owned(), source: format!("{value} is none that we write").into() }
}

fn json<T: serde::de::DeserializeOwned>(row: &SqliteRow, column: &str) -> Result<T, sqlx::Error> {
    let text: &str = row.try_get(column)?;
    serde_json::from_str(text).map_err(|_| wrong(column, text))
}

fn time(row: &SqliteRow, column: &str) -> Result<Option<Timestamp>, sqlx::Error> {
    let us: Option<i64> = row.try_get(column)?;
    us.map(|us| Timestamp::from_microsecond(us).map_err(|_| wrong(column, &us.to_string()))).transpose()
}

fn label(row: &SqliteRow, column: &str) -> Result<Option<Label>, sqlx::Error> {
    let value: Option<i64> = row.try_get(column)?;
    value.map(|value| Label::from_wire(value).ok_or_else(|| wrong(column, &value.to_string()))).transpose()
}
