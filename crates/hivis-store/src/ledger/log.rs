//! What the validators logged of us, and which of our records each row is about.
//!
//! A row is about a record when both have the same prediction, the record arrived shortly before the row was logged, and
//! the record's caller is the validator that the run names, when it names one. Exactly one record must fit, and no other
//! row may claim it: else the row is ambiguous and labels nothing.

use hivis_types::{Hotkey, Label, LabelSource};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use sqlx::{Row as _, SqliteConnection};

use crate::ledger::columns::RowExt as _;
use crate::ledger::labels;
use crate::{Ledger, StoreError, StoredLabel};

/// A validator logs its step once all answers are in (its timeout is 9 s) and scored; and clocks differ.
const BEFORE: SignedDuration = SignedDuration::from_secs(60);
/// A record may seem to arrive so long after its row was logged: clocks differ.
const AFTER: SignedDuration = SignedDuration::from_secs(5);
/// One step of an f32 just below 1, doubled: a logged prediction may have been through f32 arithmetic once more.
const SAME: f64 = 1.2e-7;

/// A run of the log, read for one of our registrations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRun {
    /// `entity/project`.
    pub project: String,
    /// The run's id in it.
    pub run: String,
    /// Our place on the subnet.
    pub uid: u16,
    /// Our key.
    pub hotkey: Hotkey,
    /// The validator that the run names.
    pub validator: Option<Hotkey>,
}

/// What one step of a run says of us. What was missing, or no finite number, is `None`.
#[derive(Clone, Debug, PartialEq)]
pub struct LogRow {
    /// Its number in the run.
    pub step: u64,
    /// When it was logged, by the validator's clock.
    pub at: Timestamp,
    /// What we answered; -1 for no answer.
    pub prediction: Option<f64>,
    /// What the answer earned, 0 to 1.
    pub reward: Option<f64>,
    /// Our moving average with this validator, 0 to 1.
    pub score: Option<f64>,
    /// Our accuracy in its window, 0 to 1.
    pub accuracy: Option<f64>,
    /// Our MCC in its window, -1 to 1.
    pub mcc: Option<f64>,
    /// What the picture shows.
    pub label: Option<Label>,
    /// The augmentation's level.
    pub level: Option<i64>,
}

/// A page of a run.
#[derive(Clone, Debug)]
pub struct LogPage {
    /// Its rows that are about us.
    pub rows: Vec<LogRow>,
    /// The first step that was not read.
    pub next_step: u64,
    /// The run's last sign of life, when this page ends it.
    pub heartbeat: Option<String>,
    /// When it was read, UTC: the time of the labels.
    pub at: Timestamp,
}

/// What became of a page's rows that were not there before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LogMatches {
    /// Rows.
    pub rows: u64,
    /// One record fits: it has the row's label now, where the row has one.
    pub matched: u64,
    /// Several records fit, or another row claims the same one: nothing was labelled.
    pub ambiguous: u64,
    /// No record fits.
    pub unmatched: u64,
    /// The validator had no answer of ours.
    pub unanswered: u64,
}

/// One logged challenge, as a report needs it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LogPoint {
    /// When it was logged.
    pub at: Timestamp,
    /// What it earned, when that was logged.
    pub reward: Option<f64>,
    /// Whether the validator had an answer.
    pub answered: bool,
    /// Whether the answer was right, when the label was logged and there was an answer.
    pub right: Option<bool>,
}

impl LogMatches {
    /// Counts both.
    pub fn add(&mut self, other: Self) {
        self.rows += other.rows;
        self.matched += other.matched;
        self.ambiguous += other.ambiguous;
        self.unmatched += other.unmatched;
        self.unanswered += other.unanswered;
    }
}

impl Ledger {
    /// How far a run was read: the first step that was not, and the run's sign of life when it was read to its end.
    pub async fn log_cursor(&self, run: &LogRun) -> Result<(u64, Option<String>), StoreError> {
        let sql = "SELECT next_step, heartbeat FROM log_runs WHERE project = ? AND run = ? AND uid = ? AND hotkey = ?";
        let row = sqlx::query(sql)
            .bind(&*run.project)
            .bind(&*run.run)
            .bind(i64::from(run.uid))
            .bind(run.hotkey.as_str())
            .fetch_optional(self.readers())
            .await
            .map_err(|e| self.error(e))?;
        let Some(row) = row else { return Ok((0, None)) };
        let read = || Ok((row.unsigned("next_step")?, row.try_get("heartbeat")?));
        read().map_err(|e| self.error(e))
    }

    /// Keeps a page, matches its new rows with our records and labels those, all or nothing. A row that is there already
    /// stays as it is, so a page may come twice.
    pub async fn keep_log_page(&self, run: &LogRun, page: &LogPage) -> Result<LogMatches, StoreError> {
        let mut transaction = self.begin().await?;
        let matches = keep(&mut transaction, run, page).await.map_err(|e| self.error(e))?;
        transaction.commit().await.map_err(|e| self.error(e))?;
        Ok(matches)
    }

    /// What was logged of one of our keys from a time on, oldest first.
    pub async fn log_points(&self, hotkey: &Hotkey, since: Timestamp) -> Result<Vec<LogPoint>, StoreError> {
        let sql = "SELECT l.at_us, l.reward, l.prediction, l.label FROM log_rows l JOIN log_runs r ON r.id = l.run
            WHERE r.hotkey = ? AND l.at_us >= ? ORDER BY l.at_us";
        let query = sqlx::query(sql).bind(hotkey.as_str()).bind(since.as_microsecond());
        let rows = query.fetch_all(self.readers()).await.map_err(|e| self.error(e))?;
        let point = |row: &sqlx::sqlite::SqliteRow| {
            let prediction: Option<f64> = row.try_get("prediction")?;
            let answer = prediction.filter(|p| (0.0..=1.0).contains(p));
            let label = row.label_if("label")?;
            Ok(LogPoint {
                at: row.time("at_us")?,
                reward: row.try_get("reward")?,
                answered: answer.is_some(),
                right: answer.zip(label).map(|(p, label)| Label::from_probability(p as f32) == label),
            })
        };
        rows.iter().map(point).collect::<Result<_, _>>().map_err(|e| self.error(e))
    }

