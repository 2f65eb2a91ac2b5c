//! What the axon knows about itself: counts, and how its clock compares with its callers'.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use jiff::Timestamp;

use crate::event;

/// Verified requests that the clock offset looks back on.
const WINDOW: usize = 64;

/// Counts that are read from outside.
#[derive(Debug, Default)]
pub(crate) struct Pulse {
    in_flight: AtomicUsize,
    connections: AtomicUsize,
    /// Unix time in microseconds, 0 before the first.
    last_verified_us: AtomicI64,
    last_validator_us: AtomicI64,
}

impl Pulse {
    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    pub(crate) fn set_connections(&self, open: usize) {
        self.connections.store(open, Ordering::Relaxed);
    }

    pub(crate) fn last_verified(&self) -> Option<Timestamp> {
        time(&self.last_verified_us)
    }

    pub(crate) fn last_validator(&self) -> Option<Timestamp> {
        time(&self.last_validator_us)
    }

    /// A caller was verified; `listed` when the metagraph lists it as a validator.
    pub(crate) fn verified(&self, now_us: i64, listed: bool) {
        self.last_verified_us.store(now_us, Ordering::Relaxed);
        if listed {
            self.last_validator_us.store(now_us, Ordering::Relaxed);
        }
    }

    /// Counts one request in flight until the guard is dropped.
    pub(crate) fn enter(&self) -> InFlight<'_> {
        event::in_flight(self.in_flight.fetch_add(1, Ordering::Relaxed) + 1);
        InFlight(self)
    }
}

fn time(us: &AtomicI64) -> Option<Timestamp> {
    Some(us.load(Ordering::Relaxed)).filter(|&us| us != 0).and_then(|us| Timestamp::from_microsecond(us).ok())
}

/// One request in flight.
pub(crate) struct InFlight<'a>(&'a Pulse);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        event::in_flight(self.0.in_flight.fetch_sub(1, Ordering::Relaxed) - 1);
    }
}

/// The median of (arrival - nonce) over the last verified requests.
///
/// It holds the way here too (milliseconds), and a replayed or forged nonce never enters it. The median shrugs off one
/// validator whose own clock is wrong.
#[derive(Debug, Default)]
pub(crate) struct ClockOffset {
    seconds: Vec<f64>,
    next: usize,
}

impl ClockOffset {
    /// Learns from a verified request; both in Unix nanoseconds.
    pub(crate) fn learn(&mut self, arrived_ns: u64, nonce_ns: u64) {
        let offset = (i128::from(arrived_ns) - i128::from(nonce_ns)) as f64 / 1e9;
        if self.seconds.len() < WINDOW {
            self.seconds.push(offset);
        } else {
            self.seconds[self.next] = offset;
        }
        self.next = (self.next + 1) % WINDOW;
    }

    /// Seconds; `None` before the first request.
    pub(crate) fn median(&self) -> Option<f64> {
        let mut sorted = self.seconds.clone();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        match sorted.len() {
            0 => None,
            odd if odd % 2 == 1 => Some(sorted[middle]),
            _ => Some(f64::midpoint(sorted[middle - 1], sorted[middle])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_forgets_and_shrugs_off_strays() {
        let mut offset = ClockOffset::default();
        assert_eq!(offset.median(), None);
        let second = 1_000_000_000;
        for late in [1, 3, 50] {
            offset.learn((100 + late) * second, 100 * second);
        }
        assert_eq!(offset.median(), Some(3.0));
        offset.learn(98 * second, 100 * second);
        assert_eq!(offset.median(), Some(2.0));
        for _ in 0..WINDOW {
            offset.learn(99 * second, 100 * second);
        }
        assert_eq!(offset.median(), Some(-1.0));
    }
}
