//! Data sets that were imported, and where they contradict each other.

use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::ledger::columns::RowExt as _;
use crate::{Ledger, StoreError};

/// A data set that is about to be imported.
#[derive(Clone, Debug)]
pub struct NewDataset {
    /// Its name in this home.
    pub name: String,
    /// Where it comes from: a repository of the Hub, or a folder.
    pub source: String,
    /// The repository's commit.
    pub revision: Option<String>,
}

/// An import that has begun.
#[derive(Clone, Copy, Debug)]
pub struct Import {
    pub(crate) dataset: i64,
    pub(crate) begun_us: i64,
}

/// A data set of the home.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Dataset {
    /// Its name.
    pub name: String,
    /// Where it came from.
    pub source: String,
    /// The repository's commit.
    pub revision: Option<String>,
    /// When its newest import began, UTC.
    pub begun: Timestamp,
    /// When that import was complete; `None` when it was cut short or still runs.
    pub ended: Option<Timestamp>,
    /// Its pictures.
    pub pictures: u64,
    /// How many of them it labels roadwork.
    pub roadwork: u64,
    /// Their scenes.
    pub scenes: u64,
}

/// Two sources that label some pictures differently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Conflict {
    /// A data set.
    pub one: String,
    /// Another data set, or another source such as `person`.
    pub other: String,
    /// Pictures that both label.
    pub shared: u64,
    /// Pictures that they label differently.
    pub differ: u64,
}

impl Ledger {
    /// Writes down that an import begins, under a name that may be there already: then what changed is changed, and
    /// [`Ledger::end_import`] takes out what is no longer in the source.
    pub async fn begin_import(&self, new: &NewDataset, now: Timestamp) -> Result<Import, StoreError> {
        let mut transaction = self.begin().await?;
        let sql = "INSERT INTO datasets (name, source, revision, begun_us) VALUES (?, ?, ?, ?)
            ON CONFLICT (name) DO UPDATE SET source = excluded.source, revision = excluded.revision,
                ended_us = NULL, begun_us = CASE
                WHEN excluded.begun_us > datasets.begun_us THEN excluded.begun_us ELSE datasets.begun_us + 1 END
            RETURNING id, begun_us";
        let row = sqlx::query(sql)
            .bind(&*new.name)
            .bind(&*new.source)
            .bind(new.revision.as_deref())
            .bind(now.as_microsecond())
            .fetch_one(&mut *transaction)
            .await;
        let import = row.and_then(|row| Ok(Import { dataset: row.try_get("id")?, begun_us: row.try_get("begun_us")? }));
        let import = import.map_err(|e| self.error(e))?;
        transaction.commit().await.map_err(|e| self.error(e))?;
        Ok(import)
    }

    /// Writes down that all of it was read: the data set now holds what its source holds. Gives how many pictures of
    /// earlier imports were not found again; their rows go, their files wait for retention.
    pub async fn end_import(&self, import: &Import, now: Timestamp) -> Result<u64, StoreError> {
        let mut transaction = self.begin().await?;
        let gone = sqlx::query("DELETE FROM pictures WHERE dataset = ? AND seen_us < ?")
            .bind(import.dataset)
            .bind(import.begun_us)
            .execute(&mut *transaction)
            .await
            .map_err(|e| self.error(e))?;
        sqlx::query("UPDATE datasets SET ended_us = ? WHERE id = ?")
            .bind(now.as_microsecond())
            .bind(import.dataset)
            .execute(&mut *transaction)
            .await
            .map_err(|e| self.error(e))?;
        transaction.commit().await.map_err(|e| self.error(e))?;
        Ok(gone.rows_affected())
    }

    /// All data sets, by name.
    pub async fn datasets(&self) -> Result<Vec<Dataset>, StoreError> {
        let sql = "SELECT d.name, d.source, d.revision, d.begun_us, d.ended_us, count(p.sha256) AS pictures,
                coalesce(sum(p.label), 0) AS roadwork, count(DISTINCT p.scene) AS scenes
            FROM datasets d LEFT JOIN pictures p ON p.dataset = d.id GROUP BY d.id ORDER BY d.name";
        let rows = sqlx::query(sql).fetch_all(self.readers()).await;
        rows.and_then(|rows| rows.iter().map(dataset).collect()).map_err(|e| self.error(e))
    }

    /// Where two data sets, or a data set and another source, label the same pictures: most contradictions first.
    pub async fn conflicts(&self) -> Result<Vec<Conflict>, StoreError> {
        let sql = "SELECT d.name AS one, e.name AS other, count(*) AS shared, sum(p.label <> q.label) AS differ
            FROM pictures p JOIN datasets d ON d.id = p.dataset JOIN pictures q ON q.sha256 = p.sha256
            JOIN datasets e ON e.id = q.dataset AND e.name > d.name GROUP BY d.name, e.name
            UNION ALL
            SELECT d.name, l.source, count(*), sum(p.label <> l.label)
            FROM pictures p JOIN datasets d ON d.id = p.dataset JOIN picture_labels l ON l.sha256 = p.sha256
            GROUP BY d.name, l.source
            ORDER BY differ DESC, one, other";
        let rows = sqlx::query(sql).fetch_all(self.readers()).await.map_err(|e| self.error(e))?;
        let conflict = |row: &SqliteRow| {
            Ok(Conflict {
                one: row.try_get("one")?,
                other: row.try_get("other")?,
                shared: row.unsigned("shared")?,
                differ: row.unsigned("differ")?,
            })
        };
        rows.iter().map(conflict).collect::<Result<_, sqlx::Error>>().map_err(|e| self.error(e))
    }

    /// The SHA-256, in hex, of all that data sets and others say of imported pictures: the same on any machine and in
    /// whatever order they were imported. Names of files and times are not in it.
    pub async fn data_version(&self) -> Result<String, StoreError> {
        let sql = "SELECT hex(p.sha256) AS picture, d.name AS source, p.label, p.origin, p.scene, p.slices
            FROM pictures p JOIN datasets d ON d.id = p.dataset
            UNION ALL
            SELECT hex(l.sha256), 'source:' || l.source, l.label, '', '', '' FROM picture_labels l
            ORDER BY picture, source";
        let rows = sqlx::query(sql).fetch_all(self.readers()).await.map_err(|e| self.error(e))?;
        let mut hash = Sha256::new();
        for row in &rows {
            hash_row(&mut hash, row).map_err(|e| self.error(e))?;
        }
        Ok(hex::encode(hash.finalize()))
    }
}

/// Each column with its length before it, so that no two rows look alike.
fn hash_row(hash: &mut Sha256, row: &SqliteRow) -> Result<(), sqlx::Error> {
    let label: i64 = row.try_get("label")?;
    hash.update(label.to_le_bytes());
    for column in ["picture", "source", "origin", "scene", "slices"] {
        let text: &str = row.try_get(column)?;
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    }
    Ok(())
}

fn dataset(row: &SqliteRow) -> Result<Dataset, sqlx::Error> {
    Ok(Dataset {
        name: row.try_get("name")?,
        source: row.try_get("source")?,
        revision: row.try_get("revision")?,
        begun: row.time("begun_us")?,
        ended: row.time_if("ended_us")?,
        pictures: row.unsigned("pictures")?,
        roadwork: row.unsigned("roadwork")?,
        scenes: row.unsigned("scenes")?,
    })
}
