//! Messages on their way, and how the channels are.

use hivis_types::Severity;
use jiff::Timestamp;
use serde::Serialize;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::cut;
use crate::ledger::columns::RowExt as _;
use crate::ledger::writing::Writing;
use crate::{Ledger, StoreError};

/// A message to be queued.
#[derive(Clone, Debug, PartialEq)]
pub struct NewMessage {
    /// The channel's name.
    pub channel: String,
    /// What it is about: messages of one group belong together.
    pub group: String,
    /// JSON.
    pub body: String,
    /// What the channel knows once it has it.
    pub tells: Vec<Tells>,
}

/// What a message says of one alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tells {
    /// Which.
    pub alert: i64,
    /// That it holds; or else that it is over.
    pub firing: bool,
    /// How much it hurts.
    pub severity: Severity,
}

/// Where a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OutboxState {
    /// It is to be sent.
    Waiting,
    /// It is being sent, or whoever sent it died.
    Sending,
    /// It arrived.
    Sent,
    /// It went into another one.
    Joined,
    /// The receiver will never take it.
    Dropped,
}

impl OutboxState {
    const ALL: [Self; 5] = [Self::Waiting, Self::Sending, Self::Sent, Self::Joined, Self::Dropped];

    /// The name in the ledger and in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Joined => "joined",
            Self::Dropped => "dropped",
        }
    }
}

/// A message as the ledger holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OutboxMessage {
    /// Its number, in the order of making.
    pub id: i64,
    /// The channel's name.
    pub channel: String,
    /// What it is about.
    pub group: String,
    /// JSON.
    pub body: String,
    /// When it was made, UTC.
    pub made: Timestamp,
    /// Where it stands.
    pub state: OutboxState,
    /// True when an attempt may have arrived.
    pub unsure: bool,
    /// How often it was tried.
    pub attempts: u32,
    /// Not before, UTC.
    pub next: Timestamp,
    /// When it was sent, joined or dropped, UTC.
    pub ended: Option<Timestamp>,
    /// What the last attempt that failed said.
    pub error: Option<String>,
    /// The receiver's own id of it.
    pub provider_id: Option<String>,
    /// The message that it went into.
    pub joined: Option<i64>,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendEnd {
    /// The receiver has it.
    Sent {
        /// Its own id of it.
        provider_id: Option<String>,
    },
    /// It is tried again.
    Again {
        /// Why.
        error: String,
        /// Not before.
        next: Timestamp,
        /// Whether it may have arrived.
        unsure: bool,
    },
    /// The receiver will never take it.
    Dropped {
        /// Why.
        error: String,
    },
}

/// Whether a channel takes messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ChannelState {
    /// The last attempt went well, or there was none.
    Up,
    /// The last attempts failed; it is tried again.
    Down,
    /// It does not exist any more: nothing is tried until its configuration changes.
    Gone,
}

impl ChannelState {
    /// The name in the ledger and in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::Gone => "gone",
        }
    }
}

/// How a channel is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChannelHealth {
    /// Its name.
    pub name: String,
    /// A hash of its configuration.
    #[serde(skip)]
    pub fingerprint: String,
    /// Whether it takes messages.
    pub state: ChannelState,
    /// Since when, UTC.
    pub since: Timestamp,
    /// Attempts that failed, in a row.
    pub failures: u32,
    /// Nothing is tried before, UTC.
    pub next: Timestamp,
    /// What the last attempt that failed said.
    pub error: Option<String>,
}

const COLUMNS: &str = "SELECT id, channel, group_key, body, made_us, state, unsure, attempts, next_us, ended_us, error,
    provider_id, joined FROM outbox";

pub(super) async fn insert(transaction: &mut Writing, message: &NewMessage, now: i64) -> Result<i64, sqlx::Error> {
    let sql = "INSERT INTO outbox (channel, group_key, body, made_us, state, unsure, attempts, next_us)
        VALUES (?, ?, ?, ?4, 'waiting', 0, 0, ?4)";
    let done = sqlx::query(sql).bind(&*message.channel).bind(&*message.group).bind(&*message.body).bind(now);
    let id = done.execute(&mut **transaction).await?.last_insert_rowid();
    for tells in &message.tells {
        let sql = "INSERT INTO alerts_told (channel, alert, at_us, firing, severity) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (channel, alert) DO UPDATE
                SET at_us = excluded.at_us, firing = excluded.firing, severity = excluded.severity";
        sqlx::query(sql)
            .bind(&*message.channel)
            .bind(tells.alert)
            .bind(now)
            .bind(i64::from(tells.firing))
            .bind(tells.severity.as_str())
            .execute(&mut **transaction)
            .await?;
    }
    Ok(id)
}

