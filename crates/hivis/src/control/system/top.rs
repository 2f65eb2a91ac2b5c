//! The miner at a glance: the same for the control room's API and for `hivis top` beside no server.

use anyhow::Result;
use hivis_console::system::{TopAnswer, TopCount, TopJob, TopReward, TopView};
use hivis_store::{Home, Ledger, RecordFilter, StoredRecord, WheelCounts};
use hivis_types::Label;
use jiff::{SignedDuration, Timestamp};

use super::{disk, jobs};
use crate::config::Settings;
use crate::control::failed::blocking;
use crate::control::releases::exams::Exams;
use crate::night::{Kind, Times};
use crate::submission::submission;

/// Answers that are shown.
const ANSWERS: u32 = 20;
/// A bar of the sparkline, and how many there are.
const BAR: SignedDuration = SignedDuration::from_secs(10);
const BARS: usize = 60;
/// Turns that are shown.
const TURNS: u32 = 3;

/// What is looked at.
pub(crate) struct Seen<'a> {
    pub(crate) home: &'a Home,
    pub(crate) ledger: &'a Ledger,
    pub(crate) exams: &'a std::sync::Arc<Exams>,
}

/// Everything that the home knows without a server.
pub(crate) async fn glance(seen: Seen<'_>, settings: &Settings, now: Timestamp) -> Result<TopView> {
    let Seen { home, ledger, exams } = seen;
    let hour = ledger.window(now.saturating_sub(SignedDuration::from_hours(1))?).await?.summary;
    let spark = spark(&ledger.arrivals(now.saturating_sub(BAR * BARS as i32)?, BAR).await?);
    let filter = RecordFilter { limit: ANSWERS, ..RecordFilter::default() };
    let answers = ledger.list(&filter).await?.into_iter().map(answer).collect();
    let current = home.releases().current()?;
    let reward = match current.clone() {
        Some(release) => {
            let exams = std::sync::Arc::clone(exams);
            blocking(move || exams.reward(&release)).await?
        }
        None => None,
    };
    let ms = |us: u64| us as f64 / 1000.0;
    Ok(TopView {
        at: now.to_string(),
        read_from: "ledger".to_owned(),
        ready: false,
        state: "no server runs on this home".to_owned(),
        address: String::new(),
        release: current.map(|release| release.to_string()),
        reward: reward.map(|(span, exam)| TopReward {
            point: span.point,
            low: span.low,
            high: span.high,
            source: format!("exam of {}", exam.sat.get(..10).unwrap_or(&exam.sat)),
        }),
        rate: spark[BARS - 6..].iter().sum::<u64>() as f64 / 60.0,
        spark,
        challenges: hour.records,
        judged: hour.answered,
        p50_ms: hour.latency.map(|latency| ms(latency.p50_us)),
        p99_ms: hour.latency.map(|latency| ms(latency.p99_us)),
        answers,
        wheel: wheel(&ledger.wheel_counts().await?),
        waiting: ledger.review_counts().await?.waiting(),
        jobs: turns(home, ledger, settings, now).await?,
        alerts: None,
        troubles: Vec::new(),
        disk: disk::look(home, ledger, &settings.records, now).await?,
    })
}

fn answer(stored: StoredRecord) -> TopAnswer {
    let record = stored.record;
    let said = match record.silence {
        Some(silence) => silence.as_str(),
        None if Label::from_probability(record.prediction) == Label::Roadwork => "roadwork",
        None => "clear",
    };
    TopAnswer {
        id: record.id.to_string(),
        time: record.arrived.to_string(),
        caller: record.caller.hotkey.short().to_owned(),
        said: said.to_owned(),
        probability: record.silence.is_none().then(|| f64::from(record.prediction)),
        status: record.status,
        ms: record.timings.total_us as f64 / 1000.0,
    }
}

/// Challenges by ten seconds, oldest first; the last bar ends now.
fn spark(arrivals: &[(u64, u64)]) -> Vec<u64> {
    let mut bars = vec![0; BARS];
    for (at, count) in arrivals {
        // What came while we looked is in the last.
        let at = usize::try_from(*at).map_or(BARS - 1, |at| at.min(BARS - 1));
        bars[at] += count;
    }
    bars
}

fn wheel(counts: &WheelCounts) -> Vec<TopCount> {
    let stations = [
        ("records", counts.records),
        ("mining runs", counts.mining_runs),
        ("batches made", counts.batches),
        ("review", counts.reviews),
        ("decisions", counts.decisions),
        ("versions", counts.versions),
        ("promotions", counts.promotions),
        ("turns", counts.jobs),
    ];
    stations.into_iter().map(|(name, value)| TopCount { name: name.to_owned(), value }).collect()
}

/// The next turn, and the newest ones.
async fn turns(home: &Home, ledger: &Ledger, settings: &Settings, now: Timestamp) -> Result<Vec<TopJob>> {
    let (times, submitted) = (Times::new(settings), submission(home, ledger).await?.map(|submission| submission.day));
    let next = Kind::ALL.into_iter().filter_map(|kind| Some((times.next(kind, now, submitted)?, kind))).min();
    let next =
        next.map(|(at, kind)| TopJob { kind: kind.as_str().to_owned(), at: at.to_string(), state: "next".to_owned() });
    let newest = ledger.jobs(TURNS).await?.into_iter().map(|job| TopJob {
        state: match job.state {
            hivis_store::JobState::Running if !jobs::held(&job, now) => "cut off",
            state => state.as_str(),
        }
        .to_owned(),
        kind: job.kind,
        at: job.due.to_string(),
    });
    Ok(next.into_iter().chain(newest).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_end_now() {
        let bars = spark(&[(0, 1), (58, 1), (59, 2), (60, 1)]);
        assert_eq!((bars.len(), bars[59], bars[58], bars[0], bars.iter().sum::<u64>()), (60, 3, 1, 1, 5));
        assert_eq!(spark(&[]).iter().sum::<u64>(), 0);
    }
}
