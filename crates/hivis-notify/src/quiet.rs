//! Hours in which only what is critical is said.

use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;

/// From one time of the day to another, in a time zone; over midnight where the second is the earlier.
#[derive(Clone, Debug, PartialEq)]
pub struct Quiet {
    /// The first quiet moment.
    pub from: Time,
    /// The first moment that is not quiet any more.
    pub to: Time,
    /// Whose clock.
    pub zone: TimeZone,
}

impl Quiet {
    /// Whether it is quiet at that time. By the clock on the wall: when clocks go forward the night is shorter.
    pub fn covers(&self, at: Timestamp) -> bool {
        let time = at.to_zoned(self.zone.clone()).time();
        if self.from <= self.to { self.from <= time && time < self.to } else { self.from <= time || time < self.to }
    }
}

#[cfg(test)]
mod tests {
    use super::Quiet;
    use jiff::civil::time;
    use jiff::tz::TimeZone;

    #[test]
    fn nights_end_by_the_clock_on_the_wall() {
        let zone = TimeZone::get("Europe/Berlin").expect("a zone");
        let quiet = Quiet { from: time(22, 0, 0, 0), to: time(7, 0, 0, 0), zone };
        for (at, covered) in [
            ("2026-01-10T20:59:59Z", false),
            ("2026-01-10T21:00:00Z", true),
            ("2026-01-11T05:59:59Z", true),
            ("2026-01-11T06:00:00Z", false),
            // Summer time: an hour earlier by UTC.
            ("2026-07-10T20:00:00Z", true),
            ("2026-07-11T05:00:00Z", false),
            // The night in which clocks go forward.
            ("2026-03-29T04:59:59Z", true),
            ("2026-03-29T05:00:00Z", false),
        ] {
            assert_eq!(quiet.covers(at.parse().expect("a time")), covered, "{at}");
        }
        let day = Quiet { from: time(9, 0, 0, 0), to: time(9, 0, 0, 0), zone: TimeZone::UTC };
        assert!(!day.covers("2026-01-10T09:00:00Z".parse().expect("a time")), "an empty span is never quiet");
    }
}
