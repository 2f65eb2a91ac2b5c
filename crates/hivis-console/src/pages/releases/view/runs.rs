//! Training runs.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Fact, minute};

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

impl RunLine {
    pub(crate) fn day(&self) -> String {
        minute(&self.began)
    }
}
