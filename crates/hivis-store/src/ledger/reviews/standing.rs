//! The decisions that stand on a review.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

use super::refused::Told;
use super::settle::Word;
use super::{ReviewReason, ReviewVerdict};
use crate::ledger::columns::{RowExt as _, unreadable};

/// A decision that stands.
pub(super) struct Standing {
    pub(super) seq: i64,
    pub(super) slot: Option<i64>,
    pub(super) word: Word,
    pub(super) told: Told,
}

const STANDING: &str = "SELECT seq, review, reviewer, verdict, label, reason, slot, contradicts, at_us FROM decisions
    WHERE review = ? AND undone_us IS NULL ORDER BY seq";

/// The decisions on a review that stand, in the order that they were made.
pub(super) async fn standing(connection: &mut SqliteConnection, number: i64) -> Result<Vec<Standing>, sqlx::Error> {
    let rows = sqlx::query(STANDING).bind(number).fetch_all(connection).await?;
    rows.iter().map(standing_row).collect()
}

fn standing_row(row: &SqliteRow) -> Result<Standing, sqlx::Error> {
    let verdict: &str = row.try_get("verdict")?;
    let verdict = ReviewVerdict::named(verdict).ok_or_else(|| unreadable("verdict", verdict))?;
    let reason: Option<&str> = row.try_get("reason")?;
    let reason = reason.map(|text| ReviewReason::named(text).ok_or_else(|| unreadable("reason", text))).transpose()?;
    let (label, contradicts) = (row.label_if("label")?, row.try_get::<Option<&str>, _>("contradicts")?.is_some());
    let at = row.time("at_us")?;
    Ok(Standing {
        seq: row.try_get("seq")?,
        slot: row.try_get("slot")?,
        word: Word { verdict, label, contradicts },
        told: Told { by: row.try_get("reviewer")?, verdict, label, reason, at },
    })
}
