//! Versions of the data: which there are, and which pictures each holds.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::ledger::columns::{RowExt as _, unreadable};
use crate::ledger::objects;
use crate::version::{VersionError, VersionName};
use crate::{Ledger, Md5, ObjectId, Put, StoreError};

/// Rows that go into one statement.
const AT_ONCE: usize = 2000;

/// How far a version is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum VersionState {
    /// Its rows are there, the repository may not know of it yet.
    Cutting,
    /// It is whole.
    Cut,
    /// Its content was removed; what is said of it stays.
    Removed,
}

impl VersionState {
    fn as_str(self) -> &'static str {
        match self {
            Self::Cutting => "cutting",
            Self::Cut => "cut",
            Self::Removed => "removed",
        }
    }
}

/// A version of the data.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DataVersion {
    /// Its number in the ledger.
    #[serde(skip)]
    pub id: i64,
    /// Its name.
    pub name: VersionName,
    /// When it was cut, UTC; never before its predecessor.
    pub at: Timestamp,
    /// How far it is.
    pub state: VersionState,
    /// What the user said of it.
    pub message: String,
    /// Its pictures.
    pub pictures: u64,
    /// Their bytes.
    pub bytes: u64,
    /// DVC's name of its folder, without `.dir`.
    pub dir: Option<Md5>,
    /// The MD5 of its `metadata.jsonl`.
    pub table: Option<Md5>,
    /// The repository's commit.
    pub commit: Option<String>,
    /// What changed, counted.
    pub facts: Value,
    /// Its part of `CHANGELOG.md`.
    #[serde(skip)]
    pub notes: String,
}

/// A picture of a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionPicture {
    /// Its identity.
    pub id: ObjectId,
    /// Its address.
    pub md5: Md5,
    /// Its length.
    pub bytes: u64,
    /// Where its bytes are.
    pub path: PathBuf,
    /// Its file in `pictures/`.
    pub name: String,
    /// Its line of `metadata.jsonl`, without the line's end.
    pub line: String,
}

/// A version that is about to be cut.
#[derive(Clone, Debug)]
pub struct NewVersion {
    /// Its name.
    pub name: VersionName,
    /// When, UTC.
    pub at: Timestamp,
    /// What the user said of it.
    pub message: String,
    /// What changed, counted.
    pub facts: Value,
    /// Its part of `CHANGELOG.md`.
    pub notes: String,
    /// Its content.
    pub pictures: Vec<NewContent>,
}

/// A picture that a new version is to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewContent {
    /// Its identity.
    pub id: ObjectId,
    /// Its file in `pictures/`.
    pub name: String,
    /// Its line of `metadata.jsonl`.
    pub line: String,
}

/// What the gate and people said of one generator's pictures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acceptance {
    /// Pictures that the gate's first level judged.
    pub judged: u64,
    /// Those that passed.
    pub passed: u64,
    /// Standing decisions that accept one.
    pub accepted: u64,
    /// Standing decisions that reject one.
    pub rejected: u64,
}

/// What a new version changes against the one before.
pub(crate) struct Change<'a> {
    /// Spans that end.
    pub(crate) closed: Vec<ObjectId>,
    /// Spans that begin.
    pub(crate) opened: Vec<&'a NewContent>,
}

const COLUMNS: &str =
    "SELECT id, name, at_us, state, message, pictures, bytes, dir_md5, table_md5, \"commit\", facts, notes
    FROM data_versions";