impl Ledger {
    /// Messages of a channel that wait, oldest first.
    pub async fn waiting_messages(&self, channel: &str, limit: u32) -> Result<Vec<OutboxMessage>, StoreError> {
        let text = format!(
            "{COLUMNS} WHERE channel = ? AND state IN ('waiting', 'sending') AND state = 'waiting' ORDER BY id LIMIT ?"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(text)).bind(channel).bind(limit).fetch_all(self.readers()).await;
        rows.and_then(|rows| rows.iter().map(from_row).collect()).map_err(|e| self.error(e))
    }

    /// The newest messages, newest first; those numbered below `before`, where it is given.
    pub async fn messages(&self, before: Option<i64>, limit: u32) -> Result<Vec<OutboxMessage>, StoreError> {
        let text = format!("{COLUMNS} WHERE id < ? ORDER BY id DESC LIMIT ?");
        let query = sqlx::query(sqlx::AssertSqlSafe(text)).bind(before.unwrap_or(i64::MAX)).bind(limit);
        let rows = query.fetch_all(self.readers()).await;
        rows.and_then(|rows| rows.iter().map(from_row).collect()).map_err(|e| self.error(e))
    }

    /// How many messages wait, by channel.
    pub async fn waiting_counts(&self) -> Result<Vec<(String, u64)>, StoreError> {
        let sql = "SELECT channel, count(*) AS n FROM outbox WHERE state IN ('waiting', 'sending') GROUP BY channel";
        let rows = sqlx::query(sql).fetch_all(self.readers()).await.map_err(|e| self.error(e))?;
        let read = |row: &SqliteRow| Ok((row.try_get("channel")?, row.unsigned("n")?));
        rows.iter().map(read).collect::<Result<_, sqlx::Error>>().map_err(|e| self.error(e))
    }

    /// How many messages a channel sent from `since` to `until`.
    pub async fn sent_between(&self, channel: &str, since: Timestamp, until: Timestamp) -> Result<u64, StoreError> {
        let sql = "SELECT count(*) FROM outbox
            WHERE channel = ? AND state = 'sent' AND ended_us > ? AND ended_us <= ?";
        let query = sqlx::query_scalar::<_, i64>(sql).bind(channel).bind(since.as_microsecond());
        let count = query.bind(until.as_microsecond()).fetch_one(self.readers()).await;
        count.map(|count| count as u64).map_err(|e| self.error(e))
    }

    /// One message in the place of several that wait; they end as joined. It may have arrived in part when one of them
    /// may have. `None`, and nothing is done, when one of them waits no more.
    pub async fn join_messages(
        &self,
        old: &[i64],
        message: &NewMessage,
        now: Timestamp,
    ) -> Result<Option<i64>, StoreError> {
        let mut transaction = self.begin().await?;
        let work = async {
            let id = insert(&mut transaction, message, now.as_microsecond()).await?;
            for one in old {
                let sql = "UPDATE outbox SET unsure = max(unsure, (SELECT unsure FROM outbox WHERE id = ?1)),
                    attempts = max(attempts, (SELECT attempts FROM outbox WHERE id = ?1)) WHERE id = ?2";
                sqlx::query(sql).bind(one).bind(id).execute(&mut *transaction).await?;
                let sql = "UPDATE outbox SET state = 'joined', joined = ?, ended_us = ?
                    WHERE id = ? AND state = 'waiting' AND channel = ?";
                let query = sqlx::query(sql).bind(id).bind(now.as_microsecond()).bind(one).bind(&*message.channel);
                if query.execute(&mut *transaction).await?.rows_affected() == 0 {
                    return Ok(None);
                }
            }
            Ok(Some(id))
        };
        let joined = work.await.map_err(|e| self.error(e))?;
        if joined.is_some() {
            transaction.commit().await.map_err(|e| self.error(e))?;
        }
        Ok(joined)
    }

    /// Marks a message as on its way; `false` when somebody else has it, or it waits no more.
    pub async fn begin_sending(&self, id: i64) -> Result<bool, StoreError> {
        let sql = "UPDATE outbox SET state = 'sending', attempts = attempts + 1 WHERE id = ? AND state = 'waiting'";
        let mut transaction = self.begin().await?;
        let done = sqlx::query(sql).bind(id).execute(&mut *transaction).await.map_err(|e| self.error(e))?;
        transaction.commit().await.map_err(|e| self.error(e))?;
        Ok(done.rows_affected() == 1)
    }

    /// Writes down how an attempt ended, and how the channel is since.
    pub async fn end_sending(
        &self,
        id: i64,
        end: &SendEnd,
        channel: &ChannelHealth,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (state, ended, error, next, unsure, provider) = match end {
            SendEnd::Sent { provider_id } => ("sent", Some(now), None, now, false, provider_id.clone()),
            SendEnd::Again { error, next, unsure } => ("waiting", None, Some(cut(error)), *next, *unsure, None),
            SendEnd::Dropped { error } => ("dropped", Some(now), Some(cut(error)), now, false, None),
        };
        let mut transaction = self.begin().await?;
        let sql = "UPDATE outbox SET state = ?, ended_us = ?, error = ?, next_us = ?, unsure = max(unsure, ?),
            provider_id = ? WHERE id = ? AND state = 'sending'";
        sqlx::query(sql)
            .bind(state)
            .bind(ended.map(Timestamp::as_microsecond))
            .bind(error)
            .bind(next.as_microsecond())
            .bind(i64::from(unsure))
            .bind(provider)
            .bind(id)
            .execute(&mut *transaction)
            .await
            .map_err(|e| self.error(e))?;
        keep(&mut transaction, channel).await.map_err(|e| self.error(e))?;
        transaction.commit().await.map_err(|e| self.error(e))
    }

