//! One picture through every station of the wheel.

use jiff::Timestamp;
use serde::Serialize;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::ledger::columns::RowExt as _;
use crate::{Ledger, Md5, ObjectId, StoreError};

/// Everything that stations wrote down of one picture.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Trace {
    /// Its identity.
    pub id: ObjectId,
    /// Its address.
    pub md5: Md5,
    /// False when retention has removed the file.
    pub there: bool,
    /// Records that show it, oldest first; of more than 1,000 the newest.
    pub records: Vec<String>,
    /// Data sets that hold it, as `dataset/name`.
    pub datasets: Vec<String>,
    /// How it was made, when a generator made it.
    pub made: Option<MadePicture>,
    /// When it was picked because it was hard.
    pub picks: Vec<Picked>,
    /// What was made of it.
    pub variations: Vec<MadePicture>,
    /// What people decided.
    pub decisions: Vec<Decided>,
    /// The number in the review queue, when it is there.
    pub review: Option<i64>,
    /// Versions of the data that it is in: since when, and before which one it went again.
    pub versions: Vec<InVersions>,
}

/// A generated picture.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MadePicture {
    /// Its identity.
    pub id: ObjectId,
    /// When, UTC.
    pub at: Timestamp,
    /// By which generator.
    pub generator: String,
    /// From which prompt of which file.
    pub prompt: String,
    /// The label that was asked for: 0 clear, 1 roadwork.
    pub wanted: u8,
    /// What it varies.
    pub parent: Option<ObjectId>,
    /// What the gate said; `None` when it has not looked.
    pub passed: Option<bool>,
    /// Why not.
    pub reasons: Vec<String>,
}

/// A pick.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Picked {
    /// The run's number.
    pub run: i64,
    /// When, UTC.
    pub at: Timestamp,
    /// Why.
    pub reasons: Vec<String>,
    /// How hard, in [0, 1].
    pub score: f64,
    /// Its cluster within the run.
    pub cluster: Option<i64>,
}

/// A decision that stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Decided {
    /// Who.
    pub reviewer: String,
    /// `accept`, `reject` or `skip`.
    pub verdict: String,
    /// What it shows: 0 clear, 1 roadwork.
    pub label: Option<u8>,
    /// The reason's code.
    pub reason: Option<String>,
    /// When, UTC.
    pub at: Timestamp,
}

/// A span of versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InVersions {
    /// The first version that holds it.
    pub since: String,
    /// The first one that does not any more.
    pub until: Option<String>,
    /// Its file.
    pub name: String,
}

const MADE: &str = "SELECT g.sha256, g.at_us, b.generator, g.prompt_id AS prompt, g.wanted, g.parent,
    v.passed, v.reasons FROM generated g JOIN batches b ON b.id = g.batch
    LEFT JOIN verdicts v ON v.sha256 = g.sha256 AND v.level = 1";

