//! One training: labelled pictures to a calibrated head on a frozen backbone, and what it is worth.
//!
//! Features come from `feature_cache`, where a killed run goes on. The head trains on them from its first step on, in
//! seconds to minutes and bit for bit the same, so it needs no checkpoint of its own.

use std::collections::BTreeMap;
use std::path::Path;

use hivis_onnx::Head;
use hivis_types::{Label, Origin, Picture};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::TrainError;
use crate::calibrate::{self, Method};
use crate::feature_cache::{Job, Taken, level};
use crate::features::Backbone;
use crate::head::{Epoch, HeadSettings, logits, train_head};
use crate::measure::{Measures, measure};
use crate::split::{Part, part};

/// Fewer scenes of a label in the training or tuning part are no training set.
const FEWEST: usize = 4;

/// A labelled picture that was not looked at yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its identity, such as its SHA-256 in hex: part of the features' address.
    pub key: String,
    /// What it shows.
    pub label: Label,
    /// Photograph or generated.
    pub origin: Origin,
    /// Its scene.
    pub scene: String,
    /// Its slices, such as `weather:rain`.
    pub slices: Vec<String>,
}

/// Labelled pictures to learn from. Fetching decodes or renders, on many threads.
pub trait Source: Sync {
    /// All rows, in an order that does not change.
    fn rows(&self) -> &[Row];

    /// The whole picture of a row, or why it cannot be had.
    fn picture(&self, row: usize) -> Result<Picture, String>;
}

/// How a head is made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainingSettings {
    /// Seed of the split; another one makes other test scenes.
    pub split_seed: u64,
    /// Seed of the draws.
    pub draw_seed: u64,
    /// Pictures that the validator's augmentation makes of one, its levels in turn.
    pub draws: usize,
    /// The head.
    pub head: HeadSettings,
    /// How its logits become probabilities.
    pub calibration: Method,
}

impl Default for TrainingSettings {
    fn default() -> Self {
        Self { split_seed: 72, draw_seed: 72, draws: 4, head: HeadSettings::default(), calibration: Method::default() }
    }
}

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
    /// Losses by epoch.
    pub history: Vec<Epoch>,
    /// The epoch that was kept, from 0.
    pub best: usize,
    /// Slope and shift of the calibration.
    pub calibration: (f32, f32),
    /// On the tuning scenes, after calibration.
    pub tune: Measures,
    /// On the same, before.
    pub tune_raw: Measures,
    /// On the tuning scenes, by slice, half and level.
    pub slices: BTreeMap<String, Measures>,
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

/// What the callback hears.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Progress {
    /// Features of so many pictures are there.
    Features {
        /// Pictures done.
        done: usize,
        /// Of how many.
        total: usize,
    },
    /// The head trains.
    Head,
}

/// Trains. Features are kept under `cache`; the exam and test parts are never looked at.
pub fn train(
    source: &dyn Source,
    backbone: &Backbone,
    settings: &TrainingSettings,
    cache: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<Trained, TrainError> {
    let rows = source.rows();
    let parts: Vec<Part> = rows.iter().map(|row| part(settings.split_seed, &row.scene)).collect();
    let sizes = sizes(rows, &parts);
    for wanted in [Part::Train, Part::Tune] {
        check(wanted, rows, &parts)?;
    }
    let places = |wanted: Part| (0..rows.len()).filter(|&row| parts[row] == wanted).collect::<Vec<_>>();
    let (training, tuning) = (places(Part::Train), places(Part::Tune));
    let total = training.len() + tuning.len();
    let mut skipped = Vec::new();
    let mut done = 0;
    let mut take = |places: &[usize]| {
        let job = Job { source, backbone, settings, cache };
        job.take(places, &mut skipped, &mut |more| {
            done += more;
            progress(Progress::Features { done, total });
        })
    };
    let (train_rows, tune_rows) = (take(&training)?, take(&tuning)?);
    progress(Progress::Head);
    let trained = train_head(&train_rows.samples, &tune_rows.samples, &settings.head)?;
    let mut head = trained.head;
    let raw = logits(&head, &tune_rows.samples);
    let truths: Vec<bool> = tune_rows.samples.labels.iter().map(|label| *label == Label::Roadwork).collect();
    head.calibration = calibrate::fit(settings.calibration, &raw, &truths);
    let probabilities =
        |logits: &[f32]| -> Vec<f64> { logits.iter().map(|x| 1.0 / (1.0 + (-f64::from(*x)).exp())).collect() };
    let judged = probabilities(&logits(&head, &tune_rows.samples));
    let measured = |p: &[f64]| measure(p, &truths).expect("the tuning part has rows: this is a bug");
    let report = TrainingReport {
        data: version(rows),
        backbone: backbone.hash().to_owned(),
        settings: settings.clone(),
        parts: sizes,
        skipped,
        history: trained.history,
        best: trained.best,
        calibration: (head.calibration.a, head.calibration.b),
        tune: measured(&judged),
        tune_raw: measured(&probabilities(&raw)),
        slices: slices(rows, &tune_rows, &judged, &truths),
    };
    let judged = tune_rows.of.iter().zip(judged.iter().zip(&truths));
    let judged = judged.map(|(&(row, draw), (&probability, &roadwork))| Judged { row, draw, probability, roadwork });
    Ok(Trained { head, report, judged: judged.collect() })
}

/// A hash of rows: what they are and what they show, in their order.
pub fn version(rows: &[Row]) -> String {
    let mut hash = Sha256::new();
    for row in rows {
        hash.update(format!("{}\t{}\t{}\t{}\n", row.key, row.label.as_u8(), row.origin.as_str(), row.scene));
    }
    hex::encode(&hash.finalize()[..8])
}

fn sizes(rows: &[Row], parts: &[Part]) -> BTreeMap<Part, PartSize> {
    let mut sizes: BTreeMap<Part, PartSize> = Part::ALL.into_iter().map(|part| (part, PartSize::default())).collect();
    let mut seen = std::collections::HashSet::new();
    for (row, part) in rows.iter().zip(parts) {
        let size = sizes.entry(*part).or_default();
        size.scenes += usize::from(seen.insert(&row.scene));
        size.pictures += 1;
        size.roadwork += usize::from(row.label == Label::Roadwork);
    }
    sizes
}

/// Both labels, in enough scenes.
fn check(wanted: Part, rows: &[Row], parts: &[Part]) -> Result<(), TrainError> {
    for label in [Label::Roadwork, Label::Clear] {
        let of = rows.iter().zip(parts).filter(|(row, part)| **part == wanted && row.label == label);
        let scenes: std::collections::HashSet<&str> = of.map(|(row, _)| row.scene.as_str()).collect();
        if scenes.len() < FEWEST {
            let what = if label == Label::Roadwork { "roadwork" } else { "no roadwork" };
            let part = wanted.as_str();
            let why = format!(
                "the {part} part has {} scenes with {what}, at least {FEWEST} are needed (about {} in all)",
                scenes.len(),
                FEWEST as u64 * 100 / wanted.percent()
            );
            return Err(TrainError::Data(why));
        }
    }
    Ok(())
}

/// Measures by half, level and slice; parts of fewer than ten rows say nothing.
fn slices(rows: &[Row], taken: &Taken, probabilities: &[f64], truths: &[bool]) -> BTreeMap<String, Measures> {
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
