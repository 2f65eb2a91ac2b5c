//! What each station of the wheel did since a time, and what the pages worry about. Every query has an index, or a limit.

use hivis_types::{Hotkey, Label, RecordId, ReleaseId};
use jiff::Timestamp;
use serde::Serialize;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::ledger::columns::RowExt as _;
use crate::{Ledger, Md5, ObjectId, StoreError};

/// Labels that are looked at for a wrong answer: the newest.
const LABELS: u32 = 5_000;

/// Counts since a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stations {
    /// Records that mining picked.
    pub picked: u64,
    /// Pictures that were generated.
    pub made: u64,
    /// Generated pictures that the gate passed.
    pub passed: u64,
    /// Generated pictures that the gate refused.
    pub refused: u64,
    /// Decisions of people that stand.
    pub decided: u64,
    /// Versions of the data that were cut.
    pub cut: u64,
    /// Moves of the pointer after which a release serves.
    pub promoted: u64,
}

/// An answer that a label contradicts.
#[derive(Clone, Debug, PartialEq)]
pub struct WrongAnswer {
    /// The record.
    pub record: RecordId,
    /// What the model said.
    pub probability: f64,
    /// What it shows.
    pub label: Label,
    /// Who says so.
    pub source: String,
}

/// One answer with its truth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrueAnswer {
    /// What was answered; -1 for no answer.
    pub prediction: f64,
    /// The truth.
    pub label: Label,
}

impl Ledger {
    /// What each station did since then.
    pub async fn stations(&self, since: Timestamp) -> Result<Stations, StoreError> {
        let sql = "SELECT
            (SELECT count(*) FROM mining_runs m JOIN picks p ON p.run = m.id WHERE m.at_us >= ?1) AS picked,
            (SELECT count(*) FROM generated WHERE at_us >= ?1) AS made,
            (SELECT count(*) FROM verdicts WHERE at_us >= ?1 AND level = 1 AND passed = 1) AS passed,
            (SELECT count(*) FROM verdicts WHERE at_us >= ?1 AND level = 1 AND passed = 0) AS refused,
            (SELECT count(*) FROM decisions WHERE at_us >= ?1 AND undone_us IS NULL) AS decided,
            (SELECT count(*) FROM data_versions WHERE at_us >= ?1 AND state = 'cut') AS cut,
            (SELECT count(*) FROM promotions WHERE at_us >= ?1 AND serving = 1) AS promoted";
        let row = sqlx::query(sql).bind(since.as_microsecond()).fetch_one(self.readers()).await;
        let row = row.map_err(|e| self.error(e))?;
        let count = |column: &str| row.unsigned(column).map_err(|e| self.error(e));
        Ok(Stations {
            picked: count("picked")?,
            made: count("made")?,
            passed: count("passed")?,
            refused: count("refused")?,
            decided: count("decided")?,
            cut: count("cut")?,
            promoted: count("promoted")?,
        })
    }

    /// The answer since then that was most surely wrong, among those with one of the newest 5,000 labels and a picture.
    pub async fn surest_wrong(&self, since: Timestamp) -> Result<Option<WrongAnswer>, StoreError> {
        let sql = "SELECT r.id, r.probability, l.label, l.source
            FROM (SELECT * FROM labels WHERE at_us >= ?1 ORDER BY at_us DESC LIMIT ?2) l
            JOIN records r ON r.seq = l.record JOIN objects o ON o.sha256 = r.sha256 AND o.removed_us IS NULL
            WHERE r.arrived_us >= ?1 AND (r.probability > 0.5) <> (l.label = 1)
                AND l.\"rank\" = (SELECT min(\"rank\") FROM labels WHERE record = l.record)
            ORDER BY abs(r.probability - l.label) DESC, r.seq DESC LIMIT 1";
        let row = sqlx::query(sql).bind(since.as_microsecond()).bind(LABELS).fetch_optional(self.readers()).await;
        let Some(row) = row.map_err(|e| self.error(e))? else { return Ok(None) };
        let read = || {
            Ok(WrongAnswer {
                record: row.record("id")?,
                probability: row.try_get("probability")?,
                label: row.label("label")?,
                source: row.try_get("source")?,
            })
        };
        read().map(Some).map_err(|e| self.error(e))
    }

