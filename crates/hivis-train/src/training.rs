//! One training: labelled pictures to a calibrated head on a frozen backbone, and what it is worth.
//!
//! Features come from `feature_cache`, where a killed run goes on; the head goes on from its checkpoint. Either way the
//! end is bit for bit that of a run that was left alone.

mod settings;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use hivis_onnx::Head;
use hivis_types::{Label, Origin, Picture};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::TrainError;
use crate::calibrate::{self, Shift};
use crate::feature_cache::{Job, Taken, level};
use crate::features::{Backbone, Samples};
use crate::head::{Checkpoints, Epoch, Fit, Lesson, Mixture, TrainedHead, logits};
use crate::measure::{Measures, measure};
use crate::split::{Part, part};
use crate::sweep::{Trial, sweep, trials};

pub use settings::{Floors, Shares, TrainingSettings};

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
    /// Whether it was picked out of the home's records because it was hard.
    pub mined: bool,
    /// Its scene.
    pub scene: String,
    /// Its slices, such as `weather:rain`.
    pub slices: Vec<String>,
}

/// Labelled pictures to learn from. Fetching decodes or renders, on many threads.
pub trait Source: Sync {
    /// All rows, in an order that does not change.
    fn rows(&self) -> &[Row];

    /// The part of a row under a split's seed; none for a row that is left out. By its scene, unless a plan says more.
    fn part(&self, row: usize, seed: u64) -> Option<Part> {
        Some(part(seed, &self.rows()[row].scene))
    }

    /// The whole picture of a row, or why it cannot be had.
    fn picture(&self, row: usize) -> Result<Picture, String>;
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
    /// Views that an epoch is made of, by what they are.
    pub mixture: BTreeMap<String, usize>,
    /// Where the run went on from an earlier one: its name, pictures that are new, old pictures.
    pub earlier: Option<(String, usize, usize)>,
    /// All trials of the sweep, best first; empty without one.
    pub trials: Vec<Trial>,
    /// Losses by epoch.
    pub history: Vec<Epoch>,
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
    /// What is to be done, before anything is.
    Work {
        /// Views whose features must be computed.
        views: usize,
        /// Steps of the head, at most.
        steps: usize,
    },
    /// Features of so many pictures are there.
    Features {
        /// Pictures done, those of the cache too.
        done: usize,
        /// Of how many.
        total: usize,
    },
    /// The head trains.
    Head {
        /// From this step on: above 0 where a checkpoint goes on.
        step: u64,
    },
    /// An epoch of the head is done; a sweep tells none.
    Epoch {
        /// Which, from 1.
        epoch: usize,
        /// Its losses.
        losses: Epoch,
    },
}

/// An earlier run that a training goes on from.
#[derive(Clone, Debug, PartialEq)]
pub struct Earlier {
    /// Its name.
    pub run: String,
    /// Its head.
    pub head: Head,
    /// Keys of the pictures that it learned from.
    pub keys: BTreeSet<String>,
}

/// What a training has at hand beside its pictures.
pub struct Desk<'a> {
    /// Where features are kept.
    pub cache: &'a Path,
    /// Where the head's training is kept.
    pub checkpoints: Checkpoints<'a>,
    /// The run to go on from.
    pub earlier: Option<&'a Earlier>,
    /// Hears how it goes.
    pub progress: &'a mut dyn FnMut(Progress),
}

