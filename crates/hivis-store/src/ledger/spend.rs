//! Money: booked before a call, settled after it, and never beyond a cap.

use hivis_types::Usd;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde::Serialize;
use sqlx::Row as _;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use crate::ledger::columns::RowExt as _;
use crate::{Ledger, StoreError};

/// What is about to be spent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSpend {
    /// What for: a purpose, a colon, and who is paid, such as `synth:cosmos`. Caps count a whole purpose.
    pub what: String,
    /// The order that it is for.
    pub batch: Option<i64>,
    /// The most that one unit can cost.
    pub each: Usd,
    /// How many units.
    pub units: u64,
    /// Whether a unit is a picture, for caps on pictures.
    pub pictures: bool,
}

/// The most of one period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Cap {
    /// Money.
    pub usd: Usd,
    /// Pictures.
    pub pictures: u64,
}

/// The most of a calendar week (from Monday 00:00 UTC) and of a calendar month (UTC).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Caps {
    /// Of a week.
    pub week: Cap,
    /// Of a month.
    pub month: Cap,
}

/// What a period has seen so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Settled, and booked where nothing is settled.
    pub usd: Usd,
    /// Pictures that were paid for.
    pub pictures: u64,
    /// How much of it is booked and not settled.
    pub open: Usd,
}

/// The tallies of the week and the month that a time lies in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Spent {
    /// Since Monday 00:00 UTC.
    pub week: Tally,
    /// Since the month's first day, 00:00 UTC.
    pub month: Tally,
}

/// What came of a booking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Booked {
    /// It is booked under this number: make the call, then settle.
    Booked(i64),
    /// It would go over a cap: nothing is booked.
    AtCap(AtCap),
}

/// The cap that is in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AtCap {
    /// `week` or `month`.
    pub period: &'static str,
    /// True when it is the money, false when it is the pictures.
    pub money: bool,
    /// What was spent in that period.
    pub spent: Tally,
    /// Its cap.
    pub cap: Cap,
    /// So many units would still fit under all caps.
    pub fits: u64,
}

impl std::fmt::Display for AtCap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (period, spent, cap) = (self.period, self.spent, self.cap);
        if self.money {
            write!(f, "cap of the {period} reached: {} of {}", spent.usd, cap.usd)
        } else {
            write!(f, "cap of the {period} reached: {} of {} paid pictures", spent.pictures, cap.pictures)
        }
    }
}

/// One booking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Booking {
    /// Its number.
    pub id: i64,
    /// What for.
    pub what: String,
    /// The order that it is for.
    pub batch: Option<i64>,
    /// When it was booked, UTC.
    pub at: Timestamp,
    /// The most that it can cost.
    pub booked: Usd,
    /// Pictures that were paid for.
    pub pictures: u64,
    /// When it was settled, UTC; `None` while nobody knows what it cost.
    pub settled_at: Option<Timestamp>,
    /// What it cost.
    pub settled: Option<Usd>,
    /// What is known of a call that did not end well.
    pub note: Option<String>,
}

impl Ledger {
    /// Books at most `each` times `units` micro-dollars, unless that goes over a cap of what the purpose may cost. One
    /// transaction that holds the write lock, so of two processes at once the second sees what the first booked.
    ///
    /// A period counts everything from its beginning on, also what a clock that was ahead wrote into the future: setting
    /// a clock back frees nothing.
    pub async fn book(&self, spend: &NewSpend, caps: &Caps, now: Timestamp) -> Result<Booked, StoreError> {
        let mut transaction = self.begin().await?;
        let spent = tallies(&mut transaction, purpose(&spend.what), now).await.map_err(|e| self.error(e))?;
        if let Some(cap) = in_the_way(spend, caps, &spent) {
            return Ok(Booked::AtCap(cap));
        }
        let sql = "INSERT INTO spend (what, booked_us, booked, pictures, batch) VALUES (?, ?, ?, ?, ?)";
        let done = sqlx::query(sql)
            .bind(&*spend.what)
            .bind(now.as_microsecond())
            .bind(total(spend).0)
            .bind(if spend.pictures { spend.units as i64 } else { 0 })
            .bind(spend.batch)
            .execute(&mut *transaction)
            .await
            .map_err(|e| self.error(e))?;
        transaction.commit().await.map_err(|e| self.error(e))?;
        Ok(Booked::Booked(done.last_insert_rowid()))
    }

