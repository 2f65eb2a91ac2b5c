//! Finding records: lists, pages, one with its whole story.

use hivis_types::RecordId;
use serde::Serialize;
use sqlx::{QueryBuilder, Sqlite};

use crate::ledger::rows::{self, COLUMNS, TABLES};
use crate::{Disagreement, Ledger, PictureState, RecordFilter, SilenceFilter, StoreError, StoredLabel, StoredRecord};

/// A list has at most so many records, whatever its filter says: it is held in memory.
const LIST_LIMIT: u32 = 1_000;

/// A record with everything that is known of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Story {
    /// The record, features included, and its picture's bytes when they are in the home.
    #[serde(flatten)]
    pub stored: StoredRecord,
    /// All words on it, most trusted first.
    pub labels: Vec<StoredLabel>,
    /// Why the picture could not be read although the ledger says that it is stored.
    pub picture_trouble: Option<String>,
}

impl Ledger {
    /// The records that the filter lets through, newest first; at most 1,000.
    pub async fn list(&self, filter: &RecordFilter) -> Result<Vec<StoredRecord>, StoreError> {
        let limit = if filter.limit == 0 { LIST_LIMIT } else { filter.limit.min(LIST_LIMIT) };
        let mut query = select(filter);
        query.push(" ORDER BY r.arrived_us DESC, r.seq DESC LIMIT ").push_bind(limit);
        self.fetch(query).await
    }

    /// At most `limit` records committed after `seq` that the filter lets through, in the order of commits.
    pub(crate) async fn page(
        &self,
        filter: &RecordFilter,
        seq: i64,
        limit: u32,
    ) -> Result<Vec<StoredRecord>, StoreError> {
        let mut query = select(filter);
        query.push(" AND r.seq > ").push_bind(seq);
        query.push(" ORDER BY r.seq LIMIT ").push_bind(limit);
        self.fetch(query).await
    }

    /// Everything about the one record whose id begins with `prefix` (hyphens may be left out).
    pub async fn story(&self, prefix: &str) -> Result<Story, StoreError> {
        let unknown = || StoreError::NoSuchRecord { prefix: prefix.to_owned() };
        let low = hyphenated(prefix).ok_or_else(unknown)?;
        let mut query = select(&RecordFilter { features: true, ..RecordFilter::default() });
        // An id has hexadecimal digits and hyphens only; `g` comes after all of them.
        query.push(" AND r.id >= ").push_bind(low.clone());
        query.push(" AND r.id < ").push_bind(format!("{low}g"));
        query.push(" ORDER BY r.id LIMIT 2");
        let mut found = self.fetch(query).await?.into_iter();
        let mut stored = found.next().ok_or_else(unknown)?;
        if let Some(second) = found.next() {
            let (first, second) = (stored.record.id.to_string(), second.record.id.to_string());
            return Err(StoreError::SeveralRecords { prefix: prefix.to_owned(), first, second });
        }
        let labels = self.labels(stored.record.id).await?;
        let mut picture_trouble = None;
        if let (Some(picture), PictureState::Stored { sha256, md5, .. }) =
            (&mut stored.record.picture, stored.picture_state)
        {
            match self.objects().get(sha256, md5) {
                Ok(bytes) => picture.bytes = bytes,
                Err(error) => picture_trouble = Some(error.to_string()),
            }
        }
        Ok(Story { stored, labels, picture_trouble })
    }

    /// The same for a whole id.
    pub async fn story_of(&self, id: RecordId) -> Result<Story, StoreError> {
        self.story(&id.to_string()).await
    }

