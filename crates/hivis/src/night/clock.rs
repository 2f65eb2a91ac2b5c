//! The time, as the night sees it: a calendar that may be set, and a clock that only goes forward.

use std::time::{Duration, Instant};

use jiff::Timestamp;

/// Tests have one of their own.
pub(crate) trait Clock: Clone + Send + Sync + 'static {
    /// The calendar's time, UTC.
    fn now(&self) -> Timestamp;
    /// Time that passed since some beginning; it never goes back.
    fn passed(&self) -> Duration;
    /// Waits.
    fn sleep(&self, time: Duration) -> impl Future<Output = ()> + Send;
}

/// The machine's own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WallClock(Instant);

impl WallClock {
    pub(crate) fn new() -> Self {
        Self(Instant::now())
    }
}

impl Clock for WallClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn passed(&self) -> Duration {
        self.0.elapsed()
    }

    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}
