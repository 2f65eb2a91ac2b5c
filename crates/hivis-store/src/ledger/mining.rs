//! Records to mine, and what was picked of them.

use std::collections::{BTreeMap, BTreeSet};

use hivis_types::{Label, ReleaseId};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _};

use crate::ledger::columns::{RowExt as _, unreadable};
use crate::ledger::{insert, labels};
use crate::{Ledger, Md5, ObjectId, StoreError, StoredLabel};

/// Records or pictures that one statement names.
const AT_ONCE: usize = 500;

/// A judged record whose picture is in the home, without its features: about 200 bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct JudgedRecord {
    /// Its place in the order of commits.
    pub seq: i64,
    /// Its id.
    pub id: String,
    /// When it arrived, by our clock then, UTC.
    pub arrived: Timestamp,
    /// The release that judged.
    pub release: ReleaseId,
    /// Probability of roadwork, in [0, 1].
    pub probability: f32,
    /// The picture's identity.
    pub sha256: ObjectId,
    /// The picture's address.
    pub md5: Md5,
    /// The picture's 64-bit difference hash, when it could be read.
    pub dhash: Option<u64>,
    /// The label that counts: the most trusted source's, be it of the record or of the picture.
    pub label: Option<StoredLabel>,
}

/// A run as it is written.
#[derive(Clone, Debug)]
pub struct NewMiningRun {
    /// `night`, `week` or `hand`.
    pub kind: String,
    /// When, UTC.
    pub at: Timestamp,
    /// Records from then on were looked at.
    pub since: Timestamp,
    /// Whose features the spread was made on.
    pub release: Option<ReleaseId>,
    /// Records that were judged.
    pub looked: u64,
    /// Of those, hard ones.
    pub hard: u64,
    /// What it was told to do.
    pub settings: Value,
    /// What the picks cover of the slices.
    pub coverage: Value,
    /// Counts by reason, clusters, scenes, twins.
    pub facts: Value,
}

/// A pick as it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct NewPick {
    /// The record's place in the order of commits.
    pub record: i64,
    /// Its picture.
    pub sha256: ObjectId,
    /// What it was weighed by.
    pub probability: f32,
    /// Why it is hard.
    pub reasons: Vec<String>,
    /// How hard, in [0, 1].
    pub score: f32,
    /// Its cluster within the run, when it had features.
    pub cluster: Option<u32>,
    /// Tags, guessed.
    pub slices: Vec<String>,
}

/// A run as it is read back.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MiningRun {
    /// Its number.
    pub id: i64,
    /// `night`, `week` or `hand`.
    pub kind: String,
    /// When, UTC.
    pub at: Timestamp,
    /// Records from then on were looked at.
    pub since: Timestamp,
    /// Whose features the spread was made on.
    pub release: Option<String>,
    /// Records that were judged.
    pub looked: u64,
    /// Of those, hard ones.
    pub hard: u64,
    /// How many were picked.
    pub picks: u64,
    /// What it was told to do.
    pub settings: Value,
    /// What the picks cover of the slices.
    pub coverage: Value,
    /// Counts by reason, clusters, scenes, twins.
    pub facts: Value,
}

/// A pick as it is read back.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pick {
    /// Its place in the run, 0 is the first.
    pub place: u32,
    /// The record's id.
    pub record: String,
    /// Its picture.
    pub sha256: ObjectId,
    /// The picture's address.
    pub md5: Md5,
    /// What it was weighed by.
    pub probability: f32,
    /// Why it is hard.
    pub reasons: Vec<String>,
    /// How hard, in [0, 1].
    pub score: f32,
    /// Its cluster within the run, when it had features.
    pub cluster: Option<u32>,
    /// Tags, guessed.
    pub slices: Vec<String>,
    /// The label that counts now.
    pub label: Option<Label>,
}

