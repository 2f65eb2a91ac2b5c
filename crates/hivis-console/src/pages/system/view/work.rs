//! What the night did and will do, and the calendar.

use serde::Serialize;
use utoipa::ToSchema;

use super::minute;

/// What the night did and will do.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct JobsView {
    /// Each kind of turn, and when it is due next.
    pub next: Vec<NextTurn>,
    /// Who works now, in words.
    pub held: Option<String>,
    /// The newest turns, newest first.
    pub jobs: Vec<JobLine>,
}

/// A kind of turn.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct NextTurn {
    /// `nightly`, `weekly`, `monthly`, `retrain`.
    pub kind: String,
    /// When; none where the calendar has no day.
    pub at: Option<String>,
    /// Its steps, in order.
    pub steps: Vec<String>,
}

/// A turn.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct JobLine {
    /// Its number.
    pub id: i64,
    /// Which kind.
    pub kind: String,
    /// When it was due.
    pub due: String,
    /// `waiting`, `running`, `done`, `failed`.
    pub state: String,
    /// Whether a person asked for it.
    pub by_hand: bool,
    /// How long it took, seconds.
    pub seconds: Option<f64>,
    /// Why it failed.
    pub error: Option<String>,
    /// What its steps said.
    pub steps: Vec<StepLine>,
}

/// A step of a turn.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct StepLine {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub state: String,
    /// One line.
    pub said: String,
}

/// A day of the calendar.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct DateLine {
    /// The day.
    pub date: String,
    /// What.
    pub what: String,
    /// Why it matters.
    pub why: String,
    /// Who says so.
    pub source: String,
    /// Days from today on; negative for what is over.
    pub days_left: i32,
    /// `overdue`, `passed`, `today`, `coming`.
    pub state: String,
}

impl JobLine {
    pub(crate) fn day(&self) -> String {
        minute(&self.due)
    }

    pub(crate) fn took(&self) -> String {
        self.seconds.map_or_else(|| "–".to_owned(), took)
    }
}

impl NextTurn {
    pub(crate) fn when(&self) -> String {
        self.at.as_deref().map_or_else(|| "no day is set".to_owned(), minute)
    }

    pub(crate) fn plan(&self) -> String {
        self.steps.join(" → ")
    }
}

/// `35 s`, `12 min`, `3.2 h`
fn took(seconds: f64) -> String {
    match seconds {
        s if s < 90.0 => format!("{s:.0} s"),
        s if s < 5400.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}