    /// The records of these whole ids, newest first; unknown ones are left out.
    pub(crate) async fn records_by(&self, ids: &[String]) -> Result<Vec<StoredRecord>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut query = select(&RecordFilter::default());
        query.push(" AND r.id IN (");
        let mut list = query.separated(", ");
        for id in ids {
            list.push_bind(id.clone());
        }
        query.push(") ORDER BY r.arrived_us DESC, r.seq DESC");
        self.fetch(query).await
    }

    /// What was committed after this record: the newest `limit`, newest first, and how many there are in all. Without such
    /// a record, what arrived at its time or later.
    pub async fn since_record(&self, id: RecordId, limit: u32) -> Result<(Vec<StoredRecord>, u64), StoreError> {
        let limit = limit.clamp(1, LIST_LIMIT);
        let known = sqlx::query_scalar::<_, i64>("SELECT seq FROM records WHERE id = ?").bind(id.to_string());
        let mut query = select(&RecordFilter::default());
        let Some(seq) = known.fetch_optional(self.readers()).await.map_err(|e| self.error(e))? else {
            let (seconds, nanos) = id.0.get_timestamp().map_or((0, 0), |time| time.to_unix());
            let arrived = i64::try_from(seconds).unwrap_or(0).saturating_mul(1_000_000) + i64::from(nanos / 1000);
            query.push(" AND r.arrived_us >= ").push_bind(arrived);
            query.push(" ORDER BY r.arrived_us DESC, r.seq DESC LIMIT ").push_bind(limit);
            let records = self.fetch(query).await?;
            let count = records.len() as u64;
            return Ok((records, count));
        };
        let newest = sqlx::query_scalar::<_, i64>("SELECT coalesce(max(seq), 0) FROM records");
        let newest = newest.fetch_one(self.readers()).await.map_err(|e| self.error(e))?;
        query.push(" AND r.seq > ").push_bind(seq).push(" ORDER BY r.seq DESC LIMIT ").push_bind(limit);
        // Rows are never removed, so there is no gap in their numbers.
        Ok((self.fetch(query).await?, newest.saturating_sub(seq).max(0) as u64))
    }

    async fn fetch(&self, mut query: QueryBuilder<Sqlite>) -> Result<Vec<StoredRecord>, StoreError> {
        let rows = query.build().fetch_all(self.readers()).await.map_err(|e| self.error(e))?;
        rows.iter().map(rows::from_row).collect()
    }
}

/// The beginning of every query for records, up to and with the filter's conditions.
fn select(filter: &RecordFilter) -> QueryBuilder<Sqlite> {
    let features = if filter.features { "r.features" } else { "NULL AS features" };
    let testnet = "(SELECT label FROM labels WHERE record = r.seq AND source = 'testnet') AS testnet_label";
    let mut query = QueryBuilder::new(format!("SELECT {COLUMNS}, {testnet}, {features} FROM {TABLES} WHERE 1 = 1"));
    if let Some(since) = filter.since {
        query.push(" AND r.arrived_us >= ").push_bind(since.as_microsecond());
    }
    if let Some(until) = filter.until {
        query.push(" AND r.arrived_us < ").push_bind(until.as_microsecond());
    }
    if let Some(hotkey) = &filter.hotkey {
        query.push(" AND r.hotkey = ").push_bind(hotkey.as_str().to_owned());
    }
    match filter.silence {
        None => {}
        Some(SilenceFilter::Answered) => _ = query.push(" AND r.silence IS NULL"),
        Some(SilenceFilter::Silent) => _ = query.push(" AND r.silence IS NOT NULL"),
        Some(SilenceFilter::Because(reason)) => _ = query.push(" AND r.silence = ").push_bind(reason.as_str()),
    }
    match filter.disagreement {
        None => {}
        Some(Disagreement::Answer) => _ = query.push(" AND (r.probability > 0.5) <> (l.label = 1)"),
        Some(Disagreement::Labels) => {
            query.push(" AND EXISTS (SELECT 1 FROM labels a WHERE a.record = r.seq AND a.label <> l.label)");
        }
    }
    if let Some(before) = filter.before {
        query.push(" AND (r.arrived_us, r.seq) < (SELECT arrived_us, seq FROM records WHERE id = ");
        query.push_bind(before.to_string()).push(")");
    }
    query
}

/// The beginning of an id with its hyphens where they belong; `None` when it is no such beginning.
fn hyphenated(prefix: &str) -> Option<String> {
    let digits: String = prefix.chars().filter(|c| *c != '-').map(|c| c.to_ascii_lowercase()).collect();
    if digits.is_empty() || digits.len() > 32 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let mut text = String::with_capacity(36);
    for (at, digit) in digits.chars().enumerate() {
        if matches!(at, 8 | 12 | 16 | 20) {
            text.push('-');
        }
        text.push(digit);
    }
    Some(text)
}