    /// What became of all rows of one of our keys.
    pub async fn log_matches(&self, hotkey: &Hotkey) -> Result<LogMatches, StoreError> {
        let sql = "SELECT l.outcome, count(*) AS n FROM log_rows l JOIN log_runs r ON r.id = l.run
            WHERE r.hotkey = ? GROUP BY l.outcome";
        let rows = sqlx::query(sql).bind(hotkey.as_str()).fetch_all(self.readers()).await;
        let mut all = LogMatches::default();
        for row in rows.map_err(|e| self.error(e))? {
            let read = || Ok((row.try_get::<String, _>("outcome")?, row.unsigned("n")?));
            let (outcome, n) = read().map_err(|e| self.error(e))?;
            all.rows += n;
            match outcome.as_str() {
                "matched" => all.matched = n,
                "ambiguous" => all.ambiguous = n,
                "unanswered" => all.unanswered = n,
                _ => all.unmatched = n,
            }
        }
        Ok(all)
    }
}

async fn keep(connection: &mut SqliteConnection, run: &LogRun, page: &LogPage) -> Result<LogMatches, sqlx::Error> {
    let sql = "INSERT INTO log_runs (project, run, uid, hotkey, validator, next_step, heartbeat)
        VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (project, run, uid, hotkey) DO UPDATE SET
            validator = excluded.validator, next_step = max(next_step, excluded.next_step),
            heartbeat = coalesce(excluded.heartbeat, heartbeat)
        RETURNING id";
    let id: i64 = sqlx::query_scalar(sql)
        .bind(&*run.project)
        .bind(&*run.run)
        .bind(i64::from(run.uid))
        .bind(run.hotkey.as_str())
        .bind(run.validator.as_ref().map(Hotkey::as_str))
        .bind(page.next_step as i64)
        .bind(page.heartbeat.as_deref())
        .fetch_one(&mut *connection)
        .await?;
    let mut matches = LogMatches::default();
    for row in &page.rows {
        if !insert(connection, id, row).await? {
            continue;
        }
        matches.rows += 1;
        let (outcome, record) = judge(connection, run, (id, row), page.at).await?;
        match outcome {
            "matched" => matches.matched += 1,
            "ambiguous" => matches.ambiguous += 1,
            "unanswered" => matches.unanswered += 1,
            _ => matches.unmatched += 1,
        }
        sqlx::query("UPDATE log_rows SET outcome = ?, record = ? WHERE run = ? AND step = ?")
            .bind(outcome)
            .bind(record)
            .bind(id)
            .bind(row.step as i64)
            .execute(&mut *connection)
            .await?;
    }
    Ok(matches)
}

/// False when the row was there.
async fn insert(connection: &mut SqliteConnection, run: i64, row: &LogRow) -> Result<bool, sqlx::Error> {
    let sql = "INSERT INTO log_rows (run, step, at_us, prediction, reward, score, accuracy, mcc, label, level, outcome)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'unmatched') ON CONFLICT (run, step) DO NOTHING";
    let done = sqlx::query(sql)
        .bind(run)
        .bind(row.step as i64)
        .bind(row.at.as_microsecond())
        .bind(row.prediction)
        .bind(row.reward)
        .bind(row.score)
        .bind(row.accuracy)
        .bind(row.mcc)
        .bind(row.label.map(Label::as_u8))
        .bind(row.level)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// What a row is about; the record that fits gets its label.
async fn judge(
    connection: &mut SqliteConnection,
    run: &LogRun,
    (id, row): (i64, &LogRow),
    now: Timestamp,
) -> Result<(&'static str, Option<i64>), sqlx::Error> {
    let Some(prediction) = row.prediction.filter(|p| (0.0..=1.0).contains(p)) else { return Ok(("unanswered", None)) };
    let validator = run.validator.as_ref().map(Hotkey::as_str);
    let sql = "SELECT seq FROM records WHERE arrived_us BETWEEN ? AND ? AND prediction BETWEEN ? AND ?
        AND silence IS NULL AND (? IS NULL OR hotkey = ?) LIMIT 2";
    let fits: Vec<i64> = sqlx::query_scalar(sql)
        .bind(row.at.as_microsecond().saturating_sub(BEFORE.as_micros() as i64))
        .bind(row.at.as_microsecond().saturating_add(AFTER.as_micros() as i64))
        .bind(prediction - SAME)
        .bind(prediction + SAME)
        .bind(validator)
        .bind(validator)
        .fetch_all(&mut *connection)
        .await?;
    let record = match fits[..] {
        [] => return Ok(("unmatched", None)),
        [record] => record,
        _ => return Ok(("ambiguous", None)),
    };
    let sql = "UPDATE log_rows SET outcome = 'ambiguous' WHERE record = ? AND NOT (run = ? AND step = ?)";
    let others = sqlx::query(sql).bind(record).bind(id).bind(row.step as i64).execute(&mut *connection).await?;
    if others.rows_affected() > 0 {
        labels::withdraw(connection, record, LabelSource::ValidatorLog).await?;
        return Ok(("ambiguous", Some(record)));
    }
    if let Some(label) = row.label {
        let label = StoredLabel { label, source: LabelSource::ValidatorLog, confidence: 1.0, at: now };
        labels::upsert(connection, record, &label).await?;
    }
    Ok(("matched", Some(record)))
}
