//! Showing a picture to one person at a time.

use jiff::{SignedDuration, Timestamp};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _, Sqlite};

use super::find::{ORDER, SELECT, WAITS};
use super::{Review, Reviewer};
use crate::{Ledger, StoreError};

impl Ledger {
    /// The next picture for this person, which is then shown to nobody else for `lease`: the one that it was shown
    /// last while it is not decided, else a conflict, else the most urgent. `None` when nothing waits for this person.
    ///
    /// A lease that seems to begin after `now` was taken before the clock was set back; it holds for at most twice its
    /// length, so that no picture is lost to a wrong clock.
    pub async fn next_review(
        &self,
        reviewer: &Reviewer,
        lease: SignedDuration,
        now: Timestamp,
    ) -> Result<Option<Review>, StoreError> {
        let until = now.saturating_add(lease).unwrap_or(now);
        let mut transaction = self.begin().await?;
        let (name, now_us) = (reviewer.as_str().to_owned(), now.as_microsecond());
        let mut query = QueryBuilder::<Sqlite>::new(SELECT);
        query.push(" WHERE o.removed_us IS NULL AND ").push(WAITS);
        query.push(" AND NOT EXISTS (SELECT 1 FROM decisions d WHERE d.review = v.id AND d.undone_us IS NULL AND d.reviewer = ");
        query.push_bind(name.clone()).push(") AND (v.holder IS NULL OR v.holder = ").push_bind(name.clone());
        query.push(" OR v.held_until_us <= ").push_bind(now_us);
        query.push(" OR v.held_until_us - ").push_bind(now_us).push(" > 2 * (v.held_until_us - v.held_us))");
        query.push(" ORDER BY v.holder IS NULL OR v.holder <> ").push_bind(name.clone());
        query.push(", ").push(ORDER).push(" LIMIT 1");
        let row: Option<SqliteRow> =
            query.build().fetch_optional(&mut *transaction).await.map_err(|e| self.error(e))?;
        let Some(row) = row else { return Ok(None) };
        let number: i64 = row.try_get("number").map_err(|e| self.error(e))?;
        // One picture at a time: what the person left lies open for others.
        let sql = "UPDATE reviews SET holder = CASE id WHEN ?1 THEN ?2 END, held_us = CASE id WHEN ?1 THEN ?3 END,
            held_until_us = CASE id WHEN ?1 THEN ?4 END WHERE id = ?1 OR holder = ?2";
        sqlx::query(sql)
            .bind(number)
            .bind(name)
            .bind(now_us)
            .bind(until.as_microsecond())
            .execute(&mut *transaction)
            .await
            .map_err(|e| self.error(e))?;
        transaction.commit().await.map_err(|e| self.error(e))?;
        self.review_row(&row).map(Some).map_err(|e| self.error(e))
    }

    /// Shows nothing to this person any more, as at the end of a sitting.
    pub async fn leave_reviews(&self, reviewer: &Reviewer) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlx::query("UPDATE reviews SET holder = NULL, held_us = NULL, held_until_us = NULL WHERE holder = ?")
            .bind(reviewer.as_str())
            .execute(&mut *transaction)
            .await
            .map_err(|e| self.error(e))?;
        transaction.commit().await.map_err(|e| self.error(e))
    }
}