/// Columns of a [`JudgedRecord`] and where they come from; of two labels of one rank the record's counts.
const JUDGED: &str = "SELECT r.seq, r.id, r.arrived_us, r.\"release\", r.probability, r.sha256, r.dhash, o.md5,
    l.\"rank\", l.label, l.confidence, l.at_us, p.\"rank\" AS p_rank, p.label AS p_label, p.confidence AS p_confidence,
    p.at_us AS p_at_us
    FROM records r JOIN objects o ON o.sha256 = r.sha256
    LEFT JOIN labels l ON l.record = r.seq AND l.\"rank\" = (SELECT min(\"rank\") FROM labels WHERE record = r.seq)
    LEFT JOIN picture_labels p ON p.sha256 = r.sha256
        AND p.\"rank\" = (SELECT min(\"rank\") FROM picture_labels WHERE sha256 = r.sha256)
    WHERE o.removed_us IS NULL AND r.probability IS NOT NULL AND r.\"release\" IS NOT NULL";

impl Ledger {
    /// At most `limit` judged records that arrived at `since` or later and were committed after `after`, in the order of
    /// commits; only those whose picture is in the home. The last one's `seq` is the next page's `after`, 0 the first's.
    /// Features are not read: a page of 5,000 takes about a megabyte. A record from the future, as a clock that went
    /// backwards leaves it, is one like any other.
    pub async fn judged(&self, since: Timestamp, after: i64, limit: u32) -> Result<Vec<JudgedRecord>, StoreError> {
        let mut query = QueryBuilder::new(JUDGED);
        query.push(" AND r.arrived_us >= ").push_bind(since.as_microsecond());
        query.push(" AND r.seq > ").push_bind(after);
        query.push(" ORDER BY r.seq LIMIT ").push_bind(limit);
        self.judged_rows(query).await
    }

    /// The newest judged record of each of these pictures, in the order of commits; pictures without one are left out.
    pub async fn judged_of(&self, pictures: &[ObjectId]) -> Result<Vec<JudgedRecord>, StoreError> {
        let mut newest: BTreeMap<ObjectId, JudgedRecord> = BTreeMap::new();
        for some in pictures.chunks(AT_ONCE) {
            let mut query = QueryBuilder::new(JUDGED);
            query.push(" AND r.sha256 IN (");
            let mut list = query.separated(", ");
            for picture in some {
                list.push_bind(picture.0.to_vec());
            }
            query.push(") ORDER BY r.seq");
            newest.extend(self.judged_rows(query).await?.into_iter().map(|record| (record.sha256, record)));
        }
        let mut found: Vec<JudgedRecord> = newest.into_values().collect();
        found.sort_by_key(|record| record.seq);
        Ok(found)
    }

    /// These judged records (by `seq`), in the order of commits; those whose picture is gone are left out.
    pub async fn judged_at(&self, records: &[i64]) -> Result<Vec<JudgedRecord>, StoreError> {
        let mut found = Vec::new();
        for some in records.chunks(AT_ONCE) {
            let mut query = QueryBuilder::new(JUDGED);
            query.push(" AND r.seq IN (");
            let mut list = query.separated(", ");
            for seq in some {
                list.push_bind(seq);
            }
            query.push(")");
            found.extend(self.judged_rows(query).await?);
        }
        found.sort_by_key(|record| record.seq);
        Ok(found)
    }

    async fn judged_rows(&self, mut query: QueryBuilder<sqlx::Sqlite>) -> Result<Vec<JudgedRecord>, StoreError> {
        let rows = query.build().fetch_all(self.readers()).await.map_err(|e| self.error(e))?;
        rows.iter().map(judged).collect::<Result<_, _>>().map_err(|e| self.error(e))
    }

    /// How many records arrived at `since` or later and were judged, whether their pictures are here or not.
    pub async fn judged_count(&self, since: Timestamp) -> Result<u64, StoreError> {
        let sql = "SELECT count(*) FROM records WHERE arrived_us >= ? AND probability IS NOT NULL";
        let count = sqlx::query_scalar::<_, i64>(sql).bind(since.as_microsecond()).fetch_one(self.readers()).await;
        Ok(count.map_err(|e| self.error(e))? as u64)
    }