impl Ledger {
    /// All versions, newest first.
    pub async fn versions(&self) -> Result<Vec<DataVersion>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("{COLUMNS} ORDER BY id DESC"));
        let rows = sqlx::query(sql).fetch_all(self.readers()).await;
        rows.and_then(|rows| rows.iter().map(version).collect()).map_err(|e| self.error(e))
    }

    /// The newest whole version.
    pub async fn latest_version(&self) -> Result<Option<DataVersion>, StoreError> {
        Ok(self.versions().await?.into_iter().find(|version| version.state == VersionState::Cut))
    }

    /// The version of that name, or of that number (`v1.2.3`), or the newest one for `latest`; it must be whole.
    pub async fn version_named(&self, name: &str) -> Result<DataVersion, StoreError> {
        let is =
            |version: &DataVersion| version.name.to_string() == name || format!("v{}", version.name.number) == name;
        let found = match name {
            "latest" => self.latest_version().await?,
            _ => self.versions().await?.into_iter().find(is),
        };
        let found = found.ok_or_else(|| VersionError::NoSuch { name: name.to_owned() })?;
        match found.state {
            VersionState::Cut => Ok(found),
            VersionState::Cutting => Err(VersionError::HalfCut { name: found.name.to_string() }.into()),
            VersionState::Removed => Err(VersionError::Removed { name: found.name.to_string() }.into()),
        }
    }

    /// The pictures of a version, in the order of their names.
    pub async fn version_pictures(&self, version: &DataVersion) -> Result<Vec<VersionPicture>, StoreError> {
        let sql = "SELECT w.sha256, o.md5, o.bytes, w.name, w.line FROM version_pictures w
            JOIN objects o ON o.sha256 = w.sha256
            WHERE w.since <= ?1 AND (w.until IS NULL OR w.until > ?1) ORDER BY w.name";
        let rows = sqlx::query(sql).bind(version.id).fetch_all(self.readers()).await.map_err(|e| self.error(e))?;
        rows.iter().map(|row| self.version_picture(row)).collect::<Result<_, _>>().map_err(|e| self.error(e))
    }

    fn version_picture(&self, row: &SqliteRow) -> Result<VersionPicture, sqlx::Error> {
        let md5 = row.md5("md5")?;
        Ok(VersionPicture {
            id: row.object("sha256")?,
            md5,
            bytes: row.unsigned("bytes")?,
            path: self.objects().path(md5),
            name: row.try_get("name")?,
            line: row.try_get("line")?,
        })
    }

    /// Address and length of every picture that is in the home, by identity.
    pub(crate) async fn addresses(&self) -> Result<HashMap<ObjectId, (Md5, u64)>, StoreError> {
        let sql = "SELECT sha256, md5, bytes FROM objects WHERE removed_us IS NULL";
        let rows = sqlx::query(sql).fetch_all(self.readers()).await.map_err(|e| self.error(e))?;
        let read = |row: &SqliteRow| {
            let bytes = row.unsigned("bytes")?;
            Ok((row.object("sha256")?, (row.md5("md5")?, bytes)))
        };
        rows.iter().map(read).collect::<Result<_, sqlx::Error>>().map_err(|e| self.error(e))
    }

    /// Writes a version down, in state `cutting`, with what it changes: all of it or nothing. Only whoever holds the
    /// versions' lock may.
    pub(crate) async fn begin_version(
        &self,
        new: &NewVersion,
        bytes: u64,
        change: &Change<'_>,
    ) -> Result<i64, StoreError> {
        let mut transaction = self.begin().await?;
        let sql = "INSERT INTO data_versions (name, parent, at_us, state, message, pictures, bytes, facts, notes)
            VALUES (?, (SELECT max(id) FROM data_versions), ?, 'cutting', ?, ?, ?, ?, ?) RETURNING id";
        let id: i64 = sqlx::query_scalar(sql)
            .bind(new.name.to_string())
            .bind(new.at.as_microsecond())
            .bind(&*new.message)
            .bind(new.pictures.len() as i64)
            .bind(bytes as i64)
            .bind(new.facts.to_string())
            .bind(&*new.notes)
            .fetch_one(&mut *transaction)
            .await
            .map_err(|e| self.error(e))?;
        for part in change.closed.chunks(AT_ONCE) {
            let ids: Vec<String> = part.iter().map(ToString::to_string).collect();
            let sql = "UPDATE version_pictures SET until = ? WHERE until IS NULL
                AND sha256 IN (SELECT unhex(value) FROM json_each(?))";
            let query = sqlx::query(sql).bind(id).bind(json!(ids).to_string());
            query.execute(&mut *transaction).await.map_err(|e| self.error(e))?;
        }
        for part in change.opened.chunks(AT_ONCE) {
            let rows: Vec<Value> =
                part.iter().map(|content| json!([content.id.to_string(), content.name, content.line])).collect();
            let sql = "INSERT INTO version_pictures (sha256, since, name, line)
                SELECT unhex(value ->> 0), ?, value ->> 1, value ->> 2 FROM json_each(?)";
            let query = sqlx::query(sql).bind(id).bind(Value::from(rows).to_string());
            query.execute(&mut *transaction).await.map_err(|e| self.error(e))?;
        }
        transaction.commit().await.map_err(|e| self.error(e))?;
        Ok(id)
    }

    /// Which of these addresses the home knows, with the identity.
    pub(crate) async fn identities(&self) -> Result<HashMap<Md5, ObjectId>, StoreError> {
        Ok(self.addresses().await?.into_iter().map(|(id, (md5, _))| (md5, id)).collect())
    }

    /// Writes rows for pictures whose files are there: they came from a remote, and a version is about to name them.
    pub(crate) async fn know_objects(&self, puts: &[(Put, u64)], at: Timestamp) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        for (put, bytes) in puts {
            let seen =
                objects::Sighting { put: *put, bytes: *bytes as usize, arrived_us: at.as_microsecond(), sureness: 0.5 };
            if !objects::upsert(&mut transaction, &seen).await.map_err(|e| self.error(e))? {
                return Err(StoreError::Md5Collision { md5: put.md5.to_string() });
            }
        }
        transaction.commit().await.map_err(|e| self.error(e))
    }

    /// Writes down what the version's folder is called.
    pub(crate) async fn set_version_dir(&self, id: i64, dir: Md5, table: Md5) -> Result<(), StoreError> {
        let sql = "UPDATE data_versions SET dir_md5 = ?, table_md5 = ? WHERE id = ?";
        let query = sqlx::query(sql).bind(dir.0.to_vec()).bind(table.0.to_vec()).bind(id);
        self.alone(query).await
    }

    /// Writes down the repository's commit of a version.
    pub(crate) async fn set_version_commit(&self, id: i64, commit: &str) -> Result<(), StoreError> {
        self.alone(sqlx::query("UPDATE data_versions SET \"commit\" = ? WHERE id = ?").bind(commit).bind(id)).await
    }

    /// Writes down that a version is whole.
    pub(crate) async fn end_version(&self, id: i64) -> Result<(), StoreError> {
        self.alone(sqlx::query("UPDATE data_versions SET state = 'cut' WHERE id = ?").bind(id)).await
    }

    /// Undoes [`Ledger::begin_version`] of the newest version.
    pub(crate) async fn take_back_version(&self, id: i64) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        for sql in [
            "DELETE FROM version_pictures WHERE since = ?",
            "UPDATE version_pictures SET until = NULL WHERE until = ?",
            "DELETE FROM data_versions WHERE id = ?",
        ] {
            sqlx::query(sql).bind(id).execute(&mut *transaction).await.map_err(|e| self.error(e))?;
        }
        transaction.commit().await.map_err(|e| self.error(e))
    }

    /// Marks versions as removed, and forgets what only they held.
    pub(crate) async fn remove_versions(&self, ids: &[i64]) -> Result<u64, StoreError> {
        let mut transaction = self.begin().await?;
        sqlx::query("UPDATE data_versions SET state = 'removed' WHERE id IN (SELECT value FROM json_each(?))")
            .bind(json!(ids).to_string())
            .execute(&mut *transaction)
            .await
            .map_err(|e| self.error(e))?;
        let gone = sqlx::query(
            "DELETE FROM version_pictures AS w WHERE NOT EXISTS (SELECT 1 FROM data_versions v WHERE
            v.state <> 'removed' AND v.id >= w.since AND (w.until IS NULL OR v.id < w.until))",
        )
        .execute(&mut *transaction)
        .await
        .map_err(|e| self.error(e))?;
        transaction.commit().await.map_err(|e| self.error(e))?;
        Ok(gone.rows_affected())
    }

    /// What the gate and people said of generated pictures, by generator.
    pub async fn acceptance(&self) -> Result<BTreeMap<String, Acceptance>, StoreError> {
        let gate = "SELECT b.generator, count(*) AS one, sum(v.passed) AS other FROM verdicts v
            JOIN generated g ON g.sha256 = v.sha256 JOIN batches b ON b.id = g.batch WHERE v.level = 1 GROUP BY b.generator";
        let people = "SELECT b.generator, sum(d.verdict = 'accept') AS one, sum(d.verdict = 'reject') AS other
            FROM decisions d JOIN reviews r ON r.id = d.review JOIN generated g ON g.sha256 = r.sha256
            JOIN batches b ON b.id = g.batch WHERE d.undone_us IS NULL GROUP BY b.generator";
        let mut found: BTreeMap<String, Acceptance> = BTreeMap::new();
        for (sql, is_gate) in [(gate, true), (people, false)] {
            let rows = sqlx::query(sql).fetch_all(self.readers()).await.map_err(|e| self.error(e))?;
            for row in &rows {
                let read =
                    || Ok::<(String, i64, i64), sqlx::Error>((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
                let (generator, one, other) = read().map_err(|e| self.error(e))?;
                let entry = found.entry(generator).or_default();
                let (a, b) = if is_gate {
                    (&mut entry.judged, &mut entry.passed)
                } else {
                    (&mut entry.accepted, &mut entry.rejected)
                };
                (*a, *b) = (one as u64, other as u64);
            }
        }
        Ok(found)
    }

    /// Pictures that a person took out of the repository.
    pub async fn left_out(&self) -> Result<HashSet<ObjectId>, StoreError> {
        let rows = sqlx::query("SELECT sha256 FROM left_out").fetch_all(self.readers()).await;
        let id = |row: &SqliteRow| row.object("sha256");
        rows.and_then(|rows| rows.iter().map(id).collect()).map_err(|e| self.error(e))
    }

    /// Leaves pictures out of versions from now on, and takes others back in.
    pub async fn leave_out(
        &self,
        out: &[ObjectId],
        back: &[ObjectId],
        (why, at): (&str, Timestamp),
    ) -> Result<(), StoreError> {
        let hex = |ids: &[ObjectId]| json!(ids.iter().map(ToString::to_string).collect::<Vec<_>>()).to_string();
        let mut transaction = self.begin().await?;
        sqlx::query("INSERT OR IGNORE INTO left_out SELECT unhex(value), ?, ? FROM json_each(?)")
            .bind(at.as_microsecond())
            .bind(why)
            .bind(hex(out))
            .execute(&mut *transaction)
            .await
            .map_err(|e| self.error(e))?;
        sqlx::query("DELETE FROM left_out WHERE sha256 IN (SELECT unhex(value) FROM json_each(?))")
            .bind(hex(back))
            .execute(&mut *transaction)
            .await
            .map_err(|e| self.error(e))?;
        transaction.commit().await.map_err(|e| self.error(e))
    }

    /// One statement in a transaction of its own.
    async fn alone(
        &self,
        query: sqlx::query::Query<'_, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        query.execute(&mut *transaction).await.map_err(|e| self.error(e))?;
        transaction.commit().await.map_err(|e| self.error(e))
    }
}

fn version(row: &SqliteRow) -> Result<DataVersion, sqlx::Error> {
    let name: &str = row.try_get("name")?;
    let states = [VersionState::Cutting, VersionState::Cut, VersionState::Removed];
    Ok(DataVersion {
        id: row.try_get("id")?,
        name: name.parse().map_err(|_| unreadable("name", name))?,
        at: row.time("at_us")?,
        state: row.one_of("state", &states, VersionState::as_str)?,
        message: row.try_get("message")?,
        pictures: row.unsigned("pictures")?,
        bytes: row.unsigned("bytes")?,
        dir: row.md5_if("dir_md5")?,
        table: row.md5_if("table_md5")?,
        commit: row.try_get("commit")?,
        facts: row.json("facts")?,
        notes: row.try_get("notes")?,
    })
}