/// Trains. The exam and test parts are never looked at.
pub fn train(
    source: &dyn Source,
    backbone: &Backbone,
    settings: &TrainingSettings,
    desk: Desk<'_>,
) -> Result<Trained, TrainError> {
    let Desk { cache, mut checkpoints, earlier, progress } = desk;
    let rows = source.rows();
    settings.check(earlier.is_some())?;
    let parts = parts(source, settings);
    let sizes = sizes(rows, &parts);
    for wanted in [Part::Train, Part::Tune] {
        check(wanted, rows, &parts)?;
    }
    let places = |wanted: Part| (0..rows.len()).filter(|&row| parts[row] == Some(wanted)).collect::<Vec<_>>();
    let (training, tuning) = (places(Part::Train), places(Part::Tune));
    let total = training.len() + tuning.len();
    let job = Job { source, backbone, settings, cache };
    let head = &settings.head;
    let steps = (training.len() * settings.draws).div_ceil((head.batch * head.accumulate).max(1)) * head.epochs;
    let views = (job.missing(&training) + job.missing(&tuning)) * settings.draws;
    progress(Progress::Work { views, steps: steps * settings.trials.max(1) });
    let mut skipped = Vec::new();
    let mut done = 0;
    let mut take = |places: &[usize]| {
        job.take(places, &mut skipped, &mut |more| {
            done += more;
            progress(Progress::Features { done, total });
        })
    };
    let (train_rows, tune_rows) = (take(&training)?, take(&tuning)?);
    let (mixture, groups) = mixture(rows, &train_rows, settings, earlier)?;
    let lesson = Lesson {
        training: &train_rows.samples,
        mixture: &mixture,
        validation: &tune_rows.samples,
        pooling: backbone.pooling(),
        begin: earlier.map(|earlier| &earlier.head),
    };
    let (trained, trials) = fit(lesson, settings, &mut checkpoints, progress)?;
    let mut head = trained.head;
    let raw = logits(&head, &tune_rows.samples);
    let truths: Vec<bool> = tune_rows.samples.labels.iter().map(|label| *label == Label::Roadwork).collect();
    head.calibration = calibrate::fit(settings.calibration, &raw, &truths);
    let threshold = threshold(rows, &tune_rows, &head, settings);
    if threshold.used {
        head.calibration.b -= threshold.threshold as f32;
    }
    let probabilities =
        |logits: &[f32]| -> Vec<f64> { logits.iter().map(|x| 1.0 / (1.0 + (-f64::from(*x)).exp())).collect() };
    let judged = probabilities(&logits(&head, &tune_rows.samples));
    let measured = |p: &[f64]| measure(p, &truths).expect("the tuning part has rows: this is a bug");
    let tune = measured(&judged);
    let learned = |key: &str| earlier.is_some_and(|earlier| earlier.keys.contains(key));
    let old = training.iter().filter(|&&row| learned(&rows[row].key)).count();
    let report = TrainingReport {
        data: version(rows),
        backbone: backbone.hash().to_owned(),
        settings: settings.clone(),
        parts: sizes,
        skipped,
        mixture: groups,
        earlier: earlier.map(|earlier| (earlier.run.clone(), training.len() - old, old)),
        trials,
        history: trained.history,
        best: trained.best,
        calibration: (head.calibration.a, head.calibration.b),
        threshold,
        below_floor: settings.floors.missed(&tune),
        checkpoint_failed: checkpoints.failed().map(|error| chain(error)),
        tune,
        tune_raw: measured(&probabilities(&raw)),
        slices: slices(rows, &tune_rows, &judged, &truths),
    };
    let judged = tune_rows.of.iter().zip(judged.iter().zip(&truths));
    let judged = judged.map(|(&(row, draw), (&probability, &roadwork))| Judged { row, draw, probability, roadwork });
    Ok(Trained { head, report, judged: judged.collect() })
}

/// One head, or the best of a sweep. A sweep keeps no checkpoint: its trials are short.
fn fit(
    lesson: Lesson<'_>,
    settings: &TrainingSettings,
    checkpoints: &mut Checkpoints<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<(TrainedHead, Vec<Trial>), TrainError> {
    if settings.trials > 1 {
        progress(Progress::Head { step: 0 });
        return sweep(lesson, &trials(&settings.head, settings.trials));
    }
    let mut fit = Fit::resume(lesson, &settings.head, checkpoints)?;
    progress(Progress::Head { step: fit.steps() });
    while !fit.is_done() {
        fit.go_on(lesson, fit.epochs() + 1, checkpoints)?;
        if let Some(&losses) = fit.history().last() {
            progress(Progress::Epoch { epoch: fit.epochs(), losses });
        }
    }
    Ok((fit.finish(lesson, checkpoints)?, Vec::new()))
}

/// What an epoch is made of, and how many views of each group there are to take from.
fn mixture(
    rows: &[Row],
    taken: &Taken,
    settings: &TrainingSettings,
    earlier: Option<&Earlier>,
) -> Result<(Mixture, BTreeMap<String, usize>), TrainError> {
    let views = |wanted: &dyn Fn(&Row) -> bool| {
        let views = taken.of.iter().enumerate().filter(|(_, (row, _))| wanted(&rows[*row]));
        views.map(|(view, _)| view).collect::<Vec<_>>()
    };
    let groups: Vec<(&str, Vec<usize>, f64)> = if let Some(earlier) = earlier {
        // As many old views as new ones: what was known is not forgotten.
        let (new, old) =
            (views(&|row| !earlier.keys.contains(&row.key)), views(&|row| earlier.keys.contains(&row.key)));
        if new.is_empty() {
            return Err(TrainError::Data(format!("{} learned from all of these pictures already", earlier.run)));
        }
        vec![("new", new, 0.5), ("replayed", old, 0.5)]
    } else if let Some(Shares { real, generated, mined }) = settings.shares {
        let of = |origin| views(&move |row: &Row| !row.mined && row.origin == origin);
        vec![
            ("real", of(Origin::Real), f64::from(real)),
            ("generated", of(Origin::Synthetic), f64::from(generated)),
            ("mined", views(&|row| row.mined), f64::from(mined)),
        ]
    } else {
        vec![("all", (0..taken.of.len()).collect(), 1.0)]
    };
    let sizes = groups.iter().map(|(name, views, _)| ((*name).to_owned(), views.len())).collect();
    let length = match groups.as_slice() {
        [("new", new, _), ("replayed", old, _)] => new.len() + old.len().min(new.len()),
        _ => taken.of.len(),
    };
    let mixture = Mixture::of(groups.into_iter().map(|(_, views, share)| (views, share)).collect(), length);
    let nothing = || TrainError::Data("no picture of a kind that has a share is left to learn from".to_owned());
    Ok((mixture.ok_or_else(nothing)?, sizes))
}

/// The threshold that pays most, by scene.
fn threshold(rows: &[Row], tuning: &Taken, head: &Head, settings: &TrainingSettings) -> Shift {
    if !settings.shift {
        return Shift::default();
    }
    let mut scenes: HashMap<&str, usize> = HashMap::new();
    let views = logits(head, &tuning.samples).into_iter().zip(&tuning.samples.labels).zip(&tuning.of);
    let views: Vec<_> = views
        .map(|((logit, label), (row, _))| {
            let next = scenes.len();
            (logit, *label == Label::Roadwork, *scenes.entry(&rows[*row].scene).or_insert(next))
        })
        .collect();
    calibrate::shift(&views, scenes.len(), settings.head.seed)
}

/// An error with its causes in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    std::iter::once(error.to_string()).chain(causes.map(ToString::to_string)).collect::<Vec<_>>().join(": ")
}

