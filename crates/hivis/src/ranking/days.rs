//! Rank by UTC day: the chain's last word of each, and what others saw.

use std::collections::BTreeMap;

use hivis_store::{NeuronReading, Promotion, SeenRank};
use hivis_types::ReleaseId;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::earnings::changes::served;
use crate::earnings::day_of;

/// One day.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Day {
    /// Which, UTC.
    pub(crate) date: Date,
    /// Our rank at the last payout that was looked at.
    pub(crate) rank: Option<u16>,
    /// How many miners there were.
    pub(crate) miners: Option<u16>,
    /// The mean incentive of the day's readings.
    pub(crate) incentive: Option<f64>,
    /// Readings of the day.
    pub(crate) readings: usize,
    /// Our rank as TaoStats has it.
    pub(crate) seen_rank: Option<u16>,
    /// Our incentive as TaoStats has it.
    pub(crate) seen_incentive: Option<f64>,
}

/// Another release began to serve.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Change {
    /// When, UTC.
    pub(crate) at: Timestamp,
    /// Which.
    pub(crate) release: ReleaseId,
}

/// Puts both together; `readings` are the oldest first.
pub(crate) fn days(readings: &[NeuronReading], seen: &[SeenRank]) -> Vec<Day> {
    let mut days: BTreeMap<Date, Day> = BTreeMap::new();
    for reading in readings {
        let date = day_of(reading.at);
        let day = days.entry(date).or_insert_with(|| Day { date, ..Day::default() });
        let sum = day.incentive.unwrap_or(0.0) * day.readings as f64 + reading.incentive;
        day.readings += 1;
        day.incentive = Some(sum / day.readings as f64);
        (day.rank, day.miners) = (reading.rank, Some(reading.miners));
    }
    for seen in seen {
        let date = day_of(seen.at);
        let day = days.entry(date).or_insert_with(|| Day { date, ..Day::default() });
        (day.seen_rank, day.seen_incentive) = (seen.rank, Some(seen.incentive));
    }
    days.into_values().collect()
}

/// The changes since a time, oldest first; `promotions` are the oldest first.
pub(crate) fn changes(promotions: &[Promotion], since: Timestamp) -> Vec<Change> {
    let all = served(promotions).into_iter().skip(1).filter(|served| served.from >= since);
    all.map(|served| Change { at: served.from, release: served.release }).collect()
}