    /// Writes down what a booking cost and how many pictures it paid for; `usd` may be more than was booked. Says false,
    /// and changes nothing, when there is no such booking or it is settled already.
    pub async fn settle(&self, id: i64, usd: Usd, pictures: u64, now: Timestamp) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let sql =
            "UPDATE spend SET settled_us = ?, settled = ?, pictures = ? WHERE id = ? AND settled_us IS NULL AND ? >= 0";
        let done = sqlx::query(sql)
            .bind(now.as_microsecond())
            .bind(usd.0)
            .bind(pictures as i64)
            .bind(id)
            .bind(usd.0)
            .execute(&mut *transaction)
            .await
            .map_err(|e| self.error(e))?;
        transaction.commit().await.map_err(|e| self.error(e))?;
        Ok(done.rows_affected() > 0)
    }

    /// Notes on an open booking why nobody knows what it cost. It goes on to count in full.
    pub async fn leave_open(&self, id: i64, why: &str) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let sql = "UPDATE spend SET note = ? WHERE id = ? AND settled_us IS NULL";
        sqlx::query(sql).bind(why).bind(id).execute(&mut *transaction).await.map_err(|e| self.error(e))?;
        transaction.commit().await.map_err(|e| self.error(e))
    }

    /// What a purpose such as `synth` cost in the week and the month of `now`.
    pub async fn spent(&self, purpose: &str, now: Timestamp) -> Result<Spent, StoreError> {
        let mut connection = self.readers().acquire().await.map_err(|e| self.error(e))?;
        tallies(&mut connection, purpose, now).await.map_err(|e| self.error(e))
    }

    /// The purposes that anything was ever booked for, sorted. Each costs one step down the index, however many bookings
    /// there are.
    pub async fn purposes(&self) -> Result<Vec<String>, StoreError> {
        let (sql, mut found, mut after) =
            ("SELECT what FROM spend WHERE what >= ? ORDER BY what LIMIT 1", Vec::new(), String::new());
        loop {
            let next = sqlx::query_scalar::<_, String>(sql).bind(&after).fetch_optional(self.readers()).await;
            let Some(what) = next.map_err(|e| self.error(e))? else { return Ok(found) };
            let name = purpose(&what).to_owned();
            after = span(&name).1;
            found.push(name);
        }
    }

    /// What a purpose cost on each UTC day since a time, days without a booking left out; what nobody settled counts as
    /// booked.
    pub async fn spent_by_day(&self, purpose: &str, since: Timestamp) -> Result<Vec<(Date, Usd)>, StoreError> {
        let sql = "SELECT booked_us / 86400000000 AS day, sum(coalesce(settled, booked)) AS micro FROM spend
            WHERE what >= ? AND what < ? AND booked_us >= ? GROUP BY day ORDER BY day";
        let (from, to) = span(purpose);
        let rows = sqlx::query(sql).bind(from).bind(to).bind(since.as_microsecond()).fetch_all(self.readers()).await;
        let read = |row: &SqliteRow| {
            let (day, micro): (i64, i64) = (row.try_get("day")?, row.try_get("micro")?);
            let at = Timestamp::from_second(day * 86_400).map_err(|error| sqlx::Error::Decode(error.into()))?;
            Ok((at.to_zoned(TimeZone::UTC).date(), Usd(micro)))
        };
        rows.and_then(|rows| rows.iter().map(read).collect()).map_err(|e| self.error(e))
    }

    /// Bookings of a purpose, newest first: all, or only those that nobody has settled.
    pub async fn bookings(&self, purpose: &str, open: bool, limit: u32) -> Result<Vec<Booking>, StoreError> {
        let sql = "SELECT id, what, booked_us, booked, pictures, settled_us, settled, batch, note FROM spend
            WHERE what >= ? AND what < ? AND (settled_us IS NULL OR NOT ?) ORDER BY id DESC LIMIT ?";
        let (from, to) = span(purpose);
        let query = sqlx::query(sql).bind(from).bind(to).bind(open).bind(limit);
        let rows = query.fetch_all(self.readers()).await;
        rows.and_then(|rows| rows.iter().map(booking).collect()).map_err(|e| self.error(e))
    }
}

