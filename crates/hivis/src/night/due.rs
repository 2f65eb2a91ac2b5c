//! When which turn is due. Pure: times in, times out; everything in UTC.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use super::Kind;
use crate::config::Settings;

/// Days that are looked through for the next or the last one: more than a month and its leap day.
const FAR: i32 = 62;

/// The times of all kinds.
#[derive(Clone, Debug)]
pub(crate) struct Times {
    pub(crate) nightly: Time,
    pub(crate) days: Vec<Weekday>,
    pub(crate) weekly: (Weekday, Time),
    pub(crate) monthly: Time,
    /// Days after a submission, rising.
    pub(crate) retrain_days: Vec<u32>,
}

impl Times {
    pub(crate) fn new(settings: &Settings) -> Self {
        let night = &settings.night;
        Self {
            nightly: night.at,
            days: night.days.clone(),
            weekly: night.weekly,
            monthly: night.monthly_at,
            retrain_days: settings.dates.retrain_days.clone(),
        }
    }

    /// The newest time that is not after `now` at which `kind` was due. `submitted` is the day that retraining days count
    /// from.
    pub(crate) fn last(&self, kind: Kind, now: Timestamp, submitted: Option<Date>) -> Option<Timestamp> {
        self.around(kind, now, submitted, -FAR..=0).filter(|due| *due <= now).max()
    }

    /// The first time after `now`.
    pub(crate) fn next(&self, kind: Kind, now: Timestamp, submitted: Option<Date>) -> Option<Timestamp> {
        self.around(kind, now, submitted, 0..=FAR).filter(|due| *due > now).min()
    }

    /// Due times of the days around `now`; those of retraining wherever they are.
    fn around(
        &self,
        kind: Kind,
        now: Timestamp,
        submitted: Option<Date>,
        days: std::ops::RangeInclusive<i32>,
    ) -> impl Iterator<Item = Timestamp> {
        let today = now.to_zoned(TimeZone::UTC).date();
        let dates: Vec<Date> = match kind {
            Kind::Retrain => {
                let after = |days: &u32| submitted?.checked_add(i64::from(*days).days()).ok();
                self.retrain_days.iter().filter_map(after).collect()
            }
            _ => days.filter_map(|days| today.checked_add(days.days()).ok()).collect(),
        };
        let wanted = |date: &Date| match kind {
            Kind::Nightly => self.days.contains(&date.weekday()),
            Kind::Weekly => date.weekday() == self.weekly.0,
            Kind::Monthly => date.day() == 1,
            Kind::Retrain => true,
        };
        let time = match kind {
            Kind::Nightly | Kind::Retrain => self.nightly,
            Kind::Weekly => self.weekly.1,
            Kind::Monthly => self.monthly,
        };
        let at = move |date: Date| Some(date.to_datetime(time).to_zoned(TimeZone::UTC).ok()?.timestamp());
        dates.into_iter().filter(wanted).collect::<Vec<_>>().into_iter().filter_map(at)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use jiff::civil::date;

    use super::*;

    pub(crate) fn times() -> Times {
        Times {
            nightly: Time::constant(2, 0, 0, 0),
            days: vec![Weekday::Monday, Weekday::Thursday, Weekday::Sunday],
            weekly: (Weekday::Sunday, Time::constant(23, 0, 0, 0)),
            monthly: Time::constant(4, 0, 0, 0),
            retrain_days: vec![45, 60],
        }
    }

    #[test]
    fn due_times_are_utc_and_found_across_months() {
        let at = |text: &str| -> Timestamp { text.parse().expect("a time") };
        // 2026-11-26 is a Thursday.
        for (kind, now, last, next) in [
            (Kind::Nightly, "2026-11-26T02:00:00Z", "2026-11-26T02:00:00Z", "2026-11-29T02:00:00Z"),
            (Kind::Nightly, "2026-11-26T01:59:59Z", "2026-11-23T02:00:00Z", "2026-11-26T02:00:00Z"),
            (Kind::Weekly, "2026-11-29T22:59:59Z", "2026-11-22T23:00:00Z", "2026-11-29T23:00:00Z"),
            (Kind::Monthly, "2027-01-01T03:00:00Z", "2026-12-01T04:00:00Z", "2027-01-01T04:00:00Z"),
            (Kind::Monthly, "2028-02-29T12:00:00Z", "2028-02-01T04:00:00Z", "2028-03-01T04:00:00Z"),
        ] {
            let found = (times().last(kind, at(now), None), times().next(kind, at(now), None));
            assert_eq!(found, (Some(at(last)), Some(at(next))), "{kind:?} at {now}");
        }
        let (early, submitted) = (at("2026-11-16T00:00:00Z"), Some(date(2026, 10, 1)));
        assert_eq!(times().last(Kind::Retrain, early, submitted), Some(at("2026-11-15T02:00:00Z")));
        assert_eq!(times().next(Kind::Retrain, early, submitted), Some(at("2026-11-30T02:00:00Z")));
        assert_eq!(times().next(Kind::Retrain, at("2026-11-30T02:00:00Z"), submitted), None);
        assert_eq!(times().last(Kind::Retrain, early, None), None);
        let never = Times { days: Vec::new(), ..times() };
        assert_eq!((never.last(Kind::Nightly, early, None), never.next(Kind::Nightly, early, None)), (None, None));
    }
}
