//! Looking for answers worth a look: wrong ones and unsure ones, a bounded number of records at a time.

use futures_util::TryStreamExt as _;
use hivis_types::RecordId;
use sqlx::{QueryBuilder, Row as _, Sqlite};

use crate::{Ledger, RecordFilter, StoreError, StoredRecord};

/// Records that one call looks at: the newest before its cursor.
const LOOKED: u32 = 5_000;

/// What is worth a look.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Worth {
    /// The most trusted label is on the other side of 0.5.
    Wrong,
    /// The probability is at most so far from 0.5.
    Unsure(f64),
}

/// A page of answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Looked {
    /// What was found, newest first.
    pub records: Vec<StoredRecord>,
    /// Where the next page begins (`RecordFilter::before`); `None` at the oldest record.
    pub next: Option<RecordId>,
}

impl Ledger {
    /// Answers worth a look among the newest 5,000 candidates that `filter` (its key, its cursor, its limit) lets through:
    /// records for unsure ones, labelled records for wrong ones. Reading ends with a full page; a page may hold fewer than
    /// `limit`, or none, and have another after it.
    pub async fn look(&self, filter: &RecordFilter, worth: Worth) -> Result<Looked, StoreError> {
        let limit = filter.limit.clamp(1, 200) as usize;
        let (mut ids, mut last, mut looked) = (Vec::new(), None, 0);
        let mut query = candidates(filter, worth);
        let mut rows = query.build().fetch(self.readers());
        while let Some(row) = rows.try_next().await.map_err(|e| self.error(e))? {
            let read = || Ok((row.try_get("id")?, row.try_get("probability")?, row.try_get("label")?));
            let (id, probability, label): (String, Option<f64>, Option<i64>) = read().map_err(|e| self.error(e))?;
            let found = probability.is_some_and(|p| match worth {
                Worth::Wrong => label.is_some_and(|label| (p > 0.5) != (label == 1)),
                Worth::Unsure(most) => (p - 0.5).abs() <= most,
            });
            if found {
                ids.push(id.clone());
            }
            looked += 1;
            last = Some(id);
            if ids.len() == limit {
                break;
            }
        }
        drop(rows);
        let more = ids.len() == limit || looked == LOOKED;
        let next = last.filter(|_| more).and_then(|id| id.parse().ok().map(RecordId));
        Ok(Looked { records: self.records_by(&ids).await?, next })
    }
}

/// Newest first: by arrival; the wrong ones by the order of commits, in which the labels lie.
fn candidates(filter: &RecordFilter, worth: Worth) -> QueryBuilder<Sqlite> {
    let (begin, order, place) = match worth {
        Worth::Unsure(_) => (
            "SELECT r.id, r.probability, NULL AS label FROM records r WHERE 1 = 1",
            "r.arrived_us DESC, r.seq DESC",
            "(r.arrived_us, r.seq) < (SELECT arrived_us, seq",
        ),
        // Read from the labels on, so that records without one cost nothing.
        Worth::Wrong => (
            "SELECT r.id, r.probability, l.label FROM labels l CROSS JOIN records r ON r.seq = l.record
            WHERE l.\"rank\" = (SELECT min(\"rank\") FROM labels WHERE record = l.record)",
            "l.record DESC",
            "l.record < (SELECT seq",
        ),
    };
    let mut query = QueryBuilder::new(begin);
    if let Some(hotkey) = &filter.hotkey {
        query.push(" AND r.hotkey = ").push_bind(hotkey.as_str().to_owned());
    }
    if let Some(before) = filter.before {
        query.push(" AND ").push(place).push(" FROM records WHERE id = ").push_bind(before.to_string()).push(")");
    }
    query.push(" ORDER BY ").push(order).push(" LIMIT ").push_bind(LOOKED);
    query
}
