//! What a release will earn: a prediction interval for the mean step reward of one deployment, and for the validator's
//! score after it.
//!
//! The unit of resampling is the scene. Each replicate (a) draws scenes with replacement inside the strata origin x
//! (trained on | never seen), with all challenges of a drawn scene, and (b) draws one deployment from that pool (label
//! even, origin and level as the validator draws them) and plays it through the reward code, from an empty and from a
//! full history. The 5% and 95% quantiles over the replicates are the interval: (a) is what the exam does not know,
//! (b) what even a perfectly known miner cannot know of its next weeks. Replicate `r` has a random stream of its own, so
//! any machine, thread count or shard computes the same numbers.

mod deployment;
mod paired;
mod pool;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

pub use deployment::Earned;
pub use paired::{Paired, paired};
pub use pool::{Asked, Candidate, Pool};

use deployment::play;
use pool::Scratch;

/// Share of deployments that an [`Interval`] is meant to hold.
pub const LEVEL: f64 = 0.90;

/// How replicates are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resampling {
    /// Steps of a deployment.
    pub deployment: u32,
    /// Replicates.
    pub replicates: u32,
    /// Seed of all of them.
    pub seed: u64,
}

/// A part of the replicates, for several machines: those with `replicate % of == index`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    /// Which part, from 0.
    pub index: u32,
    /// Of how many.
    pub of: u32,
}

impl Shard {
    /// All of it.
    pub const WHOLE: Self = Self { index: 0, of: 1 };
}

/// One simulated deployment, of every candidate on the same draws.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Replicate {
    /// Its number, which seeds it.
    pub number: u32,
    /// What each candidate earned, in the pool's order.
    pub earned: Vec<Earned>,
}

/// A number with what chance leaves of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The best single guess.
    pub point: f64,
    /// 5% of deployments earn less.
    pub low: f64,
    /// 5% earn more.
    pub high: f64,
}

impl Interval {
    /// Whether a value lies inside, ends included.
    pub fn holds(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// From unsorted values of replicates, around a point of its own.
    fn around(point: f64, mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let tail = (1.0 - LEVEL) / 2.0;
        Self { point, low: quantile(&values, tail), high: quantile(&values, 1.0 - tail) }
    }
}

/// Intervals for a miner with one kind of history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Expected {
    /// Mean step reward of the deployment.
    pub reward: Interval,
    /// The validator's moving-average score after it.
    pub score: Interval,
}

/// What one candidate is expected to earn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    /// From the first answer of a hotkey that was just registered, score 0.
    pub from_empty: Expected,
    /// With 100 answers of its own behind it and a score that has settled on them.
    pub from_full: Expected,
}

/// Linear between the two nearest order statistics (type 7), of sorted values; 0 of none.
pub(crate) fn quantile(sorted: &[f64], q: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let at = q.clamp(0.0, 1.0) * last as f64;
    let below = at.floor() as usize;
    let above = (below + 1).min(last);
    sorted[below] + (sorted[above] - sorted[below]) * (at - below as f64)
}

/// The replicates of a shard, on every core. `None` when the pool lacks a label.
pub fn replicates(pool: &Pool, how: &Resampling, shard: Shard) -> Option<Vec<Replicate>> {
    run(pool, how, shard, true)
}

fn run(pool: &Pool, how: &Resampling, shard: Shard, resample: bool) -> Option<Vec<Replicate>> {
    let numbers: Vec<u32> = (0..how.replicates).filter(|r| r % shard.of.max(1) == shard.index).collect();
    numbers
        .into_par_iter()
        .map_init(Scratch::default, |scratch, number| {
            let mut rng = pool::stream(how.seed, number, u8::from(!resample));
            if resample {
                pool.draw_scenes(scratch, &mut rng);
            } else {
                pool.take_all(scratch);
            }
            pool::draw_deployment(scratch, how.deployment, &mut rng)?;
            let earned = (0..pool.candidates()).map(|c| play(pool.entries(c), &scratch.deployment)).collect();
            Some(Replicate { number, earned })
        })
        .collect()
}

/// Expected values: the mean over deployments drawn from the exam as it is, without step (a), whose resampling would add
/// the bias of a curve that bends upwards. A mean needs fewer replicates than a quantile.
fn points(pool: &Pool, how: &Resampling) -> Option<Vec<Earned>> {
    let fewer = Resampling { replicates: how.replicates.div_ceil(4), ..*how };
    let runs = run(pool, &fewer, Shard::WHOLE, false)?;
    Some((0..pool.candidates()).map(|c| Earned::mean(runs.iter().map(|r| &r.earned[c]))).collect())
}

/// The forecast of each candidate from all replicates, in any order. `None` when the pool lacks a label.
pub fn forecast(pool: &Pool, how: &Resampling, replicates: &[Replicate]) -> Option<Vec<Forecast>> {
    let points = points(pool, how)?;
    let each = |c: usize, of: fn(&Earned) -> f64| {
        Interval::around(of(&points[c]), replicates.iter().map(|r| of(&r.earned[c])).collect())
    };
    let forecasts = (0..pool.candidates()).map(|c| Forecast {
        from_empty: Expected { reward: each(c, |e| e.empty_reward), score: each(c, |e| e.empty_score) },
        from_full: Expected { reward: each(c, |e| e.full_reward), score: each(c, |e| e.full_score) },
    });
    Some(forecasts.collect())
}

/// Expected mean step reward from a full history, without an interval: for curves over many settings.
pub(crate) fn expected_reward(pool: &Pool, how: &Resampling) -> Option<f64> {
    points(pool, how).and_then(|points| points.first().map(|e| e.full_reward))
}
