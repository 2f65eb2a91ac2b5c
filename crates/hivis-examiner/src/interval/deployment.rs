//! Plays a drawn deployment through the reward code.

use serde::{Deserialize, Serialize};

use crate::number;
use crate::reward::{Entry, HISTORY, History};
use crate::score::ALPHA;

/// What one deployment earned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Earned {
    /// Mean step reward from an empty history.
    #[serde(with = "number")]
    pub empty_reward: f64,
    /// Score after it, from 0.
    #[serde(with = "number")]
    pub empty_score: f64,
    /// Mean step reward from a full history.
    #[serde(with = "number")]
    pub full_reward: f64,
    /// Score after it, from the score that the filling of the history left.
    #[serde(with = "number")]
    pub full_score: f64,
}

impl Earned {
    /// The mean of each field; zeros of none.
    pub(super) fn mean<'a>(all: impl Iterator<Item = &'a Self>) -> Self {
        let (mut sum, mut n) = (Self::default(), 0.0_f64);
        for e in all {
            sum.empty_reward += e.empty_reward;
            sum.empty_score += e.empty_score;
            sum.full_reward += e.full_reward;
            sum.full_score += e.full_score;
            n += 1.0;
        }
        let n = n.max(1.0);
        Self {
            empty_reward: sum.empty_reward / n,
            empty_score: sum.empty_score / n,
            full_reward: sum.full_reward / n,
            full_score: sum.full_score / n,
        }
    }
}

/// The validator's moving average for one miner, `f32` as there.
#[derive(Clone, Copy, Debug, Default)]
struct Score(f32);

impl Score {
    fn take(&mut self, reward: f64) {
        self.0 = ALPHA as f32 * reward as f32 + (1.0 - ALPHA) as f32 * self.0;
    }
}

/// Plays the challenges after the first 100 twice: from an empty history, and after those 100. A miner is asked only
/// some steps; the others leave its history and score as they were, so they are not played.
pub(super) fn play(entries: &[Entry], deployment: &[u32]) -> Earned {
    let (empty_reward, empty_score) = run(entries, &[], after_filling(deployment));
    let (full_reward, full_score) = play_full(entries, deployment);
    Earned { empty_reward, empty_score, full_reward, full_score }
}

/// Mean reward and score from a full history only.
pub(super) fn play_full(entries: &[Entry], deployment: &[u32]) -> (f64, f64) {
    run(entries, &deployment[..HISTORY.min(deployment.len())], after_filling(deployment))
}

fn after_filling(deployment: &[u32]) -> &[u32] {
    deployment.get(HISTORY..).unwrap_or(&[])
}

fn run(entries: &[Entry], filling: &[u32], steps: &[u32]) -> (f64, f64) {
    let (mut history, mut score, mut sum) = (History::new(), Score::default(), 0.0);
    for &challenge in filling {
        score.take(history.push(entries[challenge as usize]));
    }
    for &challenge in steps {
        let reward = history.push(entries[challenge as usize]);
        score.take(reward);
        sum += reward;
    }
    (sum / steps.len().max(1) as f64, f64::from(score.0))
}
