//! Rank as others see it, and the subnet around us.

use hivis_types::Hotkey;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::ledger::columns::RowExt as _;
use crate::{Ledger, StoreError};

/// The subnet at one block, without us.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SubnetReading {
    /// The subnet.
    pub netuid: u16,
    /// The block.
    pub block: u64,
    /// When it was read, UTC.
    pub at: Timestamp,
    /// How many miners there were.
    pub miners: u16,
    /// Those with an incentive.
    pub earning: u16,
    /// Their median incentive, 0 when nobody had one.
    pub median_incentive: f64,
    /// Neurons that were registered in the day before.
    pub registered: u16,
}

/// Who may act as a validator, from a block on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ValidatorSet {
    /// The first block at which it was seen.
    pub block: u64,
    /// When, UTC.
    pub at: Timestamp,
    /// Their keys, sorted.
    pub hotkeys: Vec<Hotkey>,
}

/// Our neuron as somebody else sees it, on one day.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SeenRank {
    /// The subnet.
    pub netuid: u16,
    /// The key whose neuron it is.
    pub hotkey: Hotkey,
    /// Who sees it so, such as `taostats`.
    pub source: String,
    /// The time of the block, UTC; its day is the row's.
    pub at: Timestamp,
    /// The block.
    pub block: u64,
    /// Share of the miners' emission, 0 to 1.
    pub incentive: f64,
    /// Alpha of the last payout, in rao.
    pub emission_rao: u64,
    /// Its rank among the miners; `None` when the others were not asked for.
    pub rank: Option<u16>,
    /// How many miners there were.
    pub miners: Option<u16>,
}

impl SeenRank {
    fn day(&self) -> String {
        self.at.to_zoned(TimeZone::UTC).date().to_string()
    }
}

impl Ledger {
    /// Keeps a reading of the subnet, unless one of less than `apart` blocks before is kept; and who validates, where that
    /// changed. Says whether the reading was kept.
    pub async fn keep_subnet(
        &self,
        reading: &SubnetReading,
        validators: &[Hotkey],
        apart: u64,
    ) -> Result<bool, StoreError> {
        let mut sorted: Vec<&str> = validators.iter().map(Hotkey::as_str).collect();
        sorted.sort_unstable();
        let hotkeys = serde_json::to_string(&sorted).expect("texts are JSON: this is a bug");
        let mut transaction = self.begin().await?;
        let (netuid, block) = (i64::from(reading.netuid), reading.block as i64);
        let last: Option<i64> =
            sqlx::query_scalar("SELECT max(block) FROM subnet_readings WHERE netuid = ? AND block <= ?")
                .bind(netuid)
                .bind(block)
                .fetch_one(&mut *transaction)
                .await
                .map_err(|e| self.error(e))?;
        let kept = last.is_none_or(|last| last != block && block - last >= apart as i64);
        if kept {
            let sql =
                "INSERT INTO subnet_readings (netuid, block, at_us, miners, earning, median_incentive, registered)
                VALUES (?, ?, ?, ?, ?, ?, ?)";
            sqlx::query(sql)
                .bind(netuid)
                .bind(block)
                .bind(reading.at.as_microsecond())
                .bind(i64::from(reading.miners))
                .bind(i64::from(reading.earning))
                .bind(reading.median_incentive)
                .bind(i64::from(reading.registered))
                .execute(&mut *transaction)
                .await
                .map_err(|e| self.error(e))?;
        }
        let sql = "SELECT hotkeys FROM validator_sets WHERE netuid = ? AND block <= ? ORDER BY block DESC LIMIT 1";
        let before: Option<String> = sqlx::query_scalar(sql)
            .bind(netuid)
            .bind(block)
            .fetch_optional(&mut *transaction)
            .await
            .map_err(|e| self.error(e))?;
        if before.as_deref() != Some(&hotkeys) {
            let sql = "INSERT INTO validator_sets (netuid, block, at_us, hotkeys) VALUES (?, ?, ?, ?)
                ON CONFLICT DO NOTHING";
            sqlx::query(sql)
                .bind(netuid)
                .bind(block)
                .bind(reading.at.as_microsecond())
                .bind(hotkeys)
                .execute(&mut *transaction)
                .await
                .map_err(|e| self.error(e))?;
        }
        transaction.commit().await.map_err(|e| self.error(e))?;
        Ok(kept)
    }

