//! What an exam found.

mod build;
mod curve;
mod latency;
mod parts;
mod print;
mod silence;
mod table;

use serde::{Deserialize, Serialize};

pub use build::{Drawn, report};
pub(crate) use build::{check, pools, report_drawn, resampling};
pub use curve::CurvePoint;
pub use latency::Latency;
pub use parts::PartDifference;
pub use silence::SilencePoint;
pub use table::{Proportion, Row};

use crate::interval::{Forecast, Paired};
use crate::pictures::Skipped;
use crate::reward::Metrics;
use crate::{ExamPlan, Footprint, Outcome};

/// Scenes that a candidate was trained on and scenes that it never saw are never mixed in a forecast.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Seen {
    /// The scene was in no training.
    Never,
    /// The scene was trained on: a pool that is only reported.
    TrainedOn,
}

impl Seen {
    /// Both, the one that decides first.
    pub const ALL: [Self; 2] = [Self::Never, Self::TrainedOn];

    /// The heading in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Never => "scenes never seen",
            Self::TrainedOn => "scenes trained on",
        }
    }
}

/// One candidate on one pool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PoolReport {
    /// Which scenes.
    pub seen: Seen,
    /// Distinct scenes.
    pub scenes: usize,
    /// Challenges.
    pub questions: usize,
    /// Expected reward and score; `None` when the pool holds one label only.
    pub forecast: Option<Forecast>,
    /// The reference's metrics over all judged answers (the MCC is clamped at 0 there).
    pub metrics: Metrics,
    /// Matthews correlation over all judged answers, not clamped, in `[-1, 1]`.
    pub mcc: f64,
    /// Right among judged.
    pub accuracy: Proportion,
    /// One row for each label, origin, level and slice.
    pub table: Vec<Row>,
    /// Expected reward against the share left unanswered.
    pub silence: Vec<SilencePoint>,
}

/// An ask that ended without a class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// What became of the asks.
    pub outcome: Outcome,
    /// How many.
    pub count: usize,
    /// What one of them said.
    pub example: String,
}

/// A wrong answer and how sure it was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Worst {
    /// The question; its picture is the question's own.
    pub question: u32,
    /// What the candidate said.
    pub probability: f64,
    /// Two or three words for a caption.
    pub caption: String,
    /// What a person finds the picture by.
    pub name: String,
}

/// One candidate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CandidateReport {
    /// Who sat.
    pub candidate: String,
    /// Never-seen scenes first; a pool without questions is left out.
    pub pools: Vec<PoolReport>,
    /// Asks without a class, by kind.
    pub failures: Vec<Failure>,
    /// Times of those that came back with an answer.
    pub latency: Latency,
    /// Asks that started more than 50 ms late because too many were under way: above 0 the rate was not kept.
    pub late: usize,
    /// The most confident wrong answers, worst first.
    pub worst: Vec<Worst>,
    /// Reward, score and emitted weight step by step, from an empty history.
    pub curve: Vec<CurvePoint>,
    /// From the first ask to the last answer, in seconds.
    pub seconds: f64,
    /// What it takes to run, where the exam could look.
    #[serde(default)]
    pub footprint: Option<Footprint>,
}

impl CandidateReport {
    /// The pool that decides: scenes never seen, or the other where there are none.
    pub fn headline(&self) -> Option<&PoolReport> {
        self.pools.first()
    }
}

/// Two candidates on one pool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PairedReport {
    /// Which scenes.
    pub seen: Seen,
    /// The second candidate minus the first.
    pub paired: Paired,
}

/// An exam of one candidate or two.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExamReport {
    /// What was asked for.
    pub plan: ExamPlan,
    /// Where the pictures came from.
    pub source: String,
    /// Pictures that were passed over.
    pub skipped: Vec<Skipped>,
    /// One, or A and B.
    pub candidates: Vec<CandidateReport>,
    /// B against A, when there are two.
    pub paired: Vec<PairedReport>,
    /// B against A part by part, on scenes never seen; empty with one candidate.
    #[serde(default)]
    pub parts: Vec<PartDifference>,
    /// What a reader should know before trusting a number.
    pub notes: Vec<String>,
}