    /// The features of these records (by `seq`) as the release that judged gave them; those without any are left out. They
    /// are all in memory: 4 bytes a number, so 10,000 rows of 384 are 15 MB.
    pub async fn record_features(&self, records: &[i64]) -> Result<BTreeMap<i64, Vec<f32>>, StoreError> {
        let mut found = BTreeMap::new();
        for some in records.chunks(AT_ONCE) {
            let mut query =
                QueryBuilder::new("SELECT seq, features FROM records WHERE features IS NOT NULL AND seq IN (");
            let mut list = query.separated(", ");
            for seq in some {
                list.push_bind(seq);
            }
            query.push(")");
            let rows = query.build().fetch_all(self.readers()).await.map_err(|e| self.error(e))?;
            for row in &rows {
                let (seq, features) = features(row).map_err(|e| self.error(e))?;
                if !features.is_empty() {
                    found.insert(seq, features);
                }
            }
        }
        Ok(found)
    }

    /// Pictures that a run at `since` or later picked, a run from the future too.
    pub async fn picked_since(&self, since: Timestamp) -> Result<BTreeSet<ObjectId>, StoreError> {
        let sql = "SELECT DISTINCT k.sha256 FROM picks k JOIN mining_runs m ON m.id = k.run WHERE m.at_us >= ?";
        let rows = sqlx::query(sql).bind(since.as_microsecond()).fetch_all(self.readers()).await;
        let id = |row: &SqliteRow| row.object("sha256");
        rows.and_then(|rows| rows.iter().map(id).collect()).map_err(|e| self.error(e))
    }

    /// Writes a run with its picks, all of it or nothing; gives its number. A pick whose picture retention took meanwhile
    /// is left out, the others keep their places.
    pub async fn write_mining_run(&self, run: &NewMiningRun, picks: &[NewPick]) -> Result<i64, StoreError> {
        // Held until the rows are committed, so that retention does not take a file that they are about to name.
        let _guard = self.objects().share()?;
        let mut transaction = self.begin().await?;
        let sql =
            "INSERT INTO mining_runs (kind, at_us, since_us, \"release\", looked, hard, settings, coverage, facts)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let done = sqlx::query(sql)
            .bind(&*run.kind)
            .bind(run.at.as_microsecond())
            .bind(run.since.as_microsecond())
            .bind(run.release.as_ref().map(ReleaseId::as_str))
            .bind(run.looked as i64)
            .bind(run.hard as i64)
            .bind(run.settings.to_string())
            .bind(run.coverage.to_string())
            .bind(run.facts.to_string())
            .execute(&mut *transaction)
            .await
            .map_err(|e| self.error(e))?;
        let id = done.last_insert_rowid();
        for (place, pick) in picks.iter().enumerate() {
            let sql = "INSERT INTO picks (run, place, record, sha256, probability, reasons, score, cluster, slices)
                SELECT ?, ?, ?, o.sha256, ?, ?, ?, ?, ? FROM objects o WHERE o.sha256 = ? AND o.removed_us IS NULL";
            sqlx::query(sql)
                .bind(id)
                .bind(place as i64)
                .bind(pick.record)
                .bind(f64::from(pick.probability))
                .bind(Value::from(pick.reasons.clone()).to_string())
                .bind(f64::from(pick.score))
                .bind(pick.cluster)
                .bind(Value::from(pick.slices.clone()).to_string())
                .bind(pick.sha256.0.to_vec())
                .execute(&mut *transaction)
                .await
                .map_err(|e| self.error(e))?;
        }
        transaction.commit().await.map_err(|e| self.error(e))?;
        Ok(id)
    }