/// What stands before the colon.
fn purpose(what: &str) -> &str {
    what.split_once(':').map_or(what, |(purpose, _)| purpose)
}

/// Everything of a purpose lies from the first text on and before the second: a semicolon follows the colon.
fn span(purpose: &str) -> (String, String) {
    (format!("{purpose}:"), format!("{purpose};"))
}

fn total(spend: &NewSpend) -> Usd {
    Usd(spend.each.0.saturating_mul(i64::try_from(spend.units).unwrap_or(i64::MAX)))
}

fn in_the_way(spend: &NewSpend, caps: &Caps, spent: &Spent) -> Option<AtCap> {
    let periods = [("week", spent.week, caps.week), ("month", spent.month, caps.month)];
    let money = |tally: &Tally, cap: &Cap| match spend.each.0 {
        0 => u64::MAX,
        each => (cap.usd.0.saturating_sub(tally.usd.0).max(0) / each) as u64,
    };
    let pictures = |tally: &Tally, cap: &Cap| {
        if spend.pictures { cap.pictures.saturating_sub(tally.pictures) } else { u64::MAX }
    };
    let fits = |(_, tally, cap): &(_, Tally, Cap)| money(tally, cap).min(pictures(tally, cap));
    let (period, tally, cap) = periods.into_iter().min_by_key(fits)?;
    let fits = fits(&(period, tally, cap));
    let by_money = money(&tally, &cap) <= pictures(&tally, &cap);
    (fits < spend.units).then_some(AtCap { period, money: by_money, spent: tally, cap, fits })
}

async fn tallies(connection: &mut SqliteConnection, purpose: &str, now: Timestamp) -> Result<Spent, sqlx::Error> {
    let today = now.to_zoned(TimeZone::UTC).date();
    let monday = today.saturating_sub(i64::from(today.weekday().to_monday_zero_offset()).days());
    let week = tally(connection, purpose, monday).await?;
    let month = tally(connection, purpose, today.first_of_month()).await?;
    Ok(Spent { week, month })
}

/// Everything from 00:00 UTC of a day on, without an end.
async fn tally(connection: &mut SqliteConnection, purpose: &str, since: Date) -> Result<Tally, sqlx::Error> {
    let since = since.to_zoned(TimeZone::UTC).map_or(i64::MIN, |time| time.timestamp().as_microsecond());
    let sql = "SELECT coalesce(sum(coalesce(settled, booked)), 0) AS usd, coalesce(sum(pictures), 0) AS pictures,
            coalesce(sum(CASE WHEN settled_us IS NULL THEN booked ELSE 0 END), 0) AS open
        FROM spend WHERE what >= ? AND what < ? AND booked_us >= ?";
    let (from, to) = span(purpose);
    let row = sqlx::query(sql).bind(from).bind(to).bind(since).fetch_one(connection).await?;
    Ok(Tally { usd: Usd(row.try_get("usd")?), pictures: row.unsigned("pictures")?, open: Usd(row.try_get("open")?) })
}

fn booking(row: &SqliteRow) -> Result<Booking, sqlx::Error> {
    Ok(Booking {
        id: row.try_get("id")?,
        what: row.try_get("what")?,
        batch: row.try_get("batch")?,
        at: row.time("booked_us")?,
        booked: Usd(row.try_get("booked")?),
        pictures: row.unsigned("pictures")?,
        settled_at: row.time_if("settled_us")?,
        settled: row.try_get::<Option<i64>, _>("settled")?.map(Usd),
        note: row.try_get("note")?,
    })
}
