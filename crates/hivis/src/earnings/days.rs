//! Days: what was read on each, what its payouts gave, and where nobody looked.

use hivis_store::NeuronReading;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::changes::Served;
use super::{Known, Span, begin_of, day_of};
use crate::metagraph::BLOCK_S;
use crate::money;

/// One UTC day.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Day {
    /// The day.
    pub(crate) date: Date,
    /// Readings of that day.
    pub(crate) readings: usize,
    /// Mean of their incentives.
    pub(crate) incentive_mean: Option<f64>,
    /// The last one's.
    pub(crate) incentive_last: Option<f64>,
    /// The last one's rank among the miners.
    pub(crate) rank: Option<u16>,
    /// How many miners there were then.
    pub(crate) miners: Option<u16>,
    /// Payouts of the day that were looked at.
    pub(crate) payouts_read: u64,
    /// Payouts of the day, by the time of blocks, from the registration on and up to now; 0 where it is not known.
    pub(crate) payouts_due: u64,
    /// Alpha of the payouts that were looked at, in rao.
    pub(crate) emission_read_rao: u64,
    /// Alpha of all the day's payouts, in rao: mean of those looked at times those due. Exact when all were.
    pub(crate) emission_about_rao: Option<u64>,
    /// The same in TAO at the price of each payout, in rao; `None` when a price is missing.
    pub(crate) tao_about_rao: Option<u64>,
    /// The same in micro-dollars at the configured price.
    pub(crate) usd_about_micro: Option<u64>,
    /// What the validators logged.
    pub(crate) log: Option<Logged>,
    /// Releases that served on it, in their order.
    pub(crate) releases: Vec<String>,
}

/// What the validators logged of a day.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Logged {
    /// Challenges.
    pub(crate) asked: usize,
    /// Of those, with an answer of ours.
    pub(crate) answered: usize,
    /// Mean reward, over those with one.
    pub(crate) reward: Option<f64>,
    /// Share of right ones, over those with an answer and a label.
    pub(crate) right: Option<f64>,
}

/// A span between two readings in which payouts were missed; `None` for an end that is the span's own.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Gap {
    /// The reading before.
    pub(crate) from: Timestamp,
    /// The reading after, or now.
    pub(crate) until: Timestamp,
    /// How many payouts were missed.
    pub(crate) payouts: u64,
}

/// Every day of the span.
pub(crate) fn days(known: &Known, served: &[Served], span: Span) -> Vec<Day> {
    let last = day_of(span.now);
    let dates = span.first.series(jiff::Span::new().days(1)).take_while(|date| *date <= last);
    dates.map(|date| day(known, served, date, span.now)).collect()
}

fn day(known: &Known, served: &[Served], date: Date, now: Timestamp) -> Day {
    let begin = begin_of(date);
    let end = begin.saturating_add(SignedDuration::from_hours(24)).unwrap_or(now).min(now);
    let on_it: Vec<&NeuronReading> = known.readings.iter().filter(|r| day_of(r.at) == date).collect();
    let last = on_it.last();
    let mean = on_it.iter().map(|r| r.incentive).sum::<f64>() / on_it.len() as f64;
    let paid: Vec<&NeuronReading> =
        known.readings.iter().filter(|r| r.payout_block() >= r.registered_at && day_of(paid_at(r)) == date).collect();
    let read = paid.len() as u64;
    // Blocks may come later than every 12 s, so that the count may be one too low.
    let due = due(&known.readings, begin, end).max(read);
    let emission_read_rao = paid.iter().map(|r| r.emission_rao).sum();
    let whole = |sum: u64| (read > 0).then(|| (u128::from(sum) * u128::from(due) / u128::from(read.max(1))) as u64);
    let taos: Option<u64> = paid.iter().map(|r| Some(money::worth(r.emission_rao, r.price_rao?))).sum();
    let tao_about_rao = taos.and_then(whole);
    let on_duty = |s: &&Served| s.from < end && s.until.is_none_or(|until| until > begin);
    Day {
        date,
        readings: on_it.len(),
        incentive_mean: last.map(|_| mean),
        incentive_last: last.map(|r| r.incentive),
        rank: last.and_then(|r| r.rank),
        miners: last.map(|r| r.miners),
        payouts_read: read,
        payouts_due: due,
        emission_read_rao,
        emission_about_rao: whole(emission_read_rao),
        tao_about_rao,
        usd_about_micro: tao_about_rao.zip(known.tao_usd_micro).map(|(tao, price)| money::worth(tao, price)),
        log: logged(known, date),
        releases: served.iter().filter(on_duty).map(|s| s.release.to_string()).collect(),
    }
}

/// When the payout that a reading shows was made.
fn paid_at(reading: &NeuronReading) -> Timestamp {
    let seconds = (reading.block - reading.payout_block()) as i64 * BLOCK_S;
    reading.at.saturating_sub(SignedDuration::from_secs(seconds)).unwrap_or(reading.at)
}

/// Payouts from `begin` to just before `end`, counted from the last reading before the end, else from the first; 0 when
/// there is none.
fn due(readings: &[NeuronReading], begin: Timestamp, end: Timestamp) -> u64 {
    let before = readings.iter().rfind(|r| r.at <= end);
    let Some(anchor) = before.or_else(|| readings.first()) else { return 0 };
    let block = |at: Timestamp| {
        let blocks = at.duration_since(anchor.at).as_secs().div_euclid(BLOCK_S);
        (anchor.block as i64).saturating_add(blocks).max(anchor.registered_at as i64) as u64
    };
    let before = |at: Timestamp| anchor.payout_at(block(at).saturating_sub(1));
    before(end).saturating_sub(before(begin))
}

fn logged(known: &Known, date: Date) -> Option<Logged> {
    let points: Vec<_> = known.points.iter().filter(|p| day_of(p.at) == date).collect();
    let mean = |values: Vec<f64>| (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64);
    (!points.is_empty()).then(|| Logged {
        asked: points.len(),
        answered: points.iter().filter(|p| p.answered).count(),
        reward: mean(points.iter().filter_map(|p| p.reward).collect()),
        right: mean(points.iter().filter_map(|p| p.right.map(f64::from)).collect()),
    })
}

/// Where payouts were missed: between readings, and after the last one.
pub(crate) fn gaps(readings: &[NeuronReading], span: Span) -> Vec<Gap> {
    let mut gaps = Vec::new();
    let between = readings.windows(2).map(|pair| {
        let (one, other) = (&pair[0], &pair[1]);
        // Counted by the later one: the tempo may have changed, and before its registration nothing was due.
        let from = other.payout_at(one.block.max(other.registered_at));
        Gap { from: one.at, until: other.at, payouts: other.payout().saturating_sub(from + 1) }
    });
    gaps.extend(between);
    if let Some(last) = readings.last() {
        let blocks = span.now.duration_since(last.at).as_secs().max(0) / BLOCK_S;
        let payouts = last.payout_at(last.block + blocks as u64) - last.payout();
        gaps.push(Gap { from: last.at, until: span.now, payouts });
    }
    gaps.retain(|gap| gap.payouts > 0);
    gaps
}
