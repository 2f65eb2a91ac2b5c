//! What the page Releases and its API say. Times are UTC, RFC 3339.

mod exams;
mod moves;
mod runs;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

pub use exams::*;
pub use moves::*;
pub use runs::*;

/// All about which release serves, which could, and how they came to be.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct ReleaseList {
    /// What the pointer names; a change must repeat it, so that nobody overwrites what they have not seen.
    pub current: Option<String>,
    /// Where a roll back would lead.
    pub back: Option<String>,
    /// Engine, precision and provider that serve, in words.
    pub runs_on: String,
    /// What a promotion wants of an exam: `paired`, `gain` or `none`.
    pub policy: String,
    /// Newest first.
    pub releases: Vec<ReleaseLine>,
    /// How many there are in all.
    pub count: usize,
    /// Newest first; those that are under way too.
    pub runs: Vec<RunLine>,
    /// Exams of two, newest first.
    pub exams: Vec<ExamLine>,
    /// Moves of the pointer, newest first.
    pub moves: Vec<MoveLine>,
    /// The move that is under way, or the last one that was asked for here.
    pub moving: Option<Moving>,
}

/// One release in a list.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct ReleaseLine {
    /// Its name.
    pub id: String,
    /// X.Y.Z
    pub version: Option<String>,
    /// When it was made, UTC.
    pub made: String,
    /// The model's kind and its backbone.
    pub kind: String,
    /// Precisions of its files.
    pub precisions: Vec<String>,
    /// Size of its files.
    pub bytes: u64,
    /// What it learned from, in words.
    pub learned: Option<String>,
    /// The training behind it.
    pub run: Option<String>,
    /// Reward that its newest exam expects.
    pub reward: Option<Span>,
    /// Since when it last served, UTC.
    pub served_from: Option<String>,
    /// Whether the pointer names it.
    pub current: bool,
    /// Why it may not serve, where it may not.
    pub barred: Option<String>,
}

/// A number and what it lies between.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Span {
    /// Lower end.
    pub low: f64,
    /// The best single guess.
    pub point: f64,
    /// Upper end.
    pub high: f64,
}

/// A name and a text.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct Fact {
    /// What.
    pub name: String,
    /// Its value.
    pub text: String,
}

/// One release.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct ReleaseDetail {
    /// In few words.
    pub line: ReleaseLine,
    /// What the pointer names.
    pub current: Option<String>,
    /// Its model card, Markdown as it is.
    pub card: Option<String>,
    /// Its manifest, TOML as it is.
    pub manifest: String,
    /// Files: name, size, hash.
    pub files: Vec<FileLine>,
    /// The training behind it.
    pub run: Option<RunDetail>,
    /// Exams that it sat, newest first.
    pub exams: Vec<ExamLine>,
    /// Moves to it, newest first.
    pub moves: Vec<MoveLine>,
}

/// One file of a release.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct FileLine {
    /// Its name.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// SHA-256, hex.
    pub sha256: String,
}

/// Which part of the lists is wanted.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ReleaseQuery {
    /// At most so many lines of each list, 1 to 200 [default: 25].
    pub limit: Option<u32>,
    /// Releases made before this one only.
    pub before: Option<String>,
    /// Moves before this number only.
    pub moves_before: Option<i64>,
}

/// Lines of a list where nobody asked for another number.
pub(super) const LINES: usize = 25;

impl ReleaseList {
    /// The move's words for the live region; empty when there is none.
    pub(super) fn moving_said(&self) -> &str {
        self.moving.as_ref().map_or("", |moving| moving.said.as_str())
    }

    pub(super) fn moving_phase(&self) -> &str {
        self.moving.as_ref().map_or("none", |moving| moving.phase.as_str())
    }

    pub(super) fn serving(&self) -> Option<&ReleaseLine> {
        self.releases.iter().find(|line| line.current)
    }

    pub(super) fn serves(&self) -> &str {
        self.current.as_deref().unwrap_or_default()
    }

    /// Where the next page of releases begins.
    pub(super) fn older(&self) -> Option<&str> {
        let more = self.releases.len() >= LINES && self.releases.len() < self.count;
        self.releases.last().filter(|_| more).map(|line| line.id.as_str())
    }

    /// Where the next page of moves begins.
    pub(super) fn older_moves(&self) -> Option<i64> {
        self.moves.last().filter(|line| self.moves.len() >= LINES && line.number > 1).map(|line| line.number)
    }
}

impl ReleaseLine {
    pub(super) fn day(&self) -> String {
        minute(&self.made)
    }

    pub(super) fn served(&self) -> String {
        self.served_from.as_deref().map_or_else(|| "never".to_owned(), minute)
    }

    pub(super) fn size(&self) -> String {
        megabytes(self.bytes)
    }

    pub(super) fn number(&self) -> &str {
        self.version.as_deref().unwrap_or("–")
    }
}

impl FileLine {
    pub(super) fn size(&self) -> String {
        megabytes(self.bytes)
    }
}

impl ReleaseDetail {
    pub(super) fn serves(&self) -> &str {
        self.current.as_deref().unwrap_or_default()
    }
}

impl Span {
    /// `0.677 (0.612 to 0.731)`
    pub(super) fn text(&self) -> String {
        format!("{:.3} ({:.3} to {:.3})", self.point, self.low, self.high)
    }

    /// `0.677`
    pub(super) fn best(&self) -> String {
        format!("{:.3}", self.point)
    }

    /// `0.612 to 0.731`
    pub(super) fn range(&self) -> String {
        format!("{:.3} to {:.3}", self.low, self.high)
    }

    /// `+0.021 (-0.004 to +0.051)`
    pub(super) fn change(&self) -> String {
        format!("{:+.3} ({:+.3} to {:+.3})", self.point, self.low, self.high)
    }
}

/// `11.8 MB`, `2.7 kB`
fn megabytes(bytes: u64) -> String {
    if bytes < 100_000 { format!("{:.1} kB", bytes as f64 / 1e3) } else { format!("{:.1} MB", bytes as f64 / 1e6) }
}

/// `2026-11-27 02:02`
pub(crate) fn minute(time: &str) -> String {
    time.get(..16).unwrap_or(time).replacen('T', " ", 1)
}
