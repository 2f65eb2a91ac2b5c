//! Looking for answers worth a look: wrong ones and unsure ones, a bounded number of records at a time.

use hivis_types::RecordId;
use sqlx::QueryBuilder;
use sqlx::Row as _;

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
    /// Answers worth a look among the newest 5,000 records that `filter` (its key, its cursor, its limit) lets through.
    /// A page may hold fewer than `limit`, or none, and have another after it.
    pub async fn look(&self, filter: &RecordFilter, worth: Worth) -> Result<Looked, StoreError> {
        let mut query = QueryBuilder::new(
            "SELECT r.id, r.probability, (SELECT label FROM labels WHERE record = r.seq ORDER BY \"rank\" LIMIT 1) AS label
            FROM records r WHERE 1 = 1",
        );
        if let Some(hotkey) = &filter.hotkey {
            query.push(" AND r.hotkey = ").push_bind(hotkey.as_str().to_owned());
        }
        if let Some(before) = filter.before {
            query.push(" AND (r.arrived_us, r.seq) < (SELECT arrived_us, seq FROM records WHERE id = ");
            query.push_bind(before.to_string()).push(")");
        }
        query.push(" ORDER BY r.arrived_us DESC, r.seq DESC LIMIT ").push_bind(LOOKED);
        let rows = query.build().fetch_all(self.readers()).await.map_err(|e| self.error(e))?;
        let limit = filter.limit.clamp(1, 200) as usize;
        let (mut ids, mut last) = (Vec::new(), None);
        for row in &rows {
            let read = || Ok((row.try_get("id")?, row.try_get("probability")?, row.try_get("label")?));
            let (id, probability, label): (String, Option<f64>, Option<i64>) = read().map_err(|e| self.error(e))?;
            let found = probability.is_some_and(|p| match worth {
                Worth::Wrong => label.is_some_and(|label| (p > 0.5) != (label == 1)),
                Worth::Unsure(most) => (p - 0.5).abs() <= most,
            });
            if found {
                ids.push(id.clone());
            }
            last = Some(id);
            if ids.len() == limit {
                break;
            }
        }
        let more = ids.len() == limit || rows.len() == LOOKED as usize;
        let next = last.filter(|_| more).and_then(|id| id.parse().ok().map(RecordId));
        Ok(Looked { records: self.records_by(&ids).await?, next })
    }
}