    /// The newest answers of a release whose truth is known, oldest first.
    pub async fn answers_known(&self, release: &ReleaseId, limit: u32) -> Result<Vec<TrueAnswer>, StoreError> {
        let sql = "SELECT r.prediction, l.label
            FROM (SELECT * FROM labels ORDER BY at_us DESC LIMIT ?2) l JOIN records r ON r.seq = l.record
            WHERE r.\"release\" = ?1 AND l.\"rank\" = (SELECT min(\"rank\") FROM labels WHERE record = l.record)
            ORDER BY r.arrived_us, r.seq";
        let query = sqlx::query(sql).bind(release.as_str()).bind(limit);
        let rows = query.fetch_all(self.readers()).await;
        rows.and_then(|rows| rows.iter().map(answer).collect()).map_err(|e| self.error(e))
    }

    /// The newest answers since then that validators logged with their truth, oldest first, and the mean of the rewards
    /// that were logged.
    pub async fn answers_logged(
        &self,
        hotkey: &Hotkey,
        since: Timestamp,
        limit: u32,
    ) -> Result<(Vec<TrueAnswer>, Option<f64>), StoreError> {
        let sql = "SELECT l.prediction, l.label, l.reward FROM log_rows l JOIN log_runs r ON r.id = l.run
            WHERE l.at_us >= ? AND r.hotkey = ? AND l.label IN (0, 1) ORDER BY l.at_us DESC LIMIT ?";
        let query = sqlx::query(sql).bind(since.as_microsecond()).bind(hotkey.as_str()).bind(limit);
        let mut rows = query.fetch_all(self.readers()).await.map_err(|e| self.error(e))?;
        rows.reverse();
        let rewards: Vec<f64> = rows.iter().filter_map(|row| row.try_get::<Option<f64>, _>("reward").ok()?).collect();
        let mean = (!rewards.is_empty()).then(|| rewards.iter().sum::<f64>() / rewards.len() as f64);
        let answers: Result<Vec<_>, _> = rows.iter().map(answer).collect();
        Ok((answers.map_err(|e| self.error(e))?, mean))
    }

    /// A recorded picture's identity and address, when its file is in the home.
    pub async fn picture_of(&self, record: RecordId) -> Result<Option<(ObjectId, Md5)>, StoreError> {
        let sql = "SELECT o.sha256, o.md5 FROM records r JOIN objects o ON o.sha256 = r.sha256
            WHERE r.id = ? AND o.removed_us IS NULL AND r.picture_lost IS NULL";
        let row = sqlx::query(sql).bind(record.to_string()).fetch_optional(self.readers()).await;
        self.there(row)
    }

    /// The address of a picture, when its file is in the home.
    pub async fn picture_here(&self, id: ObjectId) -> Result<Option<(ObjectId, Md5)>, StoreError> {
        let sql = "SELECT sha256, md5 FROM objects WHERE sha256 = ? AND removed_us IS NULL";
        let row = sqlx::query(sql).bind(id.0.to_vec()).fetch_optional(self.readers()).await;
        self.there(row)
    }

    /// The bytes of a picture, read on a thread that may wait for the disk.
    pub async fn picture_bytes(&self, (id, md5): (ObjectId, Md5)) -> Result<Vec<u8>, StoreError> {
        let objects = self.objects().clone();
        let read = tokio::task::spawn_blocking(move || objects.get(id, md5)).await;
        read.map_err(|error| StoreError::Io(std::io::Error::other(error)))?
    }

    fn there(&self, row: Result<Option<SqliteRow>, sqlx::Error>) -> Result<Option<(ObjectId, Md5)>, StoreError> {
        let Some(row) = row.map_err(|e| self.error(e))? else { return Ok(None) };
        let read = || Ok((row.object("sha256")?, row.md5("md5")?));
        read().map(Some).map_err(|e| self.error(e))
    }
}

fn answer(row: &SqliteRow) -> Result<TrueAnswer, sqlx::Error> {
    Ok(TrueAnswer {
        prediction: row.try_get::<Option<f64>, _>("prediction")?.unwrap_or(-1.0),
        label: row.label("label")?,
    })
}
