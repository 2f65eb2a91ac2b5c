//! The exam as a validator would have lived it: reward, score and weight after each question.

use serde::{Deserialize, Serialize};

use crate::reward::{Entry, History};
use crate::score::{ALPHA, MovingAverage, Neuron};
use crate::{Answer, ExamPlan, Question, weight};

/// The candidate's place in the curve's small metagraph: UID 0 is the one that unspent weight goes to.
const UID: u16 = 1;

/// After one question.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// Reward of this step.
    pub reward: f64,
    /// The moving-average score.
    pub score: f64,
    /// The weight that would be emitted for the candidate beside the plan's field of miners, 65535 for the best.
    pub weight: u16,
}

/// Questions in order, from an empty history and score 0. The field is asked too and always earns its steady score.
pub(super) fn curve(pairs: &[(&Question, &Answer)], plan: &ExamPlan) -> Vec<CurvePoint> {
    let others: Vec<u16> = (0..plan.field.len()).map(|i| UID + 1 + i as u16).collect();
    let start: Vec<f32> = [0.0, 0.0].into_iter().chain(plan.field.iter().map(|&s| s as f32)).collect();
    let mut scores = MovingAverage::new(vec![Neuron::default(); start.len()], &start, ALPHA);
    let uids: Vec<u16> = [UID].into_iter().chain(others).collect();
    let mut history = History::new();
    let mut points = Vec::with_capacity(pairs.len());
    for (question, answer) in pairs {
        let reward = history.push(Entry::new(Some(answer.prediction), question.label));
        let rewards: Vec<f64> = [reward].into_iter().chain(plan.field.iter().copied()).collect();
        scores.update(&uids, &rewards).expect("one reward for each known UID: this is a bug");
        let now = scores.scores();
        let emitted = weight::emit(&now, scores.is_single(), &plan.weight_limits);
        let weight = emitted.iter().find(|w| w.uid == UID).map_or(0, |w| w.weight);
        points.push(CurvePoint { reward, score: now[usize::from(UID)], weight });
    }
    points
}
