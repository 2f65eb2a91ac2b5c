//! One training: labelled pictures to a calibrated head on a frozen backbone, and what it is worth.
//!
//! Features come from `feature_cache`, where a killed run goes on; the head goes on from its checkpoint. Either way the
//! end is bit for bit that of a run that was left alone.

mod extract;
mod figures;
mod settings;
mod source;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use hivis_onnx::Head;
use hivis_types::{Label, Origin};

use crate::TrainError;
use crate::calibrate::{self, Shift};
use crate::feature_cache::{Job, Taken};
use crate::features::Backbone;
use crate::head::{Checkpoints, Epoch, Fit, Halt, Lesson, Mixture, TrainedHead, logits};
use crate::measure::{measure, reliability};
use crate::split::Part;
use crate::sweep::{Trial, sweep, trials};

use figures::{sizes, slices};
use source::parts;

pub use extract::{Features, features};
pub use figures::{Judged, PartSize, Trained, TrainingReport};
pub use settings::{Floors, Shares, TrainingSettings};
pub use source::{Row, Source, version};

/// Fewer scenes of a label in the training or tuning part are no training set. Two are next to nothing to stop by, but the
/// first three hundred challenges that a miner records must be enough to begin with.
const FEWEST: usize = 2;

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
            // What is computed is kept, so that stopping here loses nothing.
            match checkpoints.halt() {
                Some(_) if done < total => Err(TrainError::Halted { at: format!("at {done} of {total} pictures") }),
                _ => Ok(()),
            }
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
    let (trained, trials, cut_short) = fit(lesson, settings, &mut checkpoints, progress)?;
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
        cut_short,
        best: trained.best,
        calibration: (head.calibration.a, head.calibration.b),
        threshold,
        below_floor: settings.floors.missed(&tune),
        checkpoint_failed: checkpoints.failed().map(|error| chain(error)),
        tune,
        tune_raw: measured(&probabilities(&raw)),
        slices: slices(rows, &tune_rows, &judged, &truths),
        reliability: reliability(&judged, &truths),
    };
    let judged = tune_rows.of.iter().zip(judged.iter().zip(&truths));
    let judged = judged.map(|(&(row, draw), (&probability, &roadwork))| Judged { row, draw, probability, roadwork });
    Ok(Trained { head, report, judged: judged.collect() })
}

/// One head, or the best of a sweep, and whether it was halted before its last epoch. A sweep keeps no checkpoint and
/// is never halted: its trials are short.
fn fit(
    lesson: Lesson<'_>,
    settings: &TrainingSettings,
    checkpoints: &mut Checkpoints<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<(TrainedHead, Vec<Trial>, bool), TrainError> {
    if settings.trials > 1 {
        progress(Progress::Head { step: 0 });
        let (head, trials) = sweep(lesson, &trials(&settings.head, settings.trials))?;
        return Ok((head, trials, false));
    }
    let mut fit = Fit::resume(lesson, &settings.head, checkpoints)?;
    progress(Progress::Head { step: fit.steps() });
    while !fit.is_done() {
        let before = fit.epochs();
        fit.go_on(lesson, before + 1, checkpoints)?;
        if let Some(&losses) = fit.history().last().filter(|_| fit.epochs() > before) {
            progress(Progress::Epoch { epoch: fit.epochs(), losses });
        }
        match checkpoints.halt() {
            _ if fit.is_done() => {}
            Some(Halt::Soon) if fit.epochs() > 0 => return Ok((fit.end(lesson)?, Vec::new(), true)),
            Some(_) => return Err(TrainError::Halted { at: format!("at step {}", fit.steps()) }),
            None => {}
        }
    }
    Ok((fit.end(lesson)?, Vec::new(), false))
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
