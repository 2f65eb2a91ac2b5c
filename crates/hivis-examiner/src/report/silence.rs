//! Expected reward against the share of answers left unanswered.
//!
//! -1 earns nothing in its step and keeps its place in both windows without being counted there, so leaving out the least
//! sure can raise the mean reward.

use serde::{Deserialize, Serialize};

use crate::interval::{Pool, Resampling, expected_reward};
use crate::reward::NO_ANSWER;
use crate::{Answer, Outcome, Question, Sitting};

/// Shares tried, in percent of the judged answers.
const PERCENT: [usize; 13] = [0, 2, 4, 6, 8, 10, 12, 15, 20, 25, 30, 35, 40];
/// Resampling of a point, a quarter of which is played; all points share their draws, so the curve is smooth.
const REPLICATES: u32 = 1_200;

/// One point of the silence curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SilencePoint {
    /// Share of the judged answers left out, the least sure first.
    pub share: f64,
    /// Answers nearer to 0.5 than this are the ones left out.
    pub sureness: f64,
    /// Expected mean step reward from a full history. The best point of a curve is chosen on the answers that it is
    /// measured on, so it flatters a little.
    pub reward: f64,
}

/// Empty when the pool holds one label only.
pub(super) fn curve(pairs: &[(&Question, &Answer)], how: &Resampling) -> Vec<SilencePoint> {
    let how = Resampling { replicates: how.replicates.min(REPLICATES), ..*how };
    let questions: Vec<&Question> = pairs.iter().map(|(q, _)| *q).collect();
    let mut answers: Vec<Answer> = pairs.iter().map(|(_, a)| (*a).clone()).collect();
    let sureness = |a: &Answer| (a.prediction - 0.5).abs();
    let mut order: Vec<usize> = (0..answers.len()).filter(|&i| answers[i].outcome == Outcome::Answered).collect();
    order.sort_by(|&a, &b| sureness(&answers[a]).total_cmp(&sureness(&answers[b])));
    let mut points = Vec::with_capacity(PERCENT.len());
    let mut left_out = 0;
    for percent in PERCENT {
        let until = (order.len() * percent + 50) / 100;
        let bound = order.get(until).map_or(0.5, |&i| sureness(&answers[i]));
        for &i in &order[left_out..until] {
            answers[i].prediction = NO_ANSWER;
        }
        left_out = until;
        let sitting = Sitting { candidate: String::new(), answers: answers.clone(), seconds: 0.0, footprint: None };
        let Some(reward) = expected_reward(&Pool::of(&questions, &[&sitting]), &how) else { return Vec::new() };
        let sureness = if percent == 0 { 0.0 } else { bound };
        points.push(SilencePoint { share: percent as f64 / 100.0, sureness, reward });
    }
    points
}
