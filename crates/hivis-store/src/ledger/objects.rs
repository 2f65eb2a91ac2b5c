//! The rows of pictures: what is in the home, and what may go.

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

use crate::ledger::columns::RowExt as _;
use crate::{Ledger, Md5, ObjectId, Put, StoreError};

/// True for a picture `o` that something names, so that retention leaves it: a record's label, an imported data set, a
/// generator's order, a pick, a review, a version.
const NAMED: &str = "(EXISTS (SELECT 1 FROM records r JOIN labels l ON l.record = r.seq WHERE r.sha256 = o.sha256)
    OR EXISTS (SELECT 1 FROM pictures p WHERE p.sha256 = o.sha256)
    OR EXISTS (SELECT 1 FROM generated g WHERE g.sha256 = o.sha256)
    OR EXISTS (SELECT 1 FROM picks k WHERE k.sha256 = o.sha256)
    OR EXISTS (SELECT 1 FROM reviews v WHERE v.sha256 = o.sha256)
    OR EXISTS (SELECT 1 FROM version_pictures w WHERE w.sha256 = o.sha256))";

/// Microseconds of a day.
const DAY_US: i64 = 86_400_000_000;

/// One picture's row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ObjectRow {
    pub(crate) id: ObjectId,
    pub(crate) md5: Md5,
    pub(crate) bytes: u64,
}

/// A record's claim on a picture.
pub(crate) struct Sighting {
    pub(crate) put: Put,
    pub(crate) bytes: usize,
    pub(crate) arrived_us: i64,
    /// `|probability - 0.5|`, 0.5 when nothing was judged.
    pub(crate) sureness: f64,
}

/// Writes that a record shows a picture; false when another picture with this MD5 has a row.
pub(crate) async fn upsert(connection: &mut SqliteConnection, seen: &Sighting) -> Result<bool, sqlx::Error> {
    let sql = "INSERT INTO objects (sha256, md5, bytes, last_us, sureness) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (sha256) DO UPDATE SET
            removed_us = NULL,
            last_us = CASE WHEN excluded.last_us > last_us THEN excluded.last_us ELSE last_us END,
            sureness = CASE WHEN excluded.sureness < sureness THEN excluded.sureness ELSE sureness END
        ON CONFLICT (md5) DO NOTHING";
    let done = sqlx::query(sql)
        .bind(seen.put.id.0.to_vec())
        .bind(seen.put.md5.0.to_vec())
        .bind(seen.bytes as i64)
        .bind(seen.arrived_us)
        .bind(seen.sureness)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Which pictures retention may take next.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Candidates {
    /// Last seen before this time, oldest first.
    SeenBefore(Timestamp),
    /// Of the oldest day that still has some: surest first, until so many bytes are gone.
    OldestDay { bytes: u64 },
}

/// Pictures that may go, in their order.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Which.
    pub(crate) ids: Vec<ObjectId>,
    /// After the newest of them: one that was seen since at this time or later stays.
    pub(crate) before_us: i64,
}

impl Ledger {
    /// Bytes of all pictures that are in the home.
    pub(crate) async fn kept_bytes(&self) -> Result<u64, StoreError> {
        let sql = "SELECT coalesce(sum(bytes), 0) FROM objects WHERE removed_us IS NULL";
        let bytes: i64 = sqlx::query_scalar(sql).fetch_one(self.readers()).await.map_err(|e| self.error(e))?;
        Ok(bytes as u64)
    }

    /// At most `limit` pictures that may go. Reading them costs a look at every picture of the day, so a plan is worth
    /// many steps.
    pub(crate) async fn may_go(&self, which: Candidates, limit: u32) -> Result<Plan, StoreError> {
        let mut reader = self.readers().acquire().await.map_err(|e| self.error(e))?;
        may_go(&mut reader, which, limit).await.map_err(|e| self.error(e))
    }

    /// Takes those of a plan's pictures that may still go out of the ledger, in one transaction. Their files are to be
    /// removed after it.
    pub(crate) async fn take_out(
        &self,
        ids: &[ObjectId],
        before_us: i64,
        now: Timestamp,
    ) -> Result<Vec<ObjectRow>, StoreError> {
        let mut transaction = self.begin().await?;
        let taken = take_out(&mut transaction, ids, before_us, now).await.map_err(|e| self.error(e))?;
        transaction.commit().await.map_err(|e| self.error(e))?;
        Ok(taken)
    }

    /// True when a picture with this MD5 has a row and was not removed.
    pub(crate) async fn names(&self, md5: Md5) -> Result<bool, StoreError> {
        let sql = "SELECT count(*) FROM objects WHERE md5 = ? AND removed_us IS NULL";
        let rows = sqlx::query_scalar::<_, i64>(sql).bind(md5.0.to_vec()).fetch_one(self.readers()).await;
        Ok(rows.map_err(|e| self.error(e))? > 0)
    }

    /// The pictures in the home whose MD5 begins with this byte.
    pub(crate) async fn objects_with_prefix(&self, first: u8) -> Result<Vec<ObjectRow>, StoreError> {
        let sql = "SELECT sha256, md5, bytes FROM objects WHERE removed_us IS NULL AND md5 BETWEEN ? AND ?";
        let (mut low, mut high) = (vec![0; 16], vec![0xFF; 16]);
        (low[0], high[0]) = (first, first);
        let rows = sqlx::query(sql).bind(low).bind(high).fetch_all(self.readers()).await;
        rows.and_then(|rows| rows.iter().map(object_row).collect()).map_err(|e| self.error(e))
    }
}

