//! The home's file system: its size, what is free, and when it will be full.

use hivis_store::Home;
use hivis_types::metric;
use tokio::time::Instant;

use super::fill::Fill;

/// What was seen of it so far.
pub(super) struct DiskFigures {
    fill: Fill,
    since: Instant,
}

impl Default for DiskFigures {
    fn default() -> Self {
        Self { fill: Fill::default(), since: Instant::now() }
    }
}

impl DiskFigures {
    pub(super) fn set(&mut self, home: &Home) {
        let (Ok(free), Ok(stat)) = (home.free_bytes(), rustix::fs::statvfs(home.path())) else { return };
        let (free, size) = (free as f64, stat.f_blocks.saturating_mul(stat.f_frsize) as f64);
        metrics::gauge!(metric::HOME_FREE_BYTES).set(free);
        metrics::gauge!(metric::HOME_SIZE_BYTES).set(size);
        self.fill.note(self.since.elapsed().as_secs_f64(), size - free);
        if let Some(seconds) = self.fill.full_in(free) {
            metrics::gauge!(metric::HOME_FULL_SECONDS).set(seconds);
        }
    }
}
