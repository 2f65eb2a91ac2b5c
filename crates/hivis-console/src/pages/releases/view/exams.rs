//! Exams, alone and compared.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Span, minute};

/// One exam in a list.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct ExamLine {
    /// Its file under `exams/`.
    pub file: String,
    /// When it was sat, UTC.
    pub sat: String,
    /// Who sat, in order.
    pub who: Vec<String>,
    /// Challenges.
    pub questions: u32,
    /// Reward, the second less the first, in 90% of deployments.
    pub difference: Option<Span>,
    /// The bound that a promotion wants above zero.
    pub lower: Option<f64>,
}

/// Two releases and the newest exam that both sat.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct ExamCompared {
    /// The exam.
    pub exam: ExamLine,
    /// Where its pictures came from.
    pub source: String,
    /// The two, A and B.
    pub sides: Vec<ExamSide>,
    /// One-sided level of the bound, percent.
    pub level: Option<f64>,
    /// Chance of a difference at least so large in B's favour, were they equals.
    pub p_better: Option<f64>,
    /// What the policy says of B in A's place; empty when it lets B.
    pub refusal: Option<String>,
    /// By part: label, half, level, weather, ...
    pub slices: Vec<SliceLine>,
    /// What to know before trusting a number.
    pub notes: Vec<String>,
}

/// One who sat.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct ExamSide {
    /// The release.
    pub release: String,
    /// On what it ran.
    pub runs_on: String,
    /// Reward to expect of a settled miner.
    pub reward: Option<Span>,
    /// Share of right answers, 95%.
    pub accuracy: Span,
    /// Matthews correlation.
    pub mcc: f64,
    /// Half of the answers were at most so slow.
    pub p50_ms: f64,
    /// 99 of 100.
    pub p99_ms: f64,
}

/// A part of the exam.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct SliceLine {
    /// Such as `level 2`, `weather rain`.
    pub part: String,
    /// Scenes in it.
    pub scenes: usize,
    /// Accuracy of A, 95%.
    pub a: Option<Span>,
    /// Accuracy of B, 95%.
    pub b: Option<Span>,
    /// B less A.
    pub difference: f64,
    /// Beyond chance: `better`, `worse`, or neither.
    pub beyond: Option<String>,
}

/// The two releases to compare.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CompareQuery {
    /// What served.
    pub a: String,
    /// What would.
    pub b: String,
}

impl ExamLine {
    pub(crate) fn day(&self) -> String {
        minute(&self.sat)
    }

    pub(crate) fn names(&self) -> String {
        self.who.join(" against ")
    }
}
