//! What an exam is asked to do.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{ExaminerError, WeightLimits};

/// One exam: the same plan, source and seed give the same questions on any machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ExamPlan {
    /// Challenges asked of each candidate.
    pub questions: u32,
    /// Every draw of the exam comes from it: questions, resampling, deployments.
    pub seed: u64,
    /// Asks started a second.
    pub rate: f64,
    /// Asks under way at once; when all are, the next one starts late and is counted as late.
    pub in_flight: usize,
    /// Seconds that an answer may take. The validator waits 9.
    pub timeout_s: f64,
    /// Length of the deployment whose mean reward is predicted, in steps of one miner.
    pub deployment: u32,
    /// Simulated deployments for an interval.
    pub replicates: u32,
    /// One-sided level of the paired lower bound (0.0025 = 0.05 over the 20 candidates that one exam set may judge).
    pub paired_level: f64,
    /// How many of the worst answers the report names.
    pub worst: usize,
    /// Steady scores of the other miners in the weight curve. One perfect miner: the weight is then a share of the best.
    pub field: Vec<f64>,
    /// The chain's rules for weights in the weight curve.
    pub weight_limits: WeightLimits,
}

impl Default for ExamPlan {
    fn default() -> Self {
        Self {
            questions: 300,
            seed: 0,
            rate: 10.0,
            in_flight: 256,
            timeout_s: 9.0,
            deployment: 300,
            replicates: 2_000,
            paired_level: 0.0025,
            worst: 12,
            field: vec![1.0],
            weight_limits: WeightLimits::default(),
        }
    }
}

impl ExamPlan {
    /// Refuses what cannot be done.
    pub fn check(&self) -> Result<(), ExaminerError> {
        let wrong = if self.questions == 0 {
            "at least one question is needed"
        } else if !(self.rate > 0.0 && self.rate.is_finite()) {
            "the rate must be above 0"
        } else if self.in_flight == 0 {
            "at least one ask must be allowed in flight"
        } else if !(self.timeout_s > 0.0 && self.timeout_s <= 3_600.0) {
            "the timeout must lie between 0 and 3600 seconds"
        } else if self.deployment == 0 || self.replicates == 0 {
            "a deployment needs at least one step, and an interval one replicate"
        } else if !(self.paired_level > 0.0 && self.paired_level < 0.5) {
            "the paired level must lie between 0 and 0.5"
        } else {
            return Ok(());
        };
        Err(ExaminerError::Plan(wrong.to_owned()))
    }

    /// The timeout as a duration.
    pub fn timeout(&self) -> Duration {
        Duration::from_secs_f64(self.timeout_s)
    }

    /// How long asking takes at least: the schedule of `questions` at `rate`.
    pub fn estimate(&self) -> Duration {
        Duration::from_secs_f64(f64::from(self.questions) / self.rate)
    }
}
