//! One round: what holds is compared with what held, and what follows is queued, in one transaction.

use std::collections::{BTreeMap, BTreeSet};

use hivis_types::{Alert, Severity};
use jiff::{SignedDuration, Timestamp};
use sqlx::Row as _;

use super::outbox::{NewMessage, insert};
use super::{COLUMNS, StoredAlert, cut, from_row, severity};
use crate::ledger::columns::RowExt as _;
use crate::ledger::writing::Writing;
use crate::{Ledger, StoreError};

/// Alerts that one round looks at, at most.
const MOST: usize = 1_000;

/// What a round found.
#[derive(Clone, Copy, Debug)]
pub struct AlertRound<'a> {
    /// Everything that holds.
    pub found: &'a [Alert],
    /// Rules that cannot say yet whether they hold, such as after a start: their alerts stay as they are.
    pub unripe: &'a BTreeSet<String>,
    /// Now, UTC.
    pub now: Timestamp,
}

/// When an alert is the same one again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlertTimes {
    /// What comes back within this time of its end is the same alert, which flaps.
    pub reopen: SignedDuration,
    /// And what comes back within this time keeps its acknowledgement.
    pub keep_ack: SignedDuration,
    /// What has been over for longer is not looked at any more.
    pub look_back: SignedDuration,
}

/// What a channel was last told of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlertTold {
    /// When.
    pub at: Timestamp,
    /// That it holds; or else that it is over.
    pub firing: bool,
    /// How much it hurt then.
    pub severity: Severity,
}

/// What messages are decided from.
#[derive(Clone, Debug, Default)]
pub struct AlertState {
    /// What holds, and what was over a while ago.
    pub alerts: Vec<StoredAlert>,
    /// By channel and alert: what it was told.
    pub told: BTreeMap<(String, i64), AlertTold>,
    /// By channel and group: when a message was last made.
    pub groups: BTreeMap<(String, String), Timestamp>,
}

impl Ledger {
    /// Writes down what holds, asks `decide` what is to be said of it, and queues that. Gives the numbers of the new
    /// messages.
    pub async fn alert_round(
        &self,
        round: AlertRound<'_>,
        times: AlertTimes,
        decide: impl FnOnce(&AlertState) -> Vec<NewMessage> + Send,
    ) -> Result<Vec<i64>, StoreError> {
        let mut transaction = self.begin().await?;
        let work = async {
            let now = round.now.as_microsecond();
            let mut found: BTreeMap<String, &Alert> = BTreeMap::new();
            for alert in round.found.iter().take(MOST) {
                found.entry(alert.key()).or_insert(alert);
            }
            resolve(&mut transaction, &found, round).await?;
            for (key, alert) in &found {
                note(&mut transaction, key, alert, times, now).await?;
            }
            let state = state(&mut transaction, round.now, times).await?;
            let mut made = Vec::new();
            for message in decide(&state) {
                made.push(insert(&mut transaction, &message, now).await?);
            }
            Ok(made)
        };
        let made = work.await.map_err(|e| self.error(e))?;
        transaction.commit().await.map_err(|e| self.error(e))?;
        Ok(made)
    }
}

/// Ends what holds no more.
async fn resolve(
    transaction: &mut Writing,
    found: &BTreeMap<String, &Alert>,
    round: AlertRound<'_>,
) -> Result<(), sqlx::Error> {
    let rows = sqlx::query("SELECT id, key, rule FROM alerts WHERE resolved_us IS NULL");
    for row in rows.fetch_all(&mut **transaction).await? {
        let (id, key, rule): (i64, String, String) = (row.try_get("id")?, row.try_get("key")?, row.try_get("rule")?);
        if found.contains_key(&key) || round.unripe.contains(&rule) {
            continue;
        }
        let sql = "UPDATE alerts SET resolved_us = ? WHERE id = ?";
        sqlx::query(sql).bind(round.now.as_microsecond()).bind(id).execute(&mut **transaction).await?;
    }
    Ok(())
}