/// Features of every view of the `wanted` parts, with what they are of: for ensembles, notebooks and benches. They are kept
/// under `cache`.
pub fn features(
    source: &dyn Source,
    backbone: &Backbone,
    settings: &TrainingSettings,
    (cache, wanted): (&Path, &[Part]),
    progress: &mut dyn FnMut(Progress),
) -> Result<Features, TrainError> {
    let parts = parts(source, settings);
    let is_open = |row: &usize| parts[*row].is_some_and(|part| wanted.contains(&part));
    let open: Vec<usize> = (0..source.rows().len()).filter(is_open).collect();
    let (mut skipped, mut done) = (Vec::new(), 0);
    let taken = Job { source, backbone, settings, cache }.take(&open, &mut skipped, &mut |more| {
        done += more;
        progress(Progress::Features { done, total: open.len() });
    })?;
    let parts = taken.of.iter().filter_map(|(row, _)| parts[*row]).collect();
    Ok(Features { samples: taken.samples, of: taken.of, parts, skipped })
}

/// What [`features`] gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    /// Features and labels, a row a view.
    pub samples: Samples,
    /// Row of the source and draw, of each view.
    pub of: Vec<(usize, usize)>,
    /// Part of each view.
    pub parts: Vec<Part>,
    /// Pictures that could not be read, by key, with the reason; the first hundred.
    pub skipped: Vec<(String, String)>,
}

impl Features {
    /// The views of one part.
    pub fn of_part(&self, wanted: Part) -> Samples {
        let views: Vec<usize> = (0..self.samples.len()).filter(|&view| self.parts[view] == wanted).collect();
        Samples {
            width: self.samples.width,
            features: views.iter().flat_map(|view| self.samples.row(*view)).copied().collect(),
            labels: views.iter().map(|view| self.samples.labels[*view]).collect(),
        }
    }
}

/// A hash of rows: what they are and what they show, in their order.
pub fn version(rows: &[Row]) -> String {
    let mut hash = Sha256::new();
    for row in rows {
        hash.update(format!("{}\t{}\t{}\t{}\n", row.key, row.label.as_u8(), row.origin.as_str(), row.scene));
    }
    hex::encode(&hash.finalize()[..8])
}

fn parts(source: &dyn Source, settings: &TrainingSettings) -> Vec<Option<Part>> {
    (0..source.rows().len()).map(|row| source.part(row, settings.split_seed)).collect()
}

fn sizes(rows: &[Row], parts: &[Option<Part>]) -> BTreeMap<Part, PartSize> {
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

/// Both labels, in enough scenes.
fn check(wanted: Part, rows: &[Row], parts: &[Option<Part>]) -> Result<(), TrainError> {
    for label in [Label::Roadwork, Label::Clear] {
        let of = rows.iter().zip(parts).filter(|(row, part)| **part == Some(wanted) && row.label == label);
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
