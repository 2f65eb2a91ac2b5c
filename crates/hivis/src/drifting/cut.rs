//! Records in the order of commits, cut into windows. Times of arrival are only noted: a clock that jumps moves nothing.

use anyhow::Result;
use hivis_store::{DriftRecord, Ledger, NewDriftWindow};

use crate::config::DriftSettings;

/// Records of a page.
const PAGE: u32 = 5_000;
/// Pages of one call, so that a home with many years of records does not hold up the server.
const PAGES: usize = 40;

/// Writes down the windows that have become whole.
pub(super) async fn cut(ledger: &Ledger, settings: &DriftSettings) -> Result<()> {
    let back = u64::from(settings.history) * u64::from(settings.window);
    let mut after = match ledger.last_drift_window().await? {
        Some(last) => last.is.last_seq,
        None => ledger.drift_begin(back).await?,
    };
    for _ in 0..PAGES {
        let page = ledger.drift_records(after, PAGE).await?;
        let windows = windows(&page, settings.window as usize);
        let full = page.len() == PAGE as usize;
        let end = windows.last().map(|window| window.last_seq).or_else(|| page.last().map(|record| record.seq));
        ledger.add_drift_windows(&windows).await?;
        let Some(end) = end.filter(|_| full) else { return Ok(()) };
        after = end;
    }
    Ok(())
}

/// Windows of `size` records, each judged by one release in one arithmetic. Where that changes, what was begun counts when
/// it is half full, else it is passed over; what the end leaves begun is taken up when more has come.
fn windows(records: &[DriftRecord], size: usize) -> Vec<NewDriftWindow> {
    let judge = |record: &DriftRecord| (record.release.clone(), record.precision);
    let mut found = Vec::new();
    let mut from = 0;
    while from < records.len() {
        let same = records[from..].iter().take_while(|record| judge(record) == judge(&records[from])).count();
        let ended = from + same < records.len();
        let mut run = &records[from..from + same];
        while run.len() >= size {
            found.push(window(&run[..size]));
            run = &run[size..];
        }
        if ended && 2 * run.len() >= size {
            found.push(window(run));
        }
        from += same;
    }
    found
}

fn window(records: &[DriftRecord]) -> NewDriftWindow {
    let (first, last) = (&records[0], &records[records.len() - 1]);
    let arrived = || records.iter().map(|record| record.arrived);
    NewDriftWindow {
        release: first.release.clone(),
        precision: first.precision,
        first_seq: first.seq,
        last_seq: last.seq,
        from: arrived().min().unwrap_or(first.arrived),
        until: arrived().max().unwrap_or(last.arrived),
        records: records.len() as u32,
    }
}

#[cfg(test)]
mod tests {
    use hivis_types::{Precision, ReleaseId};
    use jiff::Timestamp;

    use super::*;

    fn record(seq: i64, release: &str, second: i64) -> DriftRecord {
        DriftRecord {
            seq,
            release: ReleaseId::new(release).expect("a name"),
            precision: Precision::Fp32,
            arrived: Timestamp::from_second(second).expect("a time"),
        }
    }

    fn cut(releases: &[(&str, i64)], size: usize) -> Vec<(String, i64, i64)> {
        let names = releases.iter().flat_map(|(name, count)| (0..*count).map(move |_| *name));
        let records: Vec<DriftRecord> = names.enumerate().map(|(at, name)| record(at as i64 + 1, name, 100)).collect();
        windows(&records, size).into_iter().map(|w| (w.release.to_string(), w.first_seq, w.last_seq)).collect()
    }

    #[test]
    fn a_window_is_of_one_release_and_what_is_begun_waits() {
        let window = |release: &str, first, last| (release.to_owned(), first, last);
        assert_eq!(cut(&[("a", 25)], 10), [window("a", 1, 10), window("a", 11, 20)]);
        assert_eq!(cut(&[("a", 9)], 10), []);
        assert_eq!(cut(&[("a", 14), ("b", 10)], 10), [window("a", 1, 10), window("b", 15, 24)], "four are passed over");
        assert_eq!(cut(&[("a", 15), ("b", 3)], 10), [window("a", 1, 10), window("a", 11, 15)], "five are half");
        assert_eq!(cut(&[("a", 1), ("b", 1), ("a", 1)], 10), []);
        assert_eq!(cut(&[], 10), []);
    }

    #[test]
    fn a_clock_that_jumps_moves_nothing() {
        let seconds = [100, 110, 5, 4_000_000_000];
        let records: Vec<DriftRecord> =
            seconds.into_iter().enumerate().map(|(at, second)| record(at as i64 + 1, "a", second)).collect();
        let windows = windows(&records, 4);
        assert_eq!((windows.len(), windows[0].first_seq, windows[0].last_seq), (1, 1, 4));
        assert_eq!((windows[0].from.as_second(), windows[0].until.as_second()), (5, 4_000_000_000));
    }
}
