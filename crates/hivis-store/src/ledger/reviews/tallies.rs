//! What rates and agreement are counted from.

use hivis_types::Label;
use jiff::Timestamp;
use serde::Serialize;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::ReviewState;
use crate::ledger::columns::{RowExt as _, unreadable};
use crate::{Ledger, StoreError};

/// A generated picture whose review is settled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JudgedPicture {
    /// By which generator.
    pub generator: String,
    /// From which prompt: the file with its version, and the prompt's name in it.
    pub prompt: String,
    /// It was accepted, as whatever it shows.
    pub accepted: bool,
    /// It shows what was asked for; true for a rejected one too, since nobody said otherwise.
    pub as_asked: bool,
    /// When it was settled, UTC.
    pub settled: Timestamp,
}

/// The first two looks at a picture, each taken before the other was known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TwoLooks {
    /// The review.
    pub number: i64,
    /// Who looked first.
    pub one: String,
    /// `Some` label when that one accepted it, `None` when rejected.
    pub one_said: Option<Label>,
    /// Who looked second.
    pub other: String,
    /// What that one said.
    pub other_said: Option<Label>,
}

impl Ledger {
    /// Every generated picture whose review was settled since then.
    pub async fn judged_pictures(&self, since: Timestamp) -> Result<Vec<JudgedPicture>, StoreError> {
        let sql = "SELECT b.generator, g.prompt_id AS prompt, v.state, v.written, g.wanted,
                v.settled_us
            FROM reviews v JOIN generated g ON g.sha256 = v.sha256 JOIN batches b ON b.id = g.batch
            WHERE v.state IN ('accepted', 'rejected') AND v.settled_us >= ? ORDER BY v.settled_us, v.id";
        let rows = sqlx::query(sql).bind(since.as_microsecond()).fetch_all(self.readers()).await;
        let read = |row: &SqliteRow| {
            let state: &str = row.try_get("state")?;
            let (written, wanted) = (row.label_if("written")?, row.label_if("wanted")?);
            Ok(JudgedPicture {
                generator: row.try_get("generator")?,
                prompt: row.try_get("prompt")?,
                accepted: ReviewState::named(state).ok_or_else(|| unreadable("state", state))? == ReviewState::Accepted,
                as_asked: written.is_none() || written == wanted,
                settled: row.time("settled_us")?,
            })
        };
        rows.and_then(|rows| rows.iter().map(read).collect()).map_err(|e| self.error(e))
    }

    /// The first two standing looks at every picture that has two, in the order of the reviews.
    pub async fn two_looks(&self) -> Result<Vec<TwoLooks>, StoreError> {
        // A picture has three looks at most, so the first is the least and the second the least of the others.
        let sql = "WITH looks AS (SELECT * FROM decisions WHERE undone_us IS NULL AND verdict <> 'skip')
            SELECT a.review, a.reviewer AS one, a.label AS one_said, b.reviewer AS other, b.label AS other_said
            FROM looks a JOIN looks b ON b.review = a.review AND b.seq > a.seq
            WHERE NOT EXISTS (SELECT 1 FROM looks c WHERE c.review = a.review AND c.seq < b.seq AND c.seq <> a.seq)
            ORDER BY a.review";
        let rows = sqlx::query(sql).fetch_all(self.readers()).await;
        let read = |row: &SqliteRow| {
            Ok(TwoLooks {
                number: row.try_get("review")?,
                one: row.try_get("one")?,
                one_said: row.label_if("one_said")?,
                other: row.try_get("other")?,
                other_said: row.label_if("other_said")?,
            })
        };
        rows.and_then(|rows| rows.iter().map(read).collect()).map_err(|e| self.error(e))
    }
}
