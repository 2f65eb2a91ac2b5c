//! Showing pictures to one person at a time.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Sqlite};

use super::find::{ORDER, SELECT, WAITS};
use super::{Review, Reviewer};
use crate::{Ledger, StoreError};

/// What somebody wants to be shown.
#[derive(Clone, Debug, PartialEq)]
pub struct ReviewClaim {
    /// Who.
    pub reviewer: Reviewer,
    /// So many pictures at most.
    pub count: u32,
    /// Reviews that this person has before the eyes: they come first, in this order.
    pub keep: Vec<i64>,
    /// How long they are shown to nobody else.
    pub lease: SignedDuration,
    /// When, UTC.
    pub at: Timestamp,
}

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
        let claim = ReviewClaim { reviewer: reviewer.clone(), count: 1, keep: Vec::new(), lease, at: now };
        Ok(self.claim_reviews(&claim).await?.pop())
    }

    /// Up to `count` pictures for this person, which are then shown to nobody else for the lease: what it keeps, then
    /// what it was shown, then conflicts, then the most urgent. What it was shown beyond these lies open for others.
    /// A kept one that was settled, or that somebody else is shown by now, is not among them.
    pub async fn claim_reviews(&self, claim: &ReviewClaim) -> Result<Vec<Review>, StoreError> {
        let until = claim.at.saturating_add(claim.lease).unwrap_or(claim.at);
        let mut transaction = self.begin().await?;
        let (name, now_us) = (claim.reviewer.as_str().to_owned(), claim.at.as_microsecond());
        let mut query = QueryBuilder::<Sqlite>::new(SELECT);
        query.push(" LEFT JOIN json_each(").push_bind(json!(claim.keep).to_string()).push(") k ON k.value = v.id");
        query.push(" WHERE o.removed_us IS NULL AND ").push(WAITS);
        query.push(" AND NOT EXISTS (SELECT 1 FROM decisions d WHERE d.review = v.id AND d.undone_us IS NULL AND d.reviewer = ");
        query.push_bind(name.clone()).push(") AND (v.holder IS NULL OR v.holder = ").push_bind(name.clone());
        query.push(" OR v.held_until_us <= ").push_bind(now_us);
        query.push(" OR v.held_until_us - ").push_bind(now_us).push(" > 2 * (v.held_until_us - v.held_us))");
        query.push(" ORDER BY k.key IS NULL, k.key, v.holder IS NULL OR v.holder <> ").push_bind(name.clone());
        query.push(", ").push(ORDER).push(" LIMIT ").push_bind(claim.count);
        let rows: Vec<SqliteRow> = query.build().fetch_all(&mut *transaction).await.map_err(|e| self.error(e))?;
        let mut claimed: Vec<Review> = Vec::new();
        for row in &rows {
            let review = self.review_row(row).map_err(|e| self.error(e))?;
            if claimed.iter().all(|other| other.number != review.number) {
                claimed.push(review);
            }
        }
        if claimed.is_empty() {
            return Ok(claimed);
        }
        let numbers: Vec<i64> = claimed.iter().map(|review| review.number).collect();
        let sql = "WITH now_shown AS (SELECT value AS id FROM json_each(?1))
            UPDATE reviews SET holder = CASE WHEN id IN now_shown THEN ?2 END,
            held_us = CASE WHEN id IN now_shown THEN ?3 END, held_until_us = CASE WHEN id IN now_shown THEN ?4 END
            WHERE id IN now_shown OR holder = ?2";
        sqlx::query(sql)
            .bind(json!(numbers).to_string())
            .bind(name)
            .bind(now_us)
            .bind(until.as_microsecond())
            .execute(&mut *transaction)
            .await
            .map_err(|e| self.error(e))?;
        transaction.commit().await.map_err(|e| self.error(e))?;
        Ok(claimed)
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
