//! What steps leave for later ones and for the report: the shapes of their facts.

use std::collections::BTreeMap;

use hivis_examiner::interval::Interval;
use hivis_examiner::report::{CandidateReport, ExamReport, Seen};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a training leaves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct TrainFacts {
    /// The new release.
    pub(crate) release: String,
    /// Pictures that it had never seen.
    pub(crate) new: u64,
}

/// What an exam leaves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ExamFacts {
    /// The file under `exams/`.
    pub(crate) exam: String,
    /// Challenges.
    pub(crate) questions: u32,
    /// What served.
    pub(crate) before: Sat,
    /// What is new.
    pub(crate) after: Sat,
    /// After minus before, on scenes never seen.
    pub(crate) difference: Option<Difference>,
    /// Parts of the exam, worst first.
    pub(crate) parts: Vec<PartFact>,
}

/// One who sat.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sat {
    pub(crate) release: String,
    pub(crate) accuracy: f64,
    /// Reward to expect; 90% of deployments.
    pub(crate) reward: Option<Span>,
    pub(crate) p50_ms: f64,
}

/// A number and what it lies between.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Span {
    pub(crate) low: f64,
    pub(crate) point: f64,
    pub(crate) high: f64,
}

/// A paired difference of the reward.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Difference {
    pub(crate) reward: Span,
    /// One-sided level of `lower`.
    pub(crate) level: f64,
    /// The bound that a promotion wants above zero.
    pub(crate) lower: f64,
}

/// A part of the exam, after minus before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct PartFact {
    pub(crate) part: String,
    pub(crate) scenes: u64,
    /// Difference of accuracy.
    pub(crate) difference: f64,
    /// Beyond chance: `better`, `worse`, or neither.
    pub(crate) beyond: Option<String>,
}

/// What a report leaves for the next one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct ReportFacts {
    /// Everything that the home could train on.
    pub(crate) samples: u64,
    /// By how it came here: `dataset NAME`, `record`, `generated NAME`.
    pub(crate) by_source: BTreeMap<String, u64>,
    /// By tag.
    pub(crate) by_slice: BTreeMap<String, u64>,
}

impl From<Interval> for Span {
    fn from(interval: Interval) -> Self {
        Self { low: interval.low, point: interval.point, high: interval.high }
    }
}

impl Sat {
    pub(crate) fn of(candidate: &CandidateReport) -> Self {
        let pool = candidate.headline();
        Self {
            release: candidate.candidate.clone(),
            accuracy: pool.map_or(0.0, |pool| pool.accuracy.share),
            reward: pool.and_then(|pool| pool.forecast).map(|forecast| forecast.from_full.reward.into()),
            p50_ms: candidate.latency.p50_ms,
        }
    }
}

impl ExamFacts {
    /// Of an exam of two; `None` of any other.
    pub(crate) fn of(exam: String, report: &ExamReport) -> Option<Self> {
        let [before, after] = report.candidates.as_slice() else { return None };
        let pair = report.paired.iter().find(|pair| pair.seen == Seen::Never).map(|pair| &pair.paired);
        let part = |part: &hivis_examiner::report::PartDifference| PartFact {
            part: part.part.clone(),
            scenes: part.scenes as u64,
            difference: part.difference,
            beyond: match (part.is_worse(), part.is_better()) {
                (true, _) => Some("worse".to_owned()),
                (_, true) => Some("better".to_owned()),
                _ => None,
            },
        };
        let mut parts: Vec<PartFact> = report.parts.iter().map(part).collect();
        parts.sort_by(|a, b| a.difference.total_cmp(&b.difference));
        Some(Self {
            exam,
            questions: report.plan.questions,
            before: Sat::of(before),
            after: Sat::of(after),
            difference: pair.map(|p| Difference { reward: p.reward.into(), level: p.level, lower: p.lower }),
            parts,
        })
    }
}

/// Facts in their shape; those of another hivis, which do not fit, are as good as none.
pub(crate) fn shaped<T: DeserializeOwned>(facts: Option<&Value>) -> Option<T> {
    facts.and_then(|facts| T::deserialize(facts).ok())
}