    /// What a process that died was sending waits again, and may have arrived. Gives how many there are.
    pub async fn find_cut_messages(&self) -> Result<u64, StoreError> {
        let mut transaction = self.begin().await?;
        let sql = "UPDATE outbox SET state = 'waiting', unsure = 1, error = 'the program ended while it was sent'
            WHERE state = 'sending'";
        let done = sqlx::query(sql).execute(&mut *transaction).await.map_err(|e| self.error(e))?;
        transaction.commit().await.map_err(|e| self.error(e))?;
        Ok(done.rows_affected())
    }

    /// Messages of channels that are not among `names` end as dropped: nobody will ever send them.
    pub async fn drop_messages_of_others(&self, names: &[&str], now: Timestamp) -> Result<u64, StoreError> {
        let names = serde_json::to_string(names).map_err(|e| self.error(sqlx::Error::Encode(Box::new(e))))?;
        let mut transaction = self.begin().await?;
        let sql = "UPDATE outbox SET state = 'dropped', ended_us = ?, error = 'the channel is configured no more'
            WHERE state IN ('waiting', 'sending') AND channel NOT IN (SELECT value FROM json_each(?))";
        let done = sqlx::query(sql).bind(now.as_microsecond()).bind(names).execute(&mut *transaction).await;
        let dropped = done.map_err(|e| self.error(e))?.rows_affected();
        transaction.commit().await.map_err(|e| self.error(e))?;
        Ok(dropped)
    }

    /// How every channel is that ever sent something.
    pub async fn channels(&self) -> Result<Vec<ChannelHealth>, StoreError> {
        let sql = "SELECT name, fingerprint, state, since_us, failures, next_us, error FROM channels ORDER BY name";
        let rows = sqlx::query(sql).fetch_all(self.readers()).await.map_err(|e| self.error(e))?;
        rows.iter().map(health).collect::<Result<_, _>>().map_err(|e| self.error(e))
    }

    /// Writes down how a channel is.
    pub async fn set_channel(&self, channel: &ChannelHealth) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        keep(&mut transaction, channel).await.map_err(|e| self.error(e))?;
        transaction.commit().await.map_err(|e| self.error(e))
    }
}

async fn keep(transaction: &mut Writing, channel: &ChannelHealth) -> Result<(), sqlx::Error> {
    let sql = "INSERT INTO channels (name, fingerprint, state, since_us, failures, next_us, error)
        VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET fingerprint = excluded.fingerprint,
            state = excluded.state, since_us = excluded.since_us, failures = excluded.failures,
            next_us = excluded.next_us, error = excluded.error";
    sqlx::query(sql)
        .bind(&*channel.name)
        .bind(&*channel.fingerprint)
        .bind(channel.state.as_str())
        .bind(channel.since.as_microsecond())
        .bind(i64::from(channel.failures))
        .bind(channel.next.as_microsecond())
        .bind(channel.error.as_deref().map(cut))
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

fn health(row: &SqliteRow) -> Result<ChannelHealth, sqlx::Error> {
    let all = [ChannelState::Up, ChannelState::Down, ChannelState::Gone];
    Ok(ChannelHealth {
        name: row.try_get("name")?,
        fingerprint: row.try_get("fingerprint")?,
        state: row.one_of("state", &all, ChannelState::as_str)?,
        since: row.time("since_us")?,
        failures: row.try_get::<i64, _>("failures")? as u32,
        next: row.time("next_us")?,
        error: row.try_get("error")?,
    })
}

fn from_row(row: &SqliteRow) -> Result<OutboxMessage, sqlx::Error> {
    Ok(OutboxMessage {
        id: row.try_get("id")?,
        channel: row.try_get("channel")?,
        group: row.try_get("group_key")?,
        body: row.try_get("body")?,
        made: row.time("made_us")?,
        state: row.one_of("state", &OutboxState::ALL, OutboxState::as_str)?,
        unsure: row.try_get::<i64, _>("unsure")? != 0,
        attempts: row.try_get::<i64, _>("attempts")? as u32,
        next: row.time("next_us")?,
        ended: row.time_if("ended_us")?,
        error: row.try_get("error")?,
        provider_id: row.try_get("provider_id")?,
        joined: row.try_get("joined")?,
    })
}
