//! Which release served when, and what was before and after each change.

use hivis_store::Promotion;
use hivis_types::ReleaseId;
use jiff::Timestamp;
use serde::Serialize;

use super::{Known, Span};

/// A release in service.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Served {
    /// Which.
    pub(crate) release: ReleaseId,
    /// From when on, UTC.
    pub(crate) from: Timestamp,
    /// Until another came; `None` while it serves.
    pub(crate) until: Option<Timestamp>,
}

/// What was around a change of the release. A difference is no proof that the change made it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Change {
    /// When the new one began to serve, UTC.
    pub(crate) at: Timestamp,
    /// What served before.
    pub(crate) from: ReleaseId,
    /// What serves after.
    pub(crate) to: ReleaseId,
    /// From the change before, or the span's beginning.
    pub(crate) before: Side,
    /// To the next change, or now.
    pub(crate) after: Side,
    /// After less before; `None` when one side was not read.
    pub(crate) incentive_difference: Option<f64>,
    /// The same of the logged reward.
    pub(crate) reward_difference: Option<f64>,
}

/// One side of a change.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Side {
    /// How long it was.
    pub(crate) days: f64,
    /// Readings in it.
    pub(crate) readings: usize,
    /// Mean incentive of those.
    pub(crate) incentive: Option<f64>,
    /// Logged rewards in it.
    pub(crate) rewards: usize,
    /// Their mean.
    pub(crate) reward: Option<f64>,
}

/// Releases in service by the servers' own word, one after another. Moves that no server took up served nobody.
pub(crate) fn served(promotions: &[Promotion]) -> Vec<Served> {
    let mut begun: Vec<(Timestamp, ReleaseId)> = promotions
        .iter()
        .filter_map(|p| p.outcome.as_ref().filter(|o| o.serving).map(|o| (o.at, p.release.clone())))
        .collect();
    begun.sort_by_key(|(at, _)| *at);
    begun.dedup_by(|later, earlier| later.1 == earlier.1);
    let ends = begun.iter().skip(1).map(|(at, _)| Some(*at)).chain([None]).collect::<Vec<_>>();
    begun.into_iter().zip(ends).map(|((from, release), until)| Served { release, from, until }).collect()
}

/// The changes within the span.
pub(crate) fn changes(known: &Known, served: &[Served], span: Span) -> Vec<Change> {
    let pairs = served.windows(2).filter(|pair| pair[1].from >= span.begin() && pair[1].from <= span.now);
    let change = |pair: &[Served]| {
        let before = side(known, pair[0].from.max(span.begin()), pair[1].from);
        let after = side(known, pair[1].from, pair[1].until.unwrap_or(span.now).min(span.now));
        Change {
            at: pair[1].from,
            from: pair[0].release.clone(),
            to: pair[1].release.clone(),
            before,
            after,
            incentive_difference: after.incentive.zip(before.incentive).map(|(after, before)| after - before),
            reward_difference: after.reward.zip(before.reward).map(|(after, before)| after - before),
        }
    };
    pairs.map(change).collect()
}

fn side(known: &Known, from: Timestamp, until: Timestamp) -> Side {
    let within = |at: Timestamp| from <= at && at < until;
    let incentives: Vec<f64> = known.readings.iter().filter(|r| within(r.at)).map(|r| r.incentive).collect();
    let rewards: Vec<f64> = known.points.iter().filter(|p| within(p.at)).filter_map(|p| p.reward).collect();
    let mean = |values: &[f64]| (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64);
    Side {
        days: until.duration_since(from).as_secs_f64() / 86_400.0,
        readings: incentives.len(),
        incentive: mean(&incentives),
        rewards: rewards.len(),
        reward: mean(&rewards),
    }
}
