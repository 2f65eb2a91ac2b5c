//! The miner at a glance: the same for the control room's API and for `hivis top` beside no server.

use anyhow::Result;
use hivis_console::system::{TopAnswer, TopCount, TopJob, TopReward, TopView};
use hivis_store::{Home, Ledger, RecentAnswer, RecordFilter, StoredRecord, WheelCounts};
use hivis_types::Label;
use jiff::{SignedDuration, Timestamp};

use super::{disk, jobs};
use crate::config::Settings;
use crate::control::failed::blocking;
use crate::control::releases::exams::Exams;
use crate::night::{Kind, Times};
use crate::submission::submission;

/// The newest answers of the last hour that figures are taken of: enough for a p99, and a cost that does not grow.
const SAMPLE: u32 = 2000;
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
    let recent = ledger.recent(now.saturating_sub(SignedDuration::from_hours(1))?, SAMPLE).await?;
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
    let [p50_ms, p99_ms] = quantiles(&recent);
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
        rate: recent.iter().filter(|a| now.duration_since(a.arrived).as_secs() < 60).count() as f64 / 60.0,
        spark: spark(&recent, now),
        challenges: recent.len() as u64,
        judged: recent.iter().filter(|answer| answer.judged).count() as u64,
        p50_ms,
        p99_ms,
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

/// Half and 99 of 100 of the judged (nearest rank), ms.
fn quantiles(recent: &[RecentAnswer]) -> [Option<f64>; 2] {
    let mut times: Vec<u64> = recent.iter().filter(|answer| answer.judged).map(|answer| answer.total_us).collect();
    times.sort_unstable();
    [50, 99].map(|percent| {
        let rank = (times.len() * percent).div_ceil(100).max(1) - 1;
        times.get(rank).map(|us| *us as f64 / 1000.0)
    })
}

/// Challenges by ten seconds, oldest first.
fn spark(recent: &[RecentAnswer], now: Timestamp) -> Vec<u64> {
    let mut bars = vec![0; BARS];
    for answer in recent {
        let back = now.duration_since(answer.arrived).as_secs().max(0) / BAR.as_secs();
        if let Some(at) = usize::try_from(back).ok().filter(|back| *back < BARS) {
            bars[BARS - 1 - at] += 1;
        }
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

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).expect("a time")
    }

    fn one(second: i64, ms: u64, judged: bool) -> RecentAnswer {
        RecentAnswer { arrived: at(second), total_us: ms * 1000, judged, picture_bytes: 0 }
    }

    #[test]
    fn bars_end_now_and_quantiles_are_of_the_judged() {
        let recent =
            [one(0, 40, true), one(-5, 10, true), one(-12, 900, false), one(-599, 20, true), one(-700, 30, true)];
        let bars = spark(&recent, at(0));
        assert_eq!((bars.len(), bars[59], bars[58], bars[0], bars.iter().sum::<u64>()), (60, 2, 1, 1, 4));
        assert_eq!(quantiles(&recent), [Some(20.0), Some(40.0)]);
        assert_eq!(quantiles(&[]), [None, None]);
    }
}
