//! Everything worth telling: each event emits its log line and its metrics together.

use crate::Loaded;

pub(crate) fn release_swapped(before: Option<&Loaded>, now: Option<&Loaded>) {
    tracing::info!(before = ?before, now = ?now, "release swapped");
}
