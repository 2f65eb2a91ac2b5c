//! Verdicts of the gate, picture by picture and batch by batch.

use std::collections::BTreeMap;

use hivis_types::Label;
use jiff::Timestamp;
use serde::Serialize;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::ledger::columns::RowExt as _;
use crate::{Ledger, Md5, ObjectId, StoreError};

/// A generated picture that the gate is to judge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ToGate {
    /// Its identity.
    pub id: ObjectId,
    /// Its address.
    pub md5: Md5,
    /// The batch that it came in.
    pub batch: i64,
    /// That batch's kind: night, long, adversarial or hand.
    pub kind: String,
    /// Whether that batch was made for hard cases or for slices: then it lies beside the real set by intent.
    pub aimed: bool,
    /// Who made it.
    pub generator: String,
    /// What it was made to show.
    pub wanted: Label,
    /// The picture that it varies.
    pub parent: Option<ObjectId>,
    /// Its scene: the parent's.
    pub scene: String,
}

/// What the gate said of one picture on one level.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StoredVerdict {
    /// The picture.
    pub id: ObjectId,
    /// 1 for every picture, 2 for the best fifth.
    pub level: u8,
    /// When, UTC.
    pub at: Timestamp,
    /// Whether it passed.
    pub passed: bool,
    /// Why not, `kind: words` each.
    pub reasons: Vec<String>,
    /// What was measured, by name; finite numbers.
    pub figures: BTreeMap<String, f64>,
    /// Whose judgement of the label it was.
    pub release: Option<String>,
}

/// A verdict with what the picture is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ListedVerdict {
    /// The verdict.
    #[serde(flatten)]
    pub verdict: StoredVerdict,
    /// Its address.
    pub md5: Md5,
    /// The batch.
    pub batch: i64,
    /// The generator.
    pub generator: String,
    /// What it was made to show.
    pub wanted: Label,
    /// What it was made from.
    pub prompt: String,
}

/// Which verdicts to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerdictFilter {
    /// Only those that did not pass.
    pub failed: bool,
    /// Only those of this picture: the beginning of its SHA-256 in hex.
    pub picture: Option<String>,
    /// Only those of this batch.
    pub batch: Option<i64>,
    /// At most so many; 0 for all.
    pub limit: u32,
}

/// What the gate said of a batch.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BatchVerdict {
    /// The batch.
    pub batch: i64,
    /// When, UTC.
    pub at: Timestamp,
    /// Pictures that it rests on.
    pub pictures: u64,
    /// `None` when they were too few to say.
    pub passed: Option<bool>,
    /// Why not, or why nothing is said.
    pub reasons: Vec<String>,
    /// What was measured, by name; of pictures' figures the middle.
    pub figures: BTreeMap<String, f64>,
}

impl Ledger {
    /// Generated pictures that are in the home, in the order in which they were made: those without a verdict, or all with
    /// `again`; of one batch, or of all.
    pub async fn to_gate(&self, batch: Option<i64>, again: bool) -> Result<Vec<ToGate>, StoreError> {
        let sql = "SELECT o.sha256, o.md5, g.batch, b.kind, b.generator, g.wanted, g.parent, g.scene,
            (b.run IS NOT NULL OR coalesce(b.slices, '[]') <> '[]') AS aimed
            FROM generated g JOIN objects o ON o.sha256 = g.sha256 JOIN batches b ON b.id = g.batch
            LEFT JOIN verdicts v ON v.sha256 = g.sha256 AND v.level = 1
            WHERE o.removed_us IS NULL AND (?1 IS NULL OR g.batch = ?1) AND (?2 OR v.sha256 IS NULL)
            ORDER BY g.batch, g.at_us, g.sha256";
        let rows = sqlx::query(sql).bind(batch).bind(again).fetch_all(self.readers()).await;
        let read = |row: &SqliteRow| {
            Ok(ToGate {
                id: row.object("sha256")?,
                md5: row.md5("md5")?,
                batch: row.try_get("batch")?,
                kind: row.try_get("kind")?,
                aimed: row.try_get("aimed")?,
                generator: row.try_get("generator")?,
                wanted: row.label("wanted")?,
                parent: row.object_if("parent")?,
                scene: row.try_get("scene")?,
            })
        };
        rows.and_then(|rows| rows.iter().map(read).collect()).map_err(|e| self.error(e))
    }

