//! When a disk will be full: a straight line through what was seen, where there is one.

use std::collections::VecDeque;

/// One look a minute is kept, for a day.
const APART_S: f64 = 60.0;
const MOST: usize = 1440;
/// From fewer looks nothing is foreseen.
const LEAST: usize = 30;
/// What is further away is never: ten years, seconds.
const NEVER_S: f64 = 10.0 * 365.25 * 86_400.0;

/// Bytes in use over time.
#[derive(Default)]
pub(super) struct Fill {
    /// Seconds of a clock that only goes forward, bytes in use.
    seen: VecDeque<(f64, f64)>,
}

impl Fill {
    pub(super) fn note(&mut self, at_s: f64, used: f64) {
        if self.seen.back().is_some_and(|(last, _)| at_s - last < APART_S) {
            return;
        }
        if self.seen.len() == MOST {
            self.seen.pop_front();
        }
        self.seen.push_back((at_s, used));
    }

    /// Seconds until `free` bytes are gone at the rate seen; infinite when it does not fill, or not faster than it
    /// wavers (a slope below twice its standard error); `None` while too little was seen.
    pub(super) fn full_in(&self, free: f64) -> Option<f64> {
        if self.seen.len() < LEAST {
            return None;
        }
        let n = self.seen.len() as f64;
        let (at, used) = self.seen.iter().fold((0.0, 0.0), |(at, used), point| (at + point.0, used + point.1));
        let (mean_at, mean_used) = (at / n, used / n);
        let sum = |of: &dyn Fn(f64, f64) -> f64| -> f64 {
            self.seen.iter().map(|(at, used)| of(at - mean_at, used - mean_used)).sum()
        };
        let (spread, together) = (sum(&|x, _| x * x), sum(&|x, y| x * y));
        let slope = together / spread;
        let left = sum(&|x, y| (y - slope * x).powi(2));
        let error = (left / (n - 2.0) / spread).sqrt();
        let seconds = free / slope;
        Some(if slope > 2.0 * error && seconds < NEVER_S { seconds.max(0.0) } else { f64::INFINITY })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(used: impl Fn(usize) -> f64, minutes: usize) -> Fill {
        let mut fill = Fill::default();
        for minute in 0..minutes {
            fill.note(60.0 * minute as f64, used(minute));
            // More often than once a minute says nothing new.
            fill.note(60.0 * minute as f64 + 15.0, 1e15);
        }
        fill
    }

    #[test]
    fn a_steady_fill_is_foreseen_and_noise_is_not() {
        let mib = (1_u64 << 20) as f64;
        let steady = seen(|minute| 1e9 + mib * minute as f64, 60);
        let hours = steady.full_in(60.0 * mib).expect("an hour was seen") / 3600.0;
        assert!((hours - 1.0).abs() < 1e-6, "{hours}");
        assert_eq!(seen(|minute| mib * minute as f64, LEAST - 1).full_in(mib), None);
        let still = seen(|_| 1e9, 60);
        assert_eq!(still.full_in(mib), Some(f64::INFINITY));
        let shrinks = seen(|minute| 1e9 - mib * minute as f64, 60);
        assert_eq!(shrinks.full_in(mib), Some(f64::INFINITY));
        // Up and down by turns, a little more up: no line.
        let wavers = seen(|minute| 1e9 + if minute % 2 == 0 { 0.0 } else { 1000.0 * mib } + mib * minute as f64, 60);
        assert_eq!(wavers.full_in(mib), Some(f64::INFINITY));
        assert_eq!(steady.full_in(0.0), Some(0.0));
        // A day later the first hour is forgotten.
        let later = seen(|minute| if minute < 60 { 1e9 * minute as f64 } else { 6e10 }, 2000);
        assert_eq!(later.full_in(mib), Some(f64::INFINITY));
    }
}
