//! What the page Releases and its API say. Times are UTC, RFC 3339.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

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

/// One training in a list.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct RunLine {
    /// Its name.
    pub id: String,
    /// `running`, `finished`, or `silent`: nothing was heard of it for long, and it has no result.
    pub state: String,
    /// When it began, UTC.
    pub began: String,
    /// Passes so far.
    pub epochs: usize,
    /// Newest loss of the tuning scenes.
    pub loss: Option<f64>,
    /// Accuracy on the tuning scenes, once it is finished.
    pub accuracy: Option<f64>,
}

/// One training.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct RunDetail {
    /// In few words.
    pub line: RunLine,
    /// What was asked for, and what came of it: name and text.
    pub facts: Vec<Fact>,
    /// Losses by pass, oldest first.
    pub epochs: Vec<EpochLine>,
    /// The pass that was kept, from 1.
    pub kept: Option<usize>,
    /// Both losses by pass: SVG whose colours are classes.
    pub curve: Option<String>,
    /// Called so likely against found so often: SVG.
    pub calibration: Option<String>,
    /// The figures on the tuning scenes, after calibration and before.
    pub figures: Vec<FigurePair>,
}

/// A name and a text.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct Fact {
    /// What.
    pub name: String,
    /// Its value.
    pub text: String,
}

/// Losses of one pass.
#[derive(Clone, Copy, Debug, Default, Serialize, ToSchema)]
pub struct EpochLine {
    /// From 1.
    pub epoch: u64,
    /// Of training, with dropout.
    pub training: f64,
    /// Of the tuning scenes.
    pub tuning: f64,
}

/// A figure after calibration and before.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct FigurePair {
    /// What.
    pub name: String,
    /// After.
    pub after: f64,
    /// Before.
    pub before: f64,
}

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

/// A move of the pointer.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct MoveLine {
    /// Its number.
    pub number: i64,
    /// When, UTC.
    pub at: String,
    /// `promote`, `rollback` or `import`.
    pub kind: String,
    /// To which release.
    pub release: String,
    /// From which.
    pub previous: Option<String>,
    /// Who.
    pub who: String,
    /// Why.
    pub why: String,
    /// `serves`, `refused`, or `open`: no server has looked.
    pub outcome: String,
    /// Why it was refused.
    pub reason: Option<String>,
}

/// How far a move is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct Moving {
    /// To which release.
    pub release: String,
    /// From which.
    pub previous: Option<String>,
    /// Who asked for it; empty where it was not asked for here.
    pub who: String,
    /// When it was asked for, UTC.
    pub since: String,
    /// `checking`, `loading`, `warming`, then `serves`, `put-back`, or `failed`.
    pub phase: String,
    /// Whether it is over.
    pub over: bool,
    /// In words.
    pub said: String,
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

/// The two releases to compare.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CompareQuery {
    /// What served.
    pub a: String,
    /// What would.
    pub b: String,
}

/// A promotion that is asked for.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PromoteBody {
    /// The release's name once more.
    pub name: String,
    /// What the page said that serves: another, and nothing is done.
    pub serves: Option<String>,
    /// Promote although the policy refuses, for this reason. A release that may not serve does not get in by it.
    pub force: Option<String>,
}

/// A roll back that is asked for.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RollbackBody {
    /// The release that it leads to, typed once more.
    pub name: String,
    /// What the page said that serves.
    pub serves: Option<String>,
}

/// A change of what serves, as the program gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoveOrder {
    /// To which release; checked against the name that was typed.
    pub release: String,
    /// What the page said that serves.
    pub serves: Option<String>,
    /// Who asks.
    pub who: String,
    /// Why although the policy refuses.
    pub force: Option<String>,
    /// Back to what served before, rather than on to another.
    pub back: bool,
}

/// What a change that was taken on rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoveTaken {
    /// Why it may be done, for the audit log: the exam, the force's reason.
    pub why: String,
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

impl RunLine {
    pub(super) fn day(&self) -> String {
        minute(&self.began)
    }
}

impl ExamLine {
    pub(super) fn day(&self) -> String {
        minute(&self.sat)
    }

    pub(super) fn names(&self) -> String {
        self.who.join(" against ")
    }
}

impl MoveLine {
    pub(super) fn day(&self) -> String {
        minute(&self.at)
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
