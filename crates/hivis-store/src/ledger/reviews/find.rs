//! Finding reviews: the queue, and one by its number or its picture.

use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _, Sqlite};

use super::{Review, ReviewRefused, ReviewState, ReviewWhy, Reviewer};
use crate::ledger::columns::{RowExt as _, unreadable};
use crate::{Ledger, StoreError};

/// Everything that a [`Review`] is read from; `v` is the review.
pub(super) const SELECT: &str =
    "SELECT v.id AS number, v.sha256, o.md5, r.id AS record, v.why, v.priority, v.queued_us,
    v.wanted, v.state, g.wanted AS asked FROM reviews v JOIN objects o ON o.sha256 = v.sha256
    LEFT JOIN records r ON r.seq = v.record LEFT JOIN generated g ON g.sha256 = v.sha256";
/// Conflicts hold labels up; then the most urgent, then the oldest.
pub(super) const ORDER: &str = "v.state <> 'conflict', v.priority DESC, v.id";
/// A condition on what somebody must still look at.
pub(super) const WAITS: &str = "v.state IN ('open', 'second', 'conflict')";
/// Fewer digits of a SHA-256 would be taken for a number, or for anything.
const LEAST_DIGITS: usize = 4;

/// Which reviews are wanted.
#[derive(Clone, Debug, Default)]
pub struct ReviewFilter {
    /// In one of these states; none means those that wait for somebody.
    pub states: Vec<ReviewState>,
    /// Only what this person has not decided or skipped.
    pub open_for: Option<Reviewer>,
    /// At most so many; 0 means no limit.
    pub limit: u32,
}

impl Ledger {
    /// The reviews that the filter lets through: conflicts first, then by priority.
    pub async fn reviews(&self, filter: &ReviewFilter) -> Result<Vec<Review>, StoreError> {
        let mut query = QueryBuilder::<Sqlite>::new(SELECT);
        query.push(" WHERE ");
        if filter.states.is_empty() {
            query.push(WAITS);
        } else {
            query.push("v.state IN (");
            let mut list = query.separated(", ");
            filter.states.iter().for_each(|state| _ = list.push_bind(state.as_str()));
            query.push(")");
        }
        if let Some(reviewer) = &filter.open_for {
            query.push(" AND NOT EXISTS (SELECT 1 FROM decisions d WHERE d.review = v.id AND d.undone_us IS NULL AND d.reviewer = ");
            query.push_bind(reviewer.as_str().to_owned()).push(")");
        }
        query.push(" ORDER BY ").push(ORDER);
        if filter.limit > 0 {
            query.push(" LIMIT ").push_bind(filter.limit);
        }
        let rows = query.build().fetch_all(self.readers()).await.map_err(|e| self.error(e))?;
        rows.iter().map(|row| self.review_row(row)).collect::<Result<_, _>>().map_err(|e| self.error(e))
    }

    /// The one review with this number, or whose picture's SHA-256 begins so (at least 4 hexadecimal digits).
    pub async fn review(&self, id: &str) -> Result<Review, StoreError> {
        let unknown = || ReviewRefused::Unknown { id: id.chars().take(64).flat_map(char::escape_debug).collect() };
        if let Some(number) = id.parse::<i64>().ok().filter(|_| id.bytes().all(|b| b.is_ascii_digit())) {
            let mut query = QueryBuilder::<Sqlite>::new(SELECT);
            query.push(" WHERE v.id = ").push_bind(number);
            let row = query.build().fetch_optional(self.readers()).await.map_err(|e| self.error(e))?;
            if let Some(row) = row {
                return self.review_row(&row).map_err(|e| self.error(e));
            }
        }
        let hex = (LEAST_DIGITS..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_hexdigit());
        if !hex {
            return Err(unknown().into());
        }
        let mut query = QueryBuilder::<Sqlite>::new(SELECT);
        query.push(" WHERE substr(hex(v.sha256), 1, ").push_bind(id.len() as i64).push(") = ");
        query.push_bind(id.to_ascii_uppercase()).push(" ORDER BY v.sha256 LIMIT 2");
        let rows = query.build().fetch_all(self.readers()).await.map_err(|e| self.error(e))?;
        let found: Vec<Review> =
            rows.iter().map(|row| self.review_row(row)).collect::<Result<_, _>>().map_err(|e| self.error(e))?;
        match &found[..] {
            [] => Err(unknown().into()),
            [one] => Ok(one.clone()),
            [one, other, ..] => {
                let (first, second) = (one.id.to_string(), other.id.to_string());
                Err(ReviewRefused::Several { id: id.to_owned(), first, second }.into())
            }
        }
    }

    pub(super) fn review_row(&self, row: &SqliteRow) -> Result<Review, sqlx::Error> {
        let md5 = row.md5("md5")?;
        let (why, state): (&str, &str) = (row.try_get("why")?, row.try_get("state")?);
        Ok(Review {
            number: row.try_get("number")?,
            id: row.object("sha256")?,
            md5,
            path: self.objects().path(md5),
            record: row.record_if("record")?,
            why: ReviewWhy::named(why).ok_or_else(|| unreadable("why", why))?,
            priority: row.try_get("priority")?,
            queued: row.time("queued_us")?,
            wanted: row.try_get::<i64, _>("wanted")? as u32,
            state: ReviewState::named(state).ok_or_else(|| unreadable("state", state))?,
            asked: row.label_if("asked")?,
        })
    }
}
