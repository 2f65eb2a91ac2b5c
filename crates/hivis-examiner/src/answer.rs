//! What came back, and the events on the way.

use hivis_types::{Label, Level, Origin};
use serde::{Deserialize, Serialize};

use crate::{Question, number};

/// What became of an ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// A number in `[0, 1]`.
    Answered,
    /// The axon answered -1: it would not or could not judge.
    Silent,
    /// A number that is no probability: 2, -0.3, NaN, infinity.
    Odd,
    /// No answer in time (408, ours or the axon's).
    Timeout,
    /// Nobody listens there, or the name is unknown.
    Unreachable,
    /// The connection ended before the answer did.
    Disconnected,
    /// The axon refused: 401, 403, 404, 500, 503.
    Refused,
    /// An answer that the validator's dendrite cannot read.
    Unreadable,
}

impl Outcome {
    /// All, in the order of the report.
    pub const ALL: [Self; 8] = [
        Self::Answered,
        Self::Silent,
        Self::Odd,
        Self::Timeout,
        Self::Unreachable,
        Self::Disconnected,
        Self::Refused,
        Self::Unreadable,
    ];

    /// The name in tables and files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Silent => "silent",
            Self::Odd => "odd",
            Self::Timeout => "timeout",
            Self::Unreachable => "unreachable",
            Self::Disconnected => "disconnected",
            Self::Refused => "refused",
            Self::Unreadable => "unreadable",
        }
    }
}

/// One answer as the validator's dendrite would see it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The question's id.
    pub question: u32,
    /// What the reward code gets: a probability, -1 when there was no answer, or whatever float the axon sent.
    #[serde(with = "number")]
    pub prediction: f64,
    /// What became of the ask.
    pub outcome: Outcome,
    /// The status, when there was one.
    pub status: Option<u16>,
    /// What the axon or the dendrite says about a failure, shortened; empty on success.
    pub message: String,
    /// From the ask to its end, in seconds.
    #[serde(with = "number")]
    pub latency_s: f64,
    /// How much later than its schedule the ask started, in seconds.
    #[serde(with = "number")]
    pub late_s: f64,
}

impl Answer {
    /// Whether the class is the truth; `None` when there is no class.
    pub fn right(&self, truth: Label) -> Option<bool> {
        // In `f64`, as the validator rounds: a value just above 0.5 is a tie in `f32`.
        (self.outcome == Outcome::Answered).then(|| (self.prediction > 0.5) == (truth == Label::Roadwork))
    }
}

/// One candidate's answers, in the order of the questions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sitting {
    /// Who sat: a release or an address.
    pub candidate: String,
    /// One a question.
    pub answers: Vec<Answer>,
    /// From the first ask to the last answer, in seconds.
    #[serde(with = "number")]
    pub seconds: f64,
    /// What the candidate takes to run; none of an axon that is asked from outside.
    #[serde(default)]
    pub footprint: Option<Footprint>,
}

/// What a candidate takes to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Footprint {
    /// The graph's bytes on disk, external weights included.
    pub graph_bytes: u64,
    /// How much the process's peak of resident memory grew from before the candidate was loaded to its last answer, in
    /// bytes. What the process had freed before counts as free, so of two candidates the second may seem smaller. Linux
    /// only.
    pub memory_bytes: Option<u64>,
}

/// How a candidate stands after an answer, in the order in which answers came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    /// Questions that are over.
    pub done: u32,
    /// Questions in the exam.
    pub total: u32,
    /// Those with a class.
    pub judged: u32,
    /// Those with the right class.
    pub right: u32,
    /// Reward of this step.
    pub reward: f64,
    /// Mean reward of the steps so far.
    pub mean_reward: f64,
    /// Matthews correlation over the last 100, clamped as in the reward.
    pub mcc: f64,
    /// The moving-average score.
    pub score: f64,
}

/// A question without its picture, for a live table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// The question's id.
    pub id: u32,
    /// The truth.
    pub label: Label,
    /// Which half.
    pub origin: Origin,
    /// The augmentation.
    pub level: Option<Level>,
    /// What a person finds the picture by.
    pub name: String,
}

impl From<&Question> for Asked {
    fn from(q: &Question) -> Self {
        Self { id: q.id, label: q.label, origin: q.origin, level: q.level, name: q.name.clone() }
    }
}

/// What happens while an exam is made and sat.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Questions made so far.
    Made {
        /// How many.
        done: u32,
        /// Of how many.
        total: u32,
    },
    /// An ask ended.
    Answered {
        /// What was asked.
        asked: Asked,
        /// What came back.
        answer: Answer,
        /// Where that leaves the candidate.
        standing: Standing,
    },
}

/// Takes events, from any thread; must be quick.
pub type Sink<'a> = &'a (dyn Fn(&Event) + Send + Sync);

/// A sink for those who do not look.
pub fn silent(_: &Event) {}
