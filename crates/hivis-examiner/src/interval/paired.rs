//! Two candidates on the same scenes and draws.

use rand::Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::deployment::{Earned, play_full};
use super::pool::{Scratch, draw_deployment, stream};
use super::{Interval, Pool, Replicate, Resampling, quantile};
use crate::reward::Entry;

/// Deployments that a swapped exam is judged on: enough that which draws they were hardly matters, few enough that
/// thousands of swaps are quick.
const JUDGED_ON: u32 = 8;

/// B minus A, from full histories.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Paired {
    /// Difference of the mean step reward of one deployment that both get.
    pub reward: Interval,
    /// Difference of the validator's score after it.
    pub score: Interval,
    /// One-sided level of `lower`.
    pub level: f64,
    /// This share of deployments has a reward difference below it. A promotion wants it above zero.
    pub lower: f64,
    /// Chance of a difference at least this large in B's favour if the two were equals: answers swapped scene by scene.
    pub p_better: f64,
    /// The same for a difference this large either way.
    pub p_differs: f64,
    /// Swaps behind the two chances.
    pub swaps: u32,
}

/// Compares the pool's first two candidates (A, B). `None` with fewer, or when the pool lacks a label. `level` is the
/// one-sided level of the lower bound.
pub fn paired(pool: &Pool, how: &Resampling, replicates: &[Replicate], level: f64) -> Option<Paired> {
    if pool.candidates() < 2 {
        return None;
    }
    let points = super::points(pool, how)?;
    let difference = |of: fn(&Earned) -> f64| {
        let values: Vec<f64> = replicates.iter().map(|r| of(&r.earned[1]) - of(&r.earned[0])).collect();
        (of(&points[1]) - of(&points[0]), values)
    };
    let (reward, mut rewards) = difference(|e| e.full_reward);
    let (score, scores) = difference(|e| e.full_score);
    rewards.sort_by(f64::total_cmp);
    let lower = quantile(&rewards, level);
    let (p_better, p_differs) = swap(pool, how)?;
    Some(Paired {
        reward: Interval::around(reward, rewards),
        score: Interval::around(score, scores),
        level,
        lower,
        p_better,
        p_differs,
        swaps: how.replicates,
    })
}

/// The permutation test: under equality a scene's answers may be either's. The exam itself counts as one of the swaps,
/// so a chance is never 0.
fn swap(pool: &Pool, how: &Resampling) -> Option<(f64, f64)> {
    let deployments = (0..JUDGED_ON)
        .map(|number| {
            let mut scratch = Scratch::default();
            pool.take_all(&mut scratch);
            draw_deployment(&mut scratch, how.deployment, &mut stream(how.seed, number, 2))?;
            Some(scratch.deployment)
        })
        .collect::<Option<Vec<_>>>()?;
    let (a, b) = (pool.entries(0), pool.entries(1));
    let statistic =
        |a: &[Entry], b: &[Entry]| -> f64 { deployments.iter().map(|d| play_full(b, d).0 - play_full(a, d).0).sum() };
    let observed = statistic(a, b);
    let (better, differs) = (0..how.replicates)
        .into_par_iter()
        .map(|number| {
            let mut rng = stream(how.seed, number, 3);
            let swapped: Vec<bool> = (0..pool.scenes()).map(|_| rng.random()).collect();
            let side = |x: &[Entry], y: &[Entry]| -> Vec<Entry> {
                let of = |i: usize| if swapped[pool.scene_of(i as u32) as usize] { y[i] } else { x[i] };
                (0..x.len()).map(of).collect()
            };
            let value = statistic(&side(a, b), &side(b, a));
            // Equal sums in another order may differ in the last bit: that is a tie.
            let slack = 1e-12;
            (u32::from(value >= observed - slack), u32::from(value.abs() >= observed.abs() - slack))
        })
        .reduce(|| (0, 0), |x, y| (x.0 + y.0, x.1 + y.1));
    let chance = |count: u32| f64::from(count + 1) / f64::from(how.replicates + 1);
    Some((chance(better), chance(differs)))
}