    /// Writes verdicts, and what is said of batches, in one transaction: all or nothing. A picture's earlier verdict of the
    /// same level gives way; batches keep all of theirs, for the trends.
    pub async fn write_verdicts(&self, verdicts: &[StoredVerdict], batches: &[BatchVerdict]) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        for verdict in verdicts.iter().filter(|verdict| verdict.level == 1) {
            // What was chosen by an earlier verdict is not chosen any more.
            let sql = "DELETE FROM verdicts WHERE sha256 = ? AND level > 1";
            let done = sqlx::query(sql).bind(verdict.id.0.to_vec()).execute(&mut *transaction).await;
            done.map_err(|e| self.error(e))?;
        }
        for verdict in verdicts {
            let sql = "INSERT INTO verdicts (sha256, level, at_us, passed, reasons, figures, \"release\")
                VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (sha256, level) DO UPDATE SET at_us = excluded.at_us,
                passed = excluded.passed, reasons = excluded.reasons, figures = excluded.figures,
                \"release\" = excluded.\"release\"";
            sqlx::query(sql)
                .bind(verdict.id.0.to_vec())
                .bind(verdict.level)
                .bind(verdict.at.as_microsecond())
                .bind(verdict.passed)
                .bind(json(&verdict.reasons))
                .bind(json(&verdict.figures))
                .bind(verdict.release.as_deref())
                .execute(&mut *transaction)
                .await
                .map_err(|e| self.error(e))?;
        }
        for verdict in batches {
            let sql = "INSERT INTO batch_verdicts (batch, at_us, pictures, passed, reasons, figures)
                VALUES (?, ?, ?, ?, ?, ?)";
            sqlx::query(sql)
                .bind(verdict.batch)
                .bind(verdict.at.as_microsecond())
                .bind(verdict.pictures as i64)
                .bind(verdict.passed)
                .bind(json(&verdict.reasons))
                .bind(json(&verdict.figures))
                .execute(&mut *transaction)
                .await
                .map_err(|e| self.error(e))?;
        }
        transaction.commit().await.map_err(|e| self.error(e))
    }

    /// Verdicts, newest first; of one picture by its level.
    pub async fn verdicts(&self, filter: &VerdictFilter) -> Result<Vec<ListedVerdict>, StoreError> {
        let sql = "SELECT v.sha256, v.level, v.at_us, v.passed, v.reasons, v.figures, v.\"release\", o.md5, g.batch,
            b.generator, g.wanted, g.prompt
            FROM verdicts v JOIN generated g ON g.sha256 = v.sha256 JOIN objects o ON o.sha256 = v.sha256
            JOIN batches b ON b.id = g.batch
            WHERE (NOT ?1 OR (NOT v.passed AND v.level = 1)) AND (?2 IS NULL OR hex(v.sha256) LIKE ?2 || '%')
            AND (?3 IS NULL OR g.batch = ?3)
            ORDER BY v.at_us DESC, v.sha256, v.level LIMIT ?4";
        // Only hexadecimal digits can begin an identity; `%` and `_` would mean something else here.
        let hex = |text: &String| text.bytes().all(|b| b.is_ascii_hexdigit());
        if filter.picture.as_ref().is_some_and(|text| !hex(text)) {
            return Ok(Vec::new());
        }
        let rows = sqlx::query(sql)
            .bind(filter.failed)
            .bind(filter.picture.as_deref())
            .bind(filter.batch)
            .bind(if filter.limit == 0 { -1 } else { i64::from(filter.limit) })
            .fetch_all(self.readers())
            .await;
        let read = |row: &SqliteRow| {
            Ok(ListedVerdict {
                verdict: StoredVerdict {
                    id: row.object("sha256")?,
                    level: row.try_get("level")?,
                    at: row.time("at_us")?,
                    passed: row.try_get("passed")?,
                    reasons: row.json("reasons")?,
                    figures: row.json("figures")?,
                    release: row.try_get("release")?,
                },
                md5: row.md5("md5")?,
                batch: row.try_get("batch")?,
                generator: row.try_get("generator")?,
                wanted: row.label("wanted")?,
                prompt: row.try_get("prompt")?,
            })
        };
        rows.and_then(|rows| rows.iter().map(read).collect()).map_err(|e| self.error(e))
    }

    /// Everything that was ever said of batches, oldest first: the trend of each figure.
    pub async fn batch_verdicts(&self) -> Result<Vec<BatchVerdict>, StoreError> {
        let sql = "SELECT batch, at_us, pictures, passed, reasons, figures FROM batch_verdicts ORDER BY id";
        let rows = sqlx::query(sql).fetch_all(self.readers()).await;
        let read = |row: &SqliteRow| {
            Ok(BatchVerdict {
                batch: row.try_get("batch")?,
                at: row.time("at_us")?,
                pictures: row.unsigned("pictures")?,
                passed: row.try_get("passed")?,
                reasons: row.json("reasons")?,
                figures: row.json("figures")?,
            })
        };
        rows.and_then(|rows| rows.iter().map(read).collect()).map_err(|e| self.error(e))
    }
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("texts and numbers are JSON: this is a bug")
}
