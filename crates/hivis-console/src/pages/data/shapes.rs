//! What the page Data shows, as its source gives it and its API tells it.

use std::sync::Arc;

use serde::Serialize;
use utoipa::ToSchema;

/// Versions, newest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct DataVersions {
    /// The versions.
    pub versions: Vec<DataVersionRow>,
    /// There are older ones: ask again with `before` as the last one's name.
    pub more: bool,
}

/// A version of the data.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct DataVersionRow {
    /// Its name.
    pub name: String,
    /// When it was cut, UTC.
    pub at: String,
    /// `cut`, `cutting` or `removed`.
    pub state: String,
    /// Its pictures.
    pub pictures: u64,
    /// Their size in words.
    pub size: String,
    /// Pictures by part, and how many of them show roadwork.
    pub parts: Vec<DataCount>,
    /// What the user said of it.
    pub message: String,
    /// Its part of the change log, Markdown.
    pub notes: String,
    /// The repository's commit, when there is one.
    pub commit: Option<String>,
}

/// Pictures of one kind.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct DataCount {
    /// Which.
    pub name: String,
    /// How many.
    pub pictures: u64,
    /// Of those, how many show roadwork.
    pub roadwork: u64,
}

/// The difference of two versions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct DataDiff {
    /// The first.
    pub from: String,
    /// The second.
    pub to: String,
    /// What came, went and changed; nothing when both hold the same.
    pub changes: Vec<DataChange>,
}

/// One kind of change.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct DataChange {
    /// `added`, `removed`, `relabelled`, `moved` (into another part) or `described` (something else is said).
    pub what: String,
    /// How many pictures.
    pub pictures: u64,
    /// By part, where that is known: the part after the change, or before it for what went.
    pub parts: Vec<DataCount>,
    /// By where they came from.
    pub sources: Vec<DataCount>,
    /// A few of them.
    pub samples: Vec<DataSample>,
}

/// A picture of a difference.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct DataSample {
    /// SHA-256 in hex.
    pub sha256: String,
    /// What is said of it, before and after where both are there.
    pub said: String,
    /// The record that shows it.
    pub record: Option<String>,
}

/// Accuracy and coverage by slice.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct DataSlices {
    /// Where the accuracy comes from, in words; or what to do to get one.
    pub accuracy_of: String,
    /// Where the coverage comes from, in words; or what to do to get one.
    pub coverage_of: String,
    /// The slices, the least accurate first.
    pub slices: Vec<DataSlice>,
}

/// One slice.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct DataSlice {
    /// Such as `weather:rain`.
    pub slice: String,
    /// Right answers of the current release in its newest exam.
    pub right: Option<u64>,
    /// Of so many.
    pub judged: Option<u64>,
    /// Their share, in [0, 1], with its 95% interval.
    pub share: Option<(f64, f64, f64)>,
    /// Its interval lies below the release's accuracy over all.
    pub failing: bool,
    /// Hard pictures of it in the newest mining run.
    pub hard: Option<u64>,
    /// Of those, how many were picked.
    pub picked: Option<u64>,
}

/// How figures went.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct DataTrends {
    /// One plot a figure of the gate.
    pub gate: Vec<DataPlot>,
    /// Acceptance by generator over weeks.
    pub acceptance: Vec<DataPlot>,
    /// Reward with and without generated pictures.
    pub reward: Vec<DataReward>,
}

/// A plot with its numbers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct DataPlot {
    /// What it shows.
    pub title: String,
    /// The plot: SVG, made by the server, whose colours are the sheet's.
    pub svg: String,
    /// The same as a table.
    pub table: DataTable,
}

/// A table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct DataTable {
    /// Its headings.
    pub headings: Vec<String>,
    /// Its rows.
    pub rows: Vec<Vec<String>>,
}

/// An exam that a release trained with generated pictures and one trained without both sat.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct DataReward {
    /// When, UTC.
    pub at: String,
    /// The exam's file.
    pub exam: String,
    /// The release that learned from generated pictures, and from how many.
    pub with: String,
    /// How many.
    pub generated: u64,
    /// Its expected reward, with what 90% of deployments lie between.
    pub reward_with: Option<(f64, f64, f64)>,
    /// The release that did not.
    pub without: String,
    /// Its expected reward.
    pub reward_without: Option<(f64, f64, f64)>,
}

/// Data sets of the home.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct DataSets {
    /// Name, pictures and roadwork of each, with when it was imported.
    pub sets: Vec<DataCount>,
    /// Where two label the same pictures.
    pub conflicts: Vec<DataConflict>,
    /// When this was counted, UTC.
    pub counted: String,
}

/// Two sources that label the same pictures.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct DataConflict {
    /// One.
    pub one: String,
    /// The other.
    pub other: String,
    /// Pictures that both label.
    pub shared: u64,
    /// Of those, how many differently.
    pub differ: u64,
}

impl DataSample {
    /// The beginning of its SHA-256, for people.
    pub(super) fn short(&self) -> &str {
        self.sha256.get(..12).unwrap_or(&self.sha256)
    }
}

/// All about one picture.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct DataPicture {
    /// SHA-256 in hex.
    pub sha256: String,
    /// What is known of it: name and text.
    pub facts: Vec<(String, String)>,
    /// The newest record that shows it.
    pub record: Option<String>,
}

/// Which part of the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapPart {
    /// Places and marks.
    Points,
    /// Whose they are.
    Ids,
}

/// A part of the map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataMap {
    /// Changes when the body does; both parts of one map have the same.
    pub tag: String,
    /// The bytes.
    pub body: Arc<Vec<u8>>,
    /// It is being brought up to date now.
    pub working: bool,
    /// Why there is no map, in words; empty when there is one.
    pub said: String,
}

/// Why there is no map yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct NoMap {
    /// In words.
    pub(super) said: String,
    /// It is being made: ask again.
    pub(super) working: bool,
}
