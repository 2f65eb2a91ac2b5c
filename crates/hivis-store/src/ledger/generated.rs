//! Pictures that generators made.

use std::path::PathBuf;

use hivis_types::{Label, LabelSource, Usd};
use jiff::Timestamp;
use serde::Serialize;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

use crate::ledger::columns::RowExt as _;
use crate::ledger::labels;
use crate::ledger::objects::{self, Sighting};
use crate::{Ledger, Md5, ObjectId, Put, StoreError};

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
        let md5 = row.md5("md5")?;
        let parent: &str = row.try_get("parent_hex")?;
        Ok(Generated {
            id: row.object("sha256")?,
            md5,
            path: self.objects().path(md5),
            batch: row.try_get("batch")?,
            at: row.time("at_us")?,
            wanted: row.label("wanted")?,
            model: row.try_get("model")?,
            mode: row.try_get("mode")?,
            prompt: row.try_get("prompt")?,
            negative: row.try_get("negative")?,
            prompt_id: row.try_get("prompt_id")?,
            settings: row.json("settings")?,
            seed: row.unsigned("seed")?,
            parent: (!parent.is_empty()).then(|| parent.to_owned()),
            scene: row.try_get("scene")?,
            slices: row.json("slices")?,
            cost: Usd(row.try_get("cost_micro")?),
        })
    }

    fn pick_row(&self, row: &SqliteRow) -> Result<UnvariedPick, sqlx::Error> {
        let md5 = row.md5("md5")?;
        Ok(UnvariedPick {
            run: row.try_get("run")?,
            place: row.try_get("place")?,
            record: row.try_get("record")?,
            id: row.object("sha256")?,
            md5,
            path: self.objects().path(md5),
            label: row.label_if("label")?,
            scene: row.try_get("scene")?,
            reasons: row.json("reasons")?,
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
