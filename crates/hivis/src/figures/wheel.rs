//! Spend, review, jobs and dates: read from the ledger every minute, each with a query that looks at few rows.

use anyhow::Result;
use hivis_store::{Caps, Home, JobState, Ledger, Spent};
use hivis_types::metric;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::calendar::{self, calendar};
use crate::config::Settings;
use crate::night::{Kind, Times};
use crate::submission::submission;

/// Reads and sets.
pub(super) async fn set(home: &Home, ledger: &Ledger, settings: &Settings) -> Result<()> {
    let now = Timestamp::now();
    spend(&ledger.spent("synth", now).await?, &settings.synth.caps);
    metrics::gauge!(metric::REVIEW_QUEUE).set(ledger.review_counts().await?.waiting() as f64);
    let submission = submission(home, ledger).await?;
    for entry in calendar(None, submission.as_ref(), &settings.dates) {
        let day = entry.date.to_zoned(TimeZone::UTC)?.timestamp();
        let kind = if entry.kind == calendar::Kind::Deadline { "deadline" } else { "event" };
        metrics::gauge!(metric::DATE, "name" => entry.what, "kind" => kind).set(seconds(day));
    }
    jobs(ledger, &Times::new(settings), submission.map(|submission| submission.day), now).await
}

fn spend(spent: &Spent, caps: &Caps) {
    for (period, spent, cap) in [("week", spent.week, caps.week), ("month", spent.month, caps.month)] {
        let dollars = |micro: i64| micro as f64 / 1e6;
        metrics::gauge!(metric::SPEND, "purpose" => "synth", "period" => period).set(dollars(spent.usd.0));
        metrics::gauge!(metric::SPEND_CAP, "purpose" => "synth", "period" => period).set(dollars(cap.usd.0));
        // A cap of nothing lets nothing be spent.
        if cap.usd.0 > 0 {
            let ratio = spent.usd.0 as f64 / cap.usd.0 as f64;
            metrics::gauge!(metric::SPEND_RATIO, "purpose" => "synth", "period" => period).set(ratio);
        }
    }
}

async fn jobs(ledger: &Ledger, times: &Times, submitted: Option<jiff::civil::Date>, now: Timestamp) -> Result<()> {
    let open = ledger.open_jobs().await?;
    for state in [JobState::Waiting, JobState::Running] {
        let count = open.iter().filter(|job| job.state == state).count();
        metrics::gauge!(metric::JOBS_OPEN, "state" => state.as_str()).set(count as f64);
    }
    for kind in Kind::ALL {
        // A home in which the night never ran owes nothing.
        let Some(job) = ledger.last_due(kind.as_str(), now).await? else { continue };
        let failed = job.state == JobState::Failed;
        metrics::gauge!(metric::NIGHT_FAILED, "kind" => kind.as_str()).set(f64::from(u8::from(failed)));
        if let Some(ended) = job.ended {
            metrics::gauge!(metric::NIGHT_ENDED, "kind" => kind.as_str()).set(seconds(ended));
        }
        let held = job.lease.as_ref().is_some_and(|lease| lease.until > now);
        let stands = job.state == JobState::Waiting || job.state == JobState::Running && !held;
        let missed = times.last(kind, now, submitted).filter(|due| *due > job.due);
        let due = missed.or_else(|| stands.then_some(job.due)).or_else(|| times.next(kind, now, submitted));
        if let Some(due) = due {
            metrics::gauge!(metric::NIGHT_DUE, "kind" => kind.as_str()).set(seconds(due));
        }
    }
    Ok(())
}

fn seconds(at: Timestamp) -> f64 {
    at.as_millisecond() as f64 / 1e3
}
