//! Rank and drift, for the page: what the ledger knows, nobody is asked.

use std::time::{Duration, Instant};

use hivis_console::{
    DriftPoint, DriftQuestion, DriftSource, DriftView, RankDay, RankRelease, RankView, SourceError, SourceFuture,
};
use hivis_store::{Home, Ledger};
use hivis_types::Hotkey;
use jiff::Timestamp;
use tokio::sync::Mutex;

use crate::config::Settings;
use crate::drifting::plot as drift_plot;
use crate::drifting::report::{Question, report};
use crate::earnings::Span;
use crate::metagraph::Reading;
use crate::ranking::releases::{Change, Verdict};
use crate::ranking::{Standing, days, plot, show};
use crate::verbs::rank::judged;
use crate::{failure, verbs};

/// So long an answer about the rank is given again: it reads weeks of payouts, which do not change by the second.
const RANK_KEPT: Duration = Duration::from_mins(1);
/// And one about drift: plots of windows, of which a new one comes every few minutes at most.
const DRIFT_KEPT: Duration = Duration::from_secs(10);
/// Changes of the release that are shown, at most.
const CHANGES: usize = 50;

/// One home's rank and drift.
pub(crate) struct RankAndDrift {
    home: Home,
    ledger: Ledger,
    settings: Settings,
    rank: Kept<RankView>,
    drift: Kept<DriftView>,
}

/// The last answer, with what was asked and when.
struct Kept<T>(Mutex<Option<(u32, Instant, T)>>);

impl<T: Clone> Kept<T> {
    /// The last answer to the same question while it is young, else a new one. Held while it is read, so that many who ask
    /// at once are one reading.
    async fn or(
        &self,
        (asked, young): (u32, Duration),
        read: impl Future<Output = anyhow::Result<T>>,
    ) -> Result<T, SourceError> {
        let mut kept = self.0.lock().await;
        if let Some((of, at, view)) = &*kept
            && *of == asked
            && at.elapsed() < young
        {
            return Ok(view.clone());
        }
        let view = read.await.map_err(|error| told(&error))?;
        *kept = Some((asked, Instant::now(), view.clone()));
        Ok(view)
    }
}

impl RankAndDrift {
    pub(crate) fn new(home: &Home, ledger: &Ledger, settings: &Settings) -> Self {
        Self {
            home: home.clone(),
            ledger: ledger.clone(),
            settings: settings.clone(),
            rank: Kept(Mutex::new(None)),
            drift: Kept(Mutex::new(None)),
        }
    }

    async fn drift_view(&self, windows: u32) -> anyhow::Result<DriftView> {
        let report = report(&self.ledger, &self.settings.drift, windows).await?;
        let questions = report.questions.iter().map(question).collect::<anyhow::Result<_>>()?;
        Ok(DriftView {
            release: report.release.map(|release| release.to_string()),
            window: report.window,
            reference: report.reference,
            false_alarms: report.false_alarms,
            questions,
        })
    }

    /// The key that the readings are of: the newest one's, else the wallet's.
    async fn hotkey(&self, since: Timestamp) -> anyhow::Result<Option<Hotkey>> {
        let newest = self.ledger.readings(None, since).await?.pop().map(|reading| reading.hotkey);
        Ok(newest.or_else(|| verbs::serve::keypair(&self.settings.wallet).ok().map(|pair| pair.hotkey())))
    }

    async fn rank_view(&self, count: u32) -> anyhow::Result<RankView> {
        let now = Timestamp::now();
        let span = Span::last(count, now);
        let Some(hotkey) = self.hotkey(span.begin()).await? else {
            return Ok(RankView::default());
        };
        let readings = self.ledger.readings(Some(&hotkey), span.begin()).await?;
        let netuid = readings.last().map_or(self.settings.chain.netuid, |reading| reading.netuid);
        let seen = self.ledger.seen_ranks(netuid, &hotkey, span.begin()).await?;
        let mut promotions = self.ledger.promotions(500).await?;
        promotions.reverse();
        let changes = days::changes(&promotions, span.begin());
        let days = days::days(&readings, &seen);
        let last = Reading::last(self.home.path(), netuid, None).and_then(|reading| Standing::of(&reading, &hotkey));
        let ours = last.as_ref().map(|standing| &standing.ours).or(readings.last());
        let judged = judged(&self.ledger, (&self.settings, &hotkey), count, now).await?;
        let newest_seen = seen.iter().rfind(|seen| seen.rank.is_some());
        Ok(RankView {
            rank: ours.and_then(|ours| ours.rank),
            miners: ours.map(|ours| ours.miners),
            incentive: ours.map(|ours| ours.incentive),
            block: ours.map(|ours| ours.block),
            door: last.as_ref().map(Standing::door),
            seen: newest_seen.map(|seen| {
                format!(
                    "{} ({})",
                    seen.rank.map_or_else(String::new, |rank| rank.to_string()),
                    seen.at.strftime("%m-%d")
                )
            }),
            plot: plot::plot(&days, &changes)?,
            days: days.iter().map(day).collect(),
            releases: judged.iter().take(CHANGES).map(release).collect(),
            hotkey: hotkey.as_str().to_owned(),
        })
    }
}

impl DriftSource for RankAndDrift {
    fn drift(&self, windows: u32) -> SourceFuture<'_, DriftView> {
        Box::pin(self.drift.or((windows, DRIFT_KEPT), self.drift_view(windows)))
    }

    fn rank(&self, days: u32) -> SourceFuture<'_, RankView> {
        Box::pin(self.rank.or((days, RANK_KEPT), self.rank_view(days)))
    }
}

fn told(error: &anyhow::Error) -> SourceError {
    tracing::error!("rank and drift could not be shown: {}", failure::text(error));
    SourceError::Failed
}

fn day(day: &days::Day) -> RankDay {
    RankDay {
        day: day.date.to_string(),
        rank: day.rank,
        miners: day.miners,
        incentive: day.incentive,
        seen_rank: day.seen_rank,
    }
}

fn question(question: &Question) -> anyhow::Result<DriftQuestion> {
    let lacks = || question.lacks.map(|lacks| format!("{lacks} windows more, then it has a limit."));
    let point = |point: &crate::drifting::report::Point| DriftPoint {
        at: point.at.to_string(),
        value: point.value,
        limit: point.limit,
    };
    Ok(DriftQuestion {
        kind: question.kind.as_str().to_owned(),
        asks: question.asks.to_owned(),
        state: question.state.as_str().to_owned(),
        ratio: question.ratio,
        since: question.since.map(|since| since.strftime("%Y-%m-%d %H:%M UTC").to_string()),
        missing: question.why.clone().or_else(lacks),
        points: question.points.iter().map(point).collect(),
        plot: drift_plot::plot(question)?,
    })
}

fn release(change: &Change) -> RankRelease {
    let verdict = match change.verdict {
        Verdict::Helped => "helped",
        Verdict::Hurt => "hurt",
        Verdict::NoDifferenceSeen => "none",
        Verdict::TooEarly { .. } => "early",
        Verdict::CannotBeSaid { .. } => "unknown",
    };
    let deciding = change.measures.iter().find(|measure| Some(measure.name) == change.by);
    let difference = deciding.and_then(|measure| measure.compared.difference);
    RankRelease {
        at: change.at.strftime("%Y-%m-%d %H:%M").to_string(),
        release: change.to.to_string(),
        before: change.from.to_string(),
        verdict: verdict.to_owned(),
        said: show::verdict(change),
        difference: difference.map(|difference| [difference.point, difference.low, difference.high]),
        beside: change.beside.clone(),
    }
}
