//! Readings of our neuron on the chain: what it earned at each payout that was looked at.

use hivis_types::Hotkey;
use jiff::Timestamp;
use serde::Serialize;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::ledger::columns::RowExt as _;
use crate::{Ledger, StoreError};

/// Our neuron at one block.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NeuronReading {
    /// The subnet.
    pub netuid: u16,
    /// The key whose neuron it is.
    pub hotkey: Hotkey,
    /// The block.
    pub block: u64,
    /// When it was read, UTC.
    pub at: Timestamp,
    /// The neuron's place.
    pub uid: u16,
    /// The subnet's tempo at this block, in blocks.
    pub tempo: u32,
    /// The block of its registration.
    pub registered_at: u64,
    /// Share of the miners' emission, 0 to 1.
    pub incentive: f64,
    /// Its rank among the miners, 1 for the best; `None` when it is none.
    pub rank: Option<u16>,
    /// How many miners there were.
    pub miners: u16,
    /// Alpha of the last payout, in rao (10^-9).
    pub emission_rao: u64,
    /// Alpha staked to it, in rao.
    pub stake_rao: u64,
    /// TAO for one alpha, in rao; `None` when it was not known.
    pub price_rao: Option<u64>,
}

impl NeuronReading {
    /// The number of the payout that this reading shows: the subtensor pays a subnet in each block where
    /// `(block + netuid + 2) % (tempo + 1)` is 0 (`blocks_until_next_epoch`).
    pub fn payout(&self) -> u64 {
        self.payout_at(self.block)
    }

    /// The number of the last payout at or before `block`.
    pub fn payout_at(&self, block: u64) -> u64 {
        (block + u64::from(self.netuid) + 2) / (u64::from(self.tempo) + 1)
    }

    /// The block of the payout that this reading shows; 0 for one before the chain's first block.
    pub fn payout_block(&self) -> u64 {
        (self.payout() * (u64::from(self.tempo) + 1)).saturating_sub(u64::from(self.netuid) + 2)
    }
}

const COLUMNS: &str = "SELECT netuid, hotkey, block, at_us, uid, tempo, registered_at, incentive, miner_rank, miners,
    emission_rao, stake_rao, price_rao FROM neuron_readings";

impl Ledger {
    /// Keeps a reading, unless one of the same payout is kept already: one may ask as often as one likes. Says whether it
    /// was kept.
    pub async fn keep_reading(&self, reading: &NeuronReading) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let sql = sqlx::AssertSqlSafe(format!(
            "{COLUMNS} WHERE netuid = ? AND hotkey = ? AND block <= ? ORDER BY block DESC LIMIT 1"
        ));
        let last = sqlx::query(sql)
            .bind(i64::from(reading.netuid))
            .bind(reading.hotkey.as_str())
            .bind(reading.block as i64)
            .fetch_optional(&mut *transaction)
            .await
            .map_err(|e| self.error(e))?;
        let last = last.as_ref().map(from_row).transpose().map_err(|e| self.error(e))?;
        let same = |last: &NeuronReading| {
            let term =
                (last.tempo, last.uid, last.registered_at) == (reading.tempo, reading.uid, reading.registered_at);
            last.block == reading.block || (term && last.payout() == reading.payout())
        };
        if last.as_ref().is_some_and(same) {
            return Ok(false);
        }
        let sql = "INSERT INTO neuron_readings (netuid, hotkey, block, at_us, uid, tempo, registered_at, incentive,
            miner_rank, miners, emission_rao, stake_rao, price_rao) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        sqlx::query(sql)
            .bind(i64::from(reading.netuid))
            .bind(reading.hotkey.as_str())
            .bind(reading.block as i64)
            .bind(reading.at.as_microsecond())
            .bind(i64::from(reading.uid))
            .bind(i64::from(reading.tempo))
            .bind(reading.registered_at as i64)
            .bind(reading.incentive)
            .bind(reading.rank.map(i64::from))
            .bind(i64::from(reading.miners))
            .bind(reading.emission_rao as i64)
            .bind(reading.stake_rao as i64)
            .bind(reading.price_rao.map(|price| price as i64))
            .execute(&mut *transaction)
            .await
            .map_err(|e| self.error(e))?;
        transaction.commit().await.map_err(|e| self.error(e))?;
        Ok(true)
    }

    /// The readings of a time on, oldest first; of one key, or of all that this home ever served.
    pub async fn readings(&self, hotkey: Option<&Hotkey>, since: Timestamp) -> Result<Vec<NeuronReading>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!(
            "{COLUMNS} WHERE at_us >= ? AND (? IS NULL OR hotkey = ?) ORDER BY at_us, block"
        ));
        let hotkey = hotkey.map(Hotkey::as_str);
        let query = sqlx::query(sql).bind(since.as_microsecond()).bind(hotkey).bind(hotkey);
        let rows = query.fetch_all(self.readers()).await;
        rows.and_then(|rows| rows.iter().map(from_row).collect()).map_err(|e| self.error(e))
    }
}

fn from_row(row: &SqliteRow) -> Result<NeuronReading, sqlx::Error> {
    let number = |index: &str| row.try_get::<i64, _>(index);
    Ok(NeuronReading {
        netuid: number("netuid")? as u16,
        hotkey: Hotkey::new(row.try_get::<String, _>("hotkey")?),
        block: row.unsigned("block")?,
        at: row.time("at_us")?,
        uid: number("uid")? as u16,
        tempo: number("tempo")? as u32,
        registered_at: row.unsigned("registered_at")?,
        incentive: row.try_get("incentive")?,
        rank: row.try_get::<Option<i64>, _>("miner_rank")?.map(|rank| rank as u16),
        miners: number("miners")? as u16,
        emission_rao: row.unsigned("emission_rao")?,
        stake_rao: row.unsigned("stake_rao")?,
        price_rao: row.try_get::<Option<i64>, _>("price_rao")?.map(|price| price as u64),
    })
}