    /// The subnet from a time on, oldest first.
    pub async fn subnet_readings(&self, netuid: u16, since: Timestamp) -> Result<Vec<SubnetReading>, StoreError> {
        let sql = "SELECT netuid, block, at_us, miners, earning, median_incentive, registered FROM subnet_readings
            WHERE netuid = ? AND at_us >= ? ORDER BY block";
        let query = sqlx::query(sql).bind(i64::from(netuid)).bind(since.as_microsecond());
        let read = |row: &SqliteRow| {
            Ok(SubnetReading {
                netuid,
                block: row.unsigned("block")?,
                at: row.time("at_us")?,
                miners: row.try_get::<i64, _>("miners")? as u16,
                earning: row.try_get::<i64, _>("earning")? as u16,
                median_incentive: row.try_get("median_incentive")?,
                registered: row.try_get::<i64, _>("registered")? as u16,
            })
        };
        let rows = query.fetch_all(self.readers()).await;
        rows.and_then(|rows| rows.iter().map(read).collect()).map_err(|e| self.error(e))
    }

    /// Who validated since a time, oldest first; the first is the set that was in force then.
    pub async fn validator_sets(&self, netuid: u16, since: Timestamp) -> Result<Vec<ValidatorSet>, StoreError> {
        let sql = "SELECT block, at_us, hotkeys FROM validator_sets WHERE netuid = ? AND block >= coalesce(
            (SELECT max(block) FROM validator_sets WHERE netuid = ? AND at_us <= ?), 0) ORDER BY block";
        let query = sqlx::query(sql).bind(i64::from(netuid)).bind(i64::from(netuid)).bind(since.as_microsecond());
        let read = |row: &SqliteRow| {
            let keys: Vec<String> = row.json("hotkeys")?;
            let hotkeys = keys.into_iter().map(Hotkey::new).collect();
            Ok(ValidatorSet { block: row.unsigned("block")?, at: row.time("at_us")?, hotkeys })
        };
        let rows = query.fetch_all(self.readers()).await;
        rows.and_then(|rows| rows.iter().map(read).collect()).map_err(|e| self.error(e))
    }

    /// Keeps what others see, the newest of each UTC day; a word without a rank never takes the place of one with it.
    pub async fn keep_seen_ranks(&self, seen: &[SeenRank]) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        for rank in seen {
            let sql = "INSERT INTO seen_ranks (netuid, hotkey, source, day, at_us, block, incentive, emission_rao, miner_rank, miners)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (netuid, hotkey, source, day) DO UPDATE SET
                at_us = excluded.at_us, block = excluded.block, incentive = excluded.incentive,
                emission_rao = excluded.emission_rao, miner_rank = excluded.miner_rank, miners = excluded.miners
                WHERE excluded.block >= block AND (excluded.miner_rank IS NOT NULL OR miner_rank IS NULL)";
            sqlx::query(sql)
                .bind(i64::from(rank.netuid))
                .bind(rank.hotkey.as_str())
                .bind(&*rank.source)
                .bind(rank.day())
                .bind(rank.at.as_microsecond())
                .bind(rank.block as i64)
                .bind(rank.incentive)
                .bind(rank.emission_rao as i64)
                .bind(rank.rank.map(i64::from))
                .bind(rank.miners.map(i64::from))
                .execute(&mut *transaction)
                .await
                .map_err(|e| self.error(e))?;
        }
        transaction.commit().await.map_err(|e| self.error(e))
    }

    /// What others saw of a key from a time on, oldest first.
    pub async fn seen_ranks(
        &self,
        netuid: u16,
        hotkey: &Hotkey,
        since: Timestamp,
    ) -> Result<Vec<SeenRank>, StoreError> {
        let sql = "SELECT source, at_us, block, incentive, emission_rao, miner_rank, miners FROM seen_ranks
            WHERE netuid = ? AND hotkey = ? AND at_us >= ? ORDER BY at_us, source";
        let query = sqlx::query(sql).bind(i64::from(netuid)).bind(hotkey.as_str()).bind(since.as_microsecond());
        let read = |row: &SqliteRow| {
            Ok(SeenRank {
                netuid,
                hotkey: hotkey.clone(),
                source: row.try_get("source")?,
                at: row.time("at_us")?,
                block: row.unsigned("block")?,
                incentive: row.try_get("incentive")?,
                emission_rao: row.unsigned("emission_rao")?,
                rank: row.try_get::<Option<i64>, _>("miner_rank")?.map(|rank| rank as u16),
                miners: row.try_get::<Option<i64>, _>("miners")?.map(|miners| miners as u16),
            })
        };
        let rows = query.fetch_all(self.readers()).await;
        rows.and_then(|rows| rows.iter().map(read).collect()).map_err(|e| self.error(e))
    }
}