async fn may_go(connection: &mut SqliteConnection, which: Candidates, limit: u32) -> Result<Plan, sqlx::Error> {
    let select = format!("SELECT sha256, bytes, last_us FROM objects o WHERE removed_us IS NULL AND NOT {NAMED}");
    let oldest_first = format!("{select} AND last_us < ? ORDER BY last_us LIMIT ?");
    match which {
        Candidates::SeenBefore(time) => {
            let before_us = time.as_microsecond();
            let rows = fetch(connection, &oldest_first, before_us, limit).await?;
            Ok(Plan { ids: rows.iter().map(|row| row.object("sha256")).collect::<Result<_, _>>()?, before_us })
        }
        Candidates::OldestDay { bytes } => {
            let oldest = fetch(connection, &oldest_first, i64::MAX, 1).await?;
            let Some(oldest) = oldest.first() else { return Ok(Plan { ids: Vec::new(), before_us: i64::MIN }) };
            let day = oldest.try_get::<i64, _>("last_us")?.div_euclid(DAY_US);
            let before_us = day.saturating_add(1).saturating_mul(DAY_US);
            let surest_first = format!("{select} AND last_us < ? ORDER BY sureness DESC, last_us, sha256 LIMIT ?");
            let (mut ids, mut gone, mut newest) = (Vec::new(), 0, i64::MIN);
            for row in fetch(connection, &surest_first, before_us, limit).await? {
                if gone >= bytes {
                    break;
                }
                gone += row.unsigned("bytes")?;
                newest = newest.max(row.try_get("last_us")?);
                ids.push(row.object("sha256")?);
            }
            Ok(Plan { ids, before_us: newest.saturating_add(1) })
        }
    }
}

async fn fetch(
    connection: &mut SqliteConnection,
    sql: &str,
    before_us: i64,
    limit: u32,
) -> Result<Vec<SqliteRow>, sqlx::Error> {
    // Made of the constants above only.
    sqlx::query(sqlx::AssertSqlSafe(sql)).bind(before_us).bind(limit).fetch_all(connection).await
}

async fn take_out(
    connection: &mut SqliteConnection,
    ids: &[ObjectId],
    before_us: i64,
    now: Timestamp,
) -> Result<Vec<ObjectRow>, sqlx::Error> {
    let sql = format!(
        "UPDATE objects AS o SET removed_us = ? WHERE sha256 = ? AND removed_us IS NULL AND last_us < ? AND NOT {NAMED}
         RETURNING sha256, md5, bytes"
    );
    let mut taken = Vec::new();
    for id in ids {
        let query = sqlx::query(sqlx::AssertSqlSafe(sql.as_str()));
        let query = query.bind(now.as_microsecond()).bind(id.0.to_vec()).bind(before_us);
        let row = query.fetch_optional(&mut *connection).await?;
        taken.extend(row.as_ref().map(object_row).transpose()?);
    }
    Ok(taken)
}

fn object_row(row: &SqliteRow) -> Result<ObjectRow, sqlx::Error> {
    Ok(ObjectRow { id: row.object("sha256")?, md5: row.md5("md5")?, bytes: row.unsigned("bytes")? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Home;

    /// Picture number `n`, last seen at `10 * n` microseconds, the surer the larger its number.
    async fn put(ledger: &Ledger, n: u8) -> ObjectId {
        let id = ObjectId([n; 32]);
        let mut transaction = ledger.begin().await.unwrap();
        let put = Put { id, md5: Md5([n; 16]), new: true };
        let seen = Sighting { put, bytes: 100, arrived_us: 10 * i64::from(n), sureness: f64::from(n) / 20.0 };
        assert!(upsert(&mut transaction, &seen).await.unwrap());
        transaction.commit().await.unwrap();
        id
    }

    async fn run(ledger: &Ledger, sql: &'static str, id: ObjectId) {
        let mut transaction = ledger.begin().await.unwrap();
        sqlx::query(sql).bind(id.0.to_vec()).execute(&mut *transaction).await.unwrap();
        transaction.commit().await.unwrap();
    }

    #[tokio::test]
    async fn what_was_seen_or_named_since_the_look_stays() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Home::open_or_create(folder.path()).unwrap().ledger().await.unwrap();
        for n in 1..=6 {
            put(&ledger, n).await;
        }
        let plan = ledger.may_go(Candidates::OldestDay { bytes: 450 }, 10).await.unwrap();
        assert_eq!(plan.ids, [6, 5, 4, 3, 2].map(|n| ObjectId([n; 32])), "surest first, as many as are too many");
        let again = "UPDATE objects SET last_us = 61 WHERE sha256 = ?";
        let named =
            "INSERT INTO reviews (sha256, why, priority, queued_us, wanted, state) VALUES (?, 'hard', 0, 0, 1, 'open')";
        run(&ledger, again, ObjectId([5; 32])).await;
        run(&ledger, named, ObjectId([4; 32])).await;
        let now = Timestamp::UNIX_EPOCH;
        let mut taken = ledger.take_out(&plan.ids[..4], plan.before_us, now).await.unwrap();
        assert_eq!(taken.iter().map(|row| row.id).collect::<Vec<_>>(), [6, 3].map(|n| ObjectId([n; 32])));
        // Twice takes nothing twice.
        taken = ledger.take_out(&plan.ids, plan.before_us, now).await.unwrap();
        assert_eq!(taken.iter().map(|row| row.id).collect::<Vec<_>>(), [ObjectId([2; 32])]);
    }
}
