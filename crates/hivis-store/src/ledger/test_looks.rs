//! Looks at the test part of a split: it measures what it promises only as long as nothing was chosen by it.

use hivis_types::ReleaseId;
use jiff::Timestamp;
use serde::Serialize;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::ledger::columns::RowExt as _;
use crate::{Ledger, StoreError};

/// A look that is about to be taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewTestLook {
    /// When, UTC.
    pub at: Timestamp,
    /// What is judged; `None` when pictures are only read.
    pub release: Option<ReleaseId>,
    /// The split's seed.
    pub split_seed: u64,
    /// The version of the data that was split.
    pub data: String,
    /// How many pictures are looked at.
    pub pictures: u64,
    /// What for.
    pub why: String,
}

/// A look as the ledger holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TestLook {
    /// Its number, in the order of the looks.
    pub seq: i64,
    /// What was written before it was taken.
    #[serde(flatten)]
    pub look: NewTestLook,
}

impl Ledger {
    /// Writes a look down, to be called before the first picture is read: a look that then failed stays noted. Gives its
    /// number.
    pub async fn note_test_look(&self, look: &NewTestLook) -> Result<i64, StoreError> {
        let mut transaction = self.begin().await?;
        let sql =
            "INSERT INTO test_looks (at_us, \"release\", split_seed, data, pictures, why) VALUES (?, ?, ?, ?, ?, ?)";
        let done = sqlx::query(sql)
            .bind(look.at.as_microsecond())
            .bind(look.release.as_ref().map(ReleaseId::as_str))
            .bind(look.split_seed as i64)
            .bind(&*look.data)
            .bind(look.pictures as i64)
            .bind(&*look.why)
            .execute(&mut *transaction)
            .await
            .map_err(|e| self.error(e))?;
        transaction.commit().await.map_err(|e| self.error(e))?;
        Ok(done.last_insert_rowid())
    }

    /// All looks at the test part of splits with this seed, whatever the data, oldest first: a picture's part depends on
    /// the seed, so versions of the data share their test pictures.
    pub async fn test_looks(&self, split_seed: u64) -> Result<Vec<TestLook>, StoreError> {
        let sql = "SELECT seq, at_us, \"release\", split_seed, data, pictures, why FROM test_looks
            WHERE split_seed = ? ORDER BY seq";
        let rows = sqlx::query(sql).bind(split_seed as i64).fetch_all(self.readers()).await;
        rows.and_then(|rows| rows.iter().map(from_row).collect()).map_err(|e| self.error(e))
    }
}

fn from_row(row: &SqliteRow) -> Result<TestLook, sqlx::Error> {
    let look = NewTestLook {
        at: row.time("at_us")?,
        release: row.release_if("release")?,
        split_seed: row.unsigned("split_seed")?,
        data: row.try_get("data")?,
        pictures: row.unsigned("pictures")?,
        why: row.try_get("why")?,
    };
    Ok(TestLook { seq: row.try_get("seq")?, look })
}
