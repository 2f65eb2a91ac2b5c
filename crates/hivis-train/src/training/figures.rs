//! What is told of a training.

use std::collections::BTreeMap;

use hivis_onnx::Head;
use hivis_types::Label;
use serde::{Deserialize, Serialize};

use super::{Row, TrainingSettings};
use crate::calibrate::Shift;
use crate::feature_cache::{Taken, level};
use crate::head::Epoch;
use crate::measure::{Bin, Measures, measure};
use crate::split::Part;
use crate::sweep::Trial;

/// What became of a training.
#[derive(Clone, Debug, PartialEq)]
pub struct Trained {
    /// The head of the best epoch, calibrated.
    pub head: Head,
    /// What is told of it.
    pub report: TrainingReport,
    /// Every challenge of the tuning scenes, judged by the calibrated head.
    pub judged: Vec<Judged>,
}

/// One challenge and its answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judged {
    /// The row of the source.
    pub row: usize,
    /// Which draw of its picture.
    pub draw: usize,
    /// Probability of roadwork.
    pub probability: f64,
    /// The truth.
    pub roadwork: bool,
}

/// The figures of a training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainingReport {
    /// A hash of the rows: the data's version until versions are cut.
    pub data: String,
    /// The backbone's hash.
    pub backbone: String,
    /// How it was asked for.
    pub settings: TrainingSettings,
    /// Scenes and pictures by part.
    pub parts: BTreeMap<Part, PartSize>,
    /// Pictures that could not be read, by key, with the reason; the first hundred.
    pub skipped: Vec<(String, String)>,
    /// Views that an epoch is made of, by what they are.
    pub mixture: BTreeMap<String, usize>,
    /// Where the run went on from an earlier one: its name, pictures that are new, old pictures.
    pub earlier: Option<(String, usize, usize)>,
    /// All trials of the sweep, best first; empty without one.
    pub trials: Vec<Trial>,
    /// Losses by epoch.
    pub history: Vec<Epoch>,
    /// Whether its time was over before its last epoch.
    #[serde(default)]
    pub cut_short: bool,
    /// The epoch that was kept, from 0.
    pub best: usize,
    /// Slope and shift of the last node.
    pub calibration: (f32, f32),
    /// The threshold that pays most on the tuning scenes, and whether the shift has it in it.
    pub threshold: Shift,
    /// Which floor was missed; such a release cannot be promoted.
    pub below_floor: Option<String>,
    /// Why the last checkpoint could not be written, when it could not.
    pub checkpoint_failed: Option<String>,
    /// On the tuning scenes, after calibration.
    pub tune: Measures,
    /// On the same, before.
    pub tune_raw: Measures,
    /// On the tuning scenes, by slice, half and level.
    pub slices: BTreeMap<String, Measures>,
    /// On the tuning scenes, after calibration: how often what was called so likely was so. Runs of earlier versions have
    /// none.
    #[serde(default)]
    pub reliability: Vec<Bin>,
}

/// How much a part holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartSize {
    /// Scenes.
    pub scenes: usize,
    /// Pictures, before draws.
    pub pictures: usize,
    /// Pictures that show roadwork.
    pub roadwork: usize,
}

/// How much each part holds.
pub(super) fn sizes(rows: &[Row], parts: &[Option<Part>]) -> BTreeMap<Part, PartSize> {
    let mut sizes: BTreeMap<Part, PartSize> = Part::ALL.into_iter().map(|part| (part, PartSize::default())).collect();
    let mut seen = std::collections::HashSet::new();
    for (row, part) in rows.iter().zip(parts).filter_map(|(row, part)| Some((row, part.as_ref()?))) {
        let size = sizes.entry(*part).or_default();
        size.scenes += usize::from(seen.insert(&row.scene));
        size.pictures += 1;
        size.roadwork += usize::from(row.label == Label::Roadwork);
    }
    sizes
}

/// Measures by half, level and slice; parts of fewer than ten rows say nothing.
pub(super) fn slices(
    rows: &[Row],
    taken: &Taken,
    probabilities: &[f64],
    truths: &[bool],
) -> BTreeMap<String, Measures> {
    let mut parts: BTreeMap<String, (Vec<f64>, Vec<bool>)> = BTreeMap::new();
    for ((&(row, draw), &p), &truth) in taken.of.iter().zip(probabilities).zip(truths) {
        let row = &rows[row];
        let own = [format!("origin:{}", row.origin.as_str()), format!("level:{}", level(draw))];
        for name in own.into_iter().chain(row.slices.iter().cloned()) {
            let part = parts.entry(name).or_default();
            part.0.push(p);
            part.1.push(truth);
        }
    }
    parts.retain(|_, part| part.0.len() >= 10);
    parts.into_iter().filter_map(|(name, (p, t))| Some((name, measure(&p, &t)?))).collect()
}