/// Opens an alert, or says that it still holds.
async fn note(
    transaction: &mut Writing,
    key: &str,
    alert: &Alert,
    times: AlertTimes,
    now: i64,
) -> Result<(), sqlx::Error> {
    let newest = "SELECT id, severity, resolved_us FROM alerts WHERE key = ? ORDER BY id DESC LIMIT 1";
    let newest = sqlx::query(newest).bind(key).fetch_optional(&mut **transaction).await?;
    let value = Some(alert.value).filter(|value| value.is_finite());
    if let Some(row) = newest {
        let (id, old, ended): (i64, Severity, Option<i64>) =
            (row.try_get("id")?, severity(&row)?, row.try_get("resolved_us")?);
        // An end that lies ahead was written by a wrong clock; it counts as one of this moment.
        let over = ended.map(|ended| now.saturating_sub(ended).max(0));
        if over.is_none_or(|over| over <= times.reopen.as_micros() as i64) {
            let forgets = over.is_some_and(|over| over > times.keep_ack.as_micros() as i64) || alert.severity > old;
            let sql =
                "UPDATE alerts SET severity = ?, summary = ?, value = ?, runbook = ?, since_us = min(since_us, ?),
                    seen_us = ?, resolved_us = NULL, flaps = flaps + ?, ack_by = iif(?8, NULL, ack_by),
                    ack_us = iif(?8, NULL, ack_us), ack_note = iif(?8, NULL, ack_note),
                    ack_until_us = iif(?8, NULL, ack_until_us)
                WHERE id = ?9";
            sqlx::query(sql)
                .bind(alert.severity.as_str())
                .bind(cut(&alert.summary))
                .bind(value)
                .bind(cut(&alert.runbook))
                .bind(alert.since.as_microsecond())
                .bind(now)
                .bind(i64::from(over.is_some()))
                .bind(forgets)
                .bind(id)
                .execute(&mut **transaction)
                .await?;
            return Ok(());
        }
    }
    let sql =
        "INSERT INTO alerts (key, rule, labels, severity, summary, value, runbook, since_us, opened_us, seen_us, flaps)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?9, ?9, 0)";
    sqlx::query(sql)
        .bind(key)
        .bind(&*alert.rule)
        .bind(serde_json::to_string(&alert.labels).map_err(|error| sqlx::Error::Encode(Box::new(error)))?)
        .bind(alert.severity.as_str())
        .bind(cut(&alert.summary))
        .bind(value)
        .bind(cut(&alert.runbook))
        .bind(alert.since.as_microsecond())
        .bind(now)
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

/// What messages are decided from.
async fn state(transaction: &mut Writing, now: Timestamp, times: AlertTimes) -> Result<AlertState, sqlx::Error> {
    let since = now.saturating_sub(times.look_back).unwrap_or(Timestamp::MIN).as_microsecond();
    let mut state = AlertState::default();
    for chosen in ["resolved_us IS NULL", "resolved_us >= ?"] {
        let text = format!("{COLUMNS} WHERE {chosen} ORDER BY id DESC LIMIT {MOST}");
        let mut query = sqlx::query(sqlx::AssertSqlSafe(text));
        if chosen.contains('?') {
            query = query.bind(since);
        }
        for row in query.fetch_all(&mut **transaction).await? {
            state.alerts.push(from_row(&row)?);
        }
    }
    state.alerts.sort_by_key(|alert| alert.id);
    let oldest = state.alerts.first().map_or(i64::MAX, |alert| alert.id);
    let sql = "SELECT channel, alert, at_us, firing, severity FROM alerts_told WHERE alert >= ?";
    for row in sqlx::query(sql).bind(oldest).fetch_all(&mut **transaction).await? {
        let told = AlertTold {
            at: row.time("at_us")?,
            firing: row.try_get::<i64, _>("firing")? != 0,
            severity: severity(&row)?,
        };
        state.told.insert((row.try_get("channel")?, row.try_get("alert")?), told);
    }
    let sql = "SELECT channel, group_key, max(made_us) AS made_us FROM outbox WHERE made_us >= ?
        GROUP BY channel, group_key";
    for row in sqlx::query(sql).bind(since).fetch_all(&mut **transaction).await? {
        state.groups.insert((row.try_get("channel")?, row.try_get("group_key")?), row.time("made_us")?);
    }
    Ok(state)
}