impl Ledger {
    /// The picture whose SHA-256 begins with `prefix` (hex digits, at least four).
    pub async fn picture_named(&self, prefix: &str) -> Result<Option<ObjectId>, StoreError> {
        let prefix = prefix.to_ascii_uppercase();
        if prefix.len() < 4 || prefix.len() > 64 || !prefix.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Ok(None);
        }
        let bound = |fill: &str| hex::decode(format!("{prefix}{}", fill.repeat(64 - prefix.len())));
        let (Ok(low), Ok(high)) = (bound("0"), bound("F")) else { return Ok(None) };
        let sql = "SELECT sha256 FROM objects WHERE sha256 BETWEEN ? AND ? LIMIT 2";
        let rows = sqlx::query(sql).bind(low).bind(high).fetch_all(self.readers()).await.map_err(|e| self.error(e))?;
        match rows.as_slice() {
            [only] => only.object("sha256").map(Some).map_err(|e| self.error(e)),
            _ => Ok(None),
        }
    }

    /// What stations wrote down of a picture; `None` when the home never had it.
    pub async fn trace(&self, id: ObjectId) -> Result<Option<Trace>, StoreError> {
        self.traced(id).await.map_err(|e| self.error(e))
    }

    async fn traced(&self, id: ObjectId) -> Result<Option<Trace>, sqlx::Error> {
        let key = || id.0.to_vec();
        let all = |sql: &'static str| sqlx::query(sql).bind(key()).fetch_all(self.readers());
        let Some(object) = sqlx::query("SELECT md5, removed_us FROM objects WHERE sha256 = ?")
            .bind(key())
            .fetch_optional(self.readers())
            .await?
        else {
            return Ok(None);
        };
        let texts = |rows: Vec<SqliteRow>| rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<String>, _>>();
        let records = all("SELECT id FROM (SELECT id, seq FROM records WHERE sha256 = ? ORDER BY seq DESC LIMIT 1000)
            ORDER BY seq")
        .await?;
        let datasets = all("SELECT d.name || '/' || p.name FROM pictures p JOIN datasets d ON d.id = p.dataset
            WHERE p.sha256 = ? ORDER BY 1")
        .await?;
        let picks = all("SELECT k.run, m.at_us, k.reasons, k.score, k.cluster FROM picks k
            JOIN mining_runs m ON m.id = k.run WHERE k.sha256 = ? ORDER BY k.run")
        .await?;
        let decisions = all("SELECT d.reviewer, d.verdict, d.label, d.reason, d.at_us FROM decisions d
            JOIN reviews r ON r.id = d.review WHERE r.sha256 = ? AND d.undone_us IS NULL ORDER BY d.seq")
        .await?;
        let review = sqlx::query_scalar("SELECT id FROM reviews WHERE sha256 = ?").bind(key());
        let versions = all("SELECT a.name AS since, b.name AS until, p.name FROM version_pictures p
            JOIN data_versions a ON a.id = p.since LEFT JOIN data_versions b ON b.id = p.until
            WHERE p.sha256 = ? AND a.state = 'cut' ORDER BY p.since")
        .await?;
        let of = format!("{MADE} WHERE g.sha256 = ?");
        let by = format!("{MADE} WHERE g.parent = ? ORDER BY g.at_us, g.sha256");
        // Both are made of constants only.
        let own = sqlx::query(sqlx::AssertSqlSafe(of)).bind(key()).fetch_optional(self.readers()).await?;
        let variations = sqlx::query(sqlx::AssertSqlSafe(by)).bind(key()).fetch_all(self.readers()).await?;
        Ok(Some(Trace {
            id,
            md5: object.md5("md5")?,
            there: object.try_get::<Option<i64>, _>("removed_us")?.is_none(),
            records: texts(records)?,
            datasets: texts(datasets)?,
            made: own.as_ref().map(made).transpose()?,
            picks: picks.iter().map(picked).collect::<Result<_, _>>()?,
            variations: variations.iter().map(made).collect::<Result<_, _>>()?,
            decisions: decisions.iter().map(decided).collect::<Result<_, _>>()?,
            review: review.fetch_optional(self.readers()).await?,
            versions: versions.iter().map(in_versions).collect::<Result<_, _>>()?,
        }))
    }
}

fn picked(row: &SqliteRow) -> Result<Picked, sqlx::Error> {
    Ok(Picked {
        run: row.try_get("run")?,
        at: row.time("at_us")?,
        reasons: row.json("reasons")?,
        score: row.try_get("score")?,
        cluster: row.try_get("cluster")?,
    })
}

fn made(row: &SqliteRow) -> Result<MadePicture, sqlx::Error> {
    let passed: Option<i64> = row.try_get("passed")?;
    Ok(MadePicture {
        id: row.object("sha256")?,
        at: row.time("at_us")?,
        generator: row.try_get("generator")?,
        prompt: row.try_get("prompt")?,
        wanted: row.try_get::<i64, _>("wanted")? as u8,
        parent: row.object_if("parent")?,
        passed: passed.map(|passed| passed != 0),
        reasons: if passed.is_some() { row.json("reasons")? } else { Vec::new() },
    })
}

fn decided(row: &SqliteRow) -> Result<Decided, sqlx::Error> {
    Ok(Decided {
        reviewer: row.try_get("reviewer")?,
        verdict: row.try_get("verdict")?,
        label: row.try_get::<Option<i64>, _>("label")?.map(|label| label as u8),
        reason: row.try_get("reason")?,
        at: row.time("at_us")?,
    })
}

fn in_versions(row: &SqliteRow) -> Result<InVersions, sqlx::Error> {
    Ok(InVersions { since: row.try_get("since")?, until: row.try_get("until")?, name: row.try_get("name")? })
}
