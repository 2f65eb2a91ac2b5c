//! The home's file system, and when recording would stop.

use anyhow::Result;
use hivis_console::system::DiskView;
use hivis_store::{Home, Ledger, RecentAnswer};
use jiff::{SignedDuration, Timestamp};

use crate::config::RecordSettings;

/// So many of the newest records say how large pictures are.
const SAMPLE: u32 = 60;
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// A shorter span says nothing of a day.
const LEAST: SignedDuration = SignedDuration::from_hours(1);

/// How much is free, how much comes in a day, and what that leads to.
pub(super) async fn look(home: &Home, ledger: &Ledger, settings: &RecordSettings, now: Timestamp) -> Result<DiskView> {
    let since = now.saturating_sub(DAY)?;
    let recent = ledger.recent(since, SAMPLE).await?;
    let pictures = ledger.window_counts(since).await?.pictures;
    let first = ledger.callers().await?.iter().map(|caller| caller.first).min().unwrap_or(now);
    let free = home.free_bytes()?;
    let total = rustix::fs::statvfs(home.path()).map_or(0, |disk| disk.f_blocks.saturating_mul(disk.f_frsize));
    let day = per_day(&recent, pictures, now.duration_since(first.max(since)));
    let (days, said) = until_full(free, day, settings);
    Ok(DiskView { free_bytes: free, total_bytes: total, day_bytes: day, days_until_full: days, said })
}

/// Bytes of pictures a day: those of a span, each as large as the newest are.
fn per_day(recent: &[RecentAnswer], pictures: u64, span: SignedDuration) -> Option<u64> {
    let sizes: Vec<u64> = recent.iter().map(|answer| answer.picture_bytes).filter(|bytes| *bytes > 0).collect();
    let mean = sizes.iter().sum::<u64>() as f64 / sizes.len().max(1) as f64;
    (pictures > 0).then(|| (mean * pictures as f64 * 86_400.0 / span.max(LEAST).as_secs_f64()) as u64)
}

/// Retention keeps at most so many bytes and days of pictures; what still fits then never fills the disk.
fn until_full(free: u64, day: Option<u64>, settings: &RecordSettings) -> (Option<f64>, String) {
    let gb = |bytes: u64| format!("{:.1} GB", bytes as f64 / 1e9);
    let Some(room) = free.checked_sub(settings.min_free) else {
        let least = gb(settings.min_free);
        return (Some(0.0), format!("recording has stopped: less than {least} are free (records.min_free_gb)"));
    };
    let Some(day) = day.filter(|day| *day > 0) else { return (None, "no picture in a day to go by".to_owned()) };
    let kept = (day as f64 * settings.keep.as_secs_f64() / 86_400.0).min(settings.keep_bytes as f64) as u64;
    let comes = format!("{:.0} MB a day", day as f64 / 1e6);
    if kept <= room {
        return (None, format!("{comes}; it does not fill: at most {} of pictures are kept", gb(kept)));
    }
    let days = room as f64 / day as f64;
    (Some(days), format!("{comes}; recording stops in about {days:.0} days (records.keep_gb is more than fits)"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_retention_holds_back_never_fills_the_disk() {
        let settings =
            RecordSettings { keep: Duration::from_hours(30 * 24), keep_bytes: 20_000_000_000, min_free: 2_000_000_000 };
        let gb = 1_000_000_000;
        assert_eq!(until_full(100 * gb, Some(gb), &settings).0, None, "20 GB are kept, and fit");
        assert_eq!(until_full(100 * gb, None, &settings).0, None);
        assert_eq!(until_full(12 * gb, Some(gb), &settings).0, Some(10.0), "10 GB of room, one a day");
        assert_eq!(until_full(gb, Some(gb), &settings).0, Some(0.0));
        // 30 days of little are less than what may be kept.
        assert_eq!(until_full(12 * gb, Some(gb / 10), &settings).0, None);
    }

    #[test]
    fn a_burst_is_no_day() {
        let one = |bytes: u64| RecentAnswer {
            arrived: Timestamp::UNIX_EPOCH,
            total_us: 1,
            judged: true,
            picture_bytes: bytes,
        };
        let seconds = SignedDuration::from_secs;
        assert_eq!(per_day(&[one(1000), one(0)], 2, seconds(2)), Some(2000 * 24));
        assert_eq!(per_day(&[one(500), one(1500)], 2, seconds(43_200)), Some(4000));
        assert_eq!(per_day(&[], 0, seconds(43_200)), None);
    }
}