    /// The newest runs, newest first.
    pub async fn mining_runs(&self, limit: u32) -> Result<Vec<MiningRun>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("{RUNS} ORDER BY m.id DESC LIMIT ?"));
        let rows = sqlx::query(sql).bind(limit).fetch_all(self.readers()).await;
        rows.and_then(|rows| rows.iter().map(run).collect()).map_err(|e| self.error(e))
    }

    /// The run of that number.
    pub async fn mining_run(&self, id: i64) -> Result<Option<MiningRun>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("{RUNS} WHERE m.id = ?"));
        let row = sqlx::query(sql).bind(id).fetch_optional(self.readers()).await;
        row.and_then(|row| row.as_ref().map(run).transpose()).map_err(|e| self.error(e))
    }

    /// What a run picked, in its order.
    pub async fn picks(&self, run: i64) -> Result<Vec<Pick>, StoreError> {
        let sql =
            "SELECT k.place, r.id AS record, k.sha256, o.md5, k.probability, k.reasons, k.score, k.cluster, k.slices,
            (SELECT label FROM labels WHERE record = k.record ORDER BY \"rank\" LIMIT 1) AS label
            FROM picks k JOIN records r ON r.seq = k.record JOIN objects o ON o.sha256 = k.sha256
            WHERE k.run = ? ORDER BY k.place";
        let rows = sqlx::query(sql).bind(run).fetch_all(self.readers()).await;
        rows.and_then(|rows| rows.iter().map(pick).collect()).map_err(|e| self.error(e))
    }
}

const RUNS: &str = "SELECT m.id, m.kind, m.at_us, m.since_us, m.\"release\", m.looked, m.hard, m.settings, m.coverage,
    m.facts, (SELECT count(*) FROM picks k WHERE k.run = m.id) AS picks FROM mining_runs m";

fn judged(row: &SqliteRow) -> Result<JudgedRecord, sqlx::Error> {
    let of_record = labels::from_row(row)?;
    let of_picture = labels::from_columns(row, ["p_rank", "p_label", "p_confidence", "p_at_us"])?;
    let label = match (of_record, of_picture) {
        (Some(a), Some(b)) if labels::rank(b.source) < labels::rank(a.source) => Some(b),
        (a, b) => a.or(b),
    };
    Ok(JudgedRecord {
        seq: row.try_get("seq")?,
        id: row.try_get("id")?,
        arrived: row.time("arrived_us")?,
        release: row.release("release")?,
        probability: row.try_get::<f64, _>("probability")? as f32,
        sha256: row.object("sha256")?,
        md5: row.md5("md5")?,
        dhash: row.try_get::<Option<i64>, _>("dhash")?.map(|hash| hash as u64),
        label,
    })
}

fn features(row: &SqliteRow) -> Result<(i64, Vec<f32>), sqlx::Error> {
    let blob: &[u8] = row.try_get("features")?;
    let features = insert::features_from_blob(blob).ok_or_else(|| unreadable("features", "a broken blob"))?;
    Ok((row.try_get("seq")?, features))
}

fn run(row: &SqliteRow) -> Result<MiningRun, sqlx::Error> {
    Ok(MiningRun {
        id: row.try_get("id")?,
        kind: row.try_get("kind")?,
        at: row.time("at_us")?,
        since: row.time("since_us")?,
        release: row.try_get("release")?,
        looked: row.unsigned("looked")?,
        hard: row.unsigned("hard")?,
        picks: row.unsigned("picks")?,
        settings: row.json("settings")?,
        coverage: row.json("coverage")?,
        facts: row.json("facts")?,
    })
}

fn pick(row: &SqliteRow) -> Result<Pick, sqlx::Error> {
    Ok(Pick {
        place: row.try_get("place")?,
        record: row.try_get("record")?,
        sha256: row.object("sha256")?,
        md5: row.md5("md5")?,
        probability: row.try_get::<f64, _>("probability")? as f32,
        reasons: row.json("reasons")?,
        score: row.try_get::<f64, _>("score")? as f32,
        cluster: row.try_get("cluster")?,
        slices: row.json("slices")?,
        label: row.label_if("label")?,
    })
}
