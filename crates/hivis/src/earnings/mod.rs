//! What was earned, day by day, from readings of our neuron, moves of the releases and the validators' log.
//!
//! Pure: everything comes in, the time too. A payout that nobody looked at is missing and counted as missing; a day's sum
//! is only ever extended to the payouts of that same day, and marked where it is.

pub(crate) mod changes;
pub(crate) mod days;
pub(crate) mod show;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use hivis_store::{LogMatches, LogPoint, NeuronReading, Promotion};
use hivis_types::{Hotkey, ReleaseId};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use changes::{Change, Served};
use days::{Day, Gap};

/// What the report is made of.
pub(crate) struct Known {
    /// Our key.
    pub(crate) hotkey: Hotkey,
    /// Readings of its neuron, oldest first.
    pub(crate) readings: Vec<NeuronReading>,
    /// Moves of the pointer, oldest first.
    pub(crate) promotions: Vec<Promotion>,
    /// What the validators logged of it, oldest first.
    pub(crate) points: Vec<LogPoint>,
    /// What became of all logged rows.
    pub(crate) matches: LogMatches,
    /// What the newest exam of each release says of its reward.
    pub(crate) exams: BTreeMap<ReleaseId, Expected>,
    /// Micro-dollars for one TAO.
    pub(crate) tao_usd_micro: Option<u64>,
}

/// The expected mean reward by our own exam, with its 90% interval.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Expected {
    /// The best single guess.
    pub(crate) reward: f64,
    /// 5% of deployments earn less.
    pub(crate) low: f64,
    /// 5% earn more.
    pub(crate) high: f64,
    /// When the exam was sat, UTC.
    pub(crate) sat: Timestamp,
}

/// Everything that `hivis earnings` prints.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Report {
    /// Our key.
    pub(crate) hotkey: Hotkey,
    /// One for each UTC day of the span, oldest first.
    pub(crate) days: Vec<Day>,
    /// Spans in which payouts were not looked at.
    pub(crate) gaps: Vec<Gap>,
    /// Releases that served in the span, in their order.
    pub(crate) served: Vec<Served>,
    /// What was before and after each change of the release in the span.
    pub(crate) changes: Vec<Change>,
    /// Own exams of the releases that served.
    pub(crate) exams: BTreeMap<ReleaseId, Expected>,
    /// What became of all rows of the validators' log.
    pub(crate) log: LogMatches,
    /// What the sums rest on.
    pub(crate) total: Total,
}

/// Sums over the span.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Total {
    /// Days with a payout that was looked at.
    pub(crate) days_read: usize,
    /// Payouts that were looked at.
    pub(crate) payouts_read: u64,
    /// Payouts that there were while the key was registered.
    pub(crate) payouts_due: u64,
    /// Alpha of the payouts that were looked at, in rao.
    pub(crate) emission_rao: u64,
}

/// A span of days that ends now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    /// Its first day, UTC.
    pub(crate) first: Date,
    /// Now.
    pub(crate) now: Timestamp,
}

impl Span {
    /// The last `days` days, today included.
    pub(crate) fn last(days: u32, now: Timestamp) -> Self {
        let back = SignedDuration::from_hours(24 * i64::from(days.max(1) - 1));
        Self { first: day_of(now.saturating_sub(back).unwrap_or(now)), now }
    }

    /// Its beginning.
    pub(crate) fn begin(&self) -> Timestamp {
        begin_of(self.first)
    }
}

/// The UTC day of a time.
pub(crate) fn day_of(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

/// Its first moment.
pub(crate) fn begin_of(day: Date) -> Timestamp {
    day.to_zoned(TimeZone::UTC).map_or(Timestamp::MIN, |zoned| zoned.timestamp())
}

/// Puts it all together.
pub(crate) fn report(known: Known, span: Span) -> Report {
    let served: Vec<Served> = changes::served(&known.promotions);
    let days = days::days(&known, &served, span);
    let gaps = days::gaps(&known.readings, span);
    let changes = changes::changes(&known, &served, span);
    let within = |served: &Served| served.until.is_none_or(|until| until > span.begin());
    let served: Vec<Served> = served.into_iter().filter(within).collect();
    let mut exams = known.exams;
    exams.retain(|release, _| served.iter().any(|served| served.release == *release));
    let mut total = Total::default();
    for day in &days {
        total.days_read += usize::from(day.payouts_read > 0);
        total.payouts_read += day.payouts_read;
        total.payouts_due += day.payouts_due;
        total.emission_rao += day.emission_read_rao;
    }
    Report { hotkey: known.hotkey, days, gaps, served, changes, exams, log: known.matches, total }
}
