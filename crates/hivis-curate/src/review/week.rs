//! ISO 8601 weeks in UTC: Monday 00:00 to Monday 00:00.

use jiff::civil::{Date, ISOWeekDate, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde::{Serialize, Serializer};

/// A week, such as `2026-W48`. Weeks order by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Week {
    /// Its Monday.
    monday: Date,
}

impl Week {
    /// The week of a moment.
    pub fn of(at: Timestamp) -> Self {
        let date = at.to_zoned(TimeZone::UTC).date();
        let days = i64::from(date.weekday().to_monday_zero_offset());
        Self { monday: date.saturating_sub(days.days()) }
    }

    /// Its first moment.
    pub fn begins(self) -> Timestamp {
        self.monday.to_zoned(TimeZone::UTC).map_or(Timestamp::MIN, |zoned| zoned.timestamp())
    }

    /// The week so many weeks before.
    #[must_use]
    pub fn before(self, weeks: u32) -> Self {
        Self { monday: self.monday.saturating_sub(i64::from(weeks).weeks()) }
    }
}

impl std::fmt::Display for Week {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let week: ISOWeekDate = self.monday.iso_week_date();
        debug_assert_eq!(week.weekday(), Weekday::Monday);
        write!(f, "{:04}-W{:02}", week.year(), week.week())
    }
}

impl Serialize for Week {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_begin_on_monday_in_utc() {
        // (a moment, its week as `date -u +%G-W%V` has it, the week's first moment)
        let table = [
            ("2026-11-26T12:00:00Z", "2026-W48", "2026-11-23T00:00:00Z"),
            ("2026-11-22T23:59:59.999999Z", "2026-W47", "2026-11-16T00:00:00Z"),
            ("2026-11-23T00:00:00Z", "2026-W48", "2026-11-23T00:00:00Z"),
            ("2027-01-03T23:00:00Z", "2026-W53", "2026-12-28T00:00:00Z"),
            ("2024-12-30T00:00:00Z", "2025-W01", "2024-12-30T00:00:00Z"),
        ];
        for (at, name, begins) in table {
            let week = Week::of(at.parse().expect("a time"));
            assert_eq!((week.to_string(), week.begins().to_string()), (name.to_owned(), begins.to_owned()), "{at}");
            assert_eq!(Week::of(week.begins()), week);
        }
        let week = Week::of("2027-01-05T00:00:00Z".parse().expect("a time"));
        assert_eq!((week.to_string(), week.before(1).to_string()), ("2027-W01".to_owned(), "2026-W53".to_owned()));
    }
}
