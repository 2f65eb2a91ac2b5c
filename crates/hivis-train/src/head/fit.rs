//! A head's training as a thing that can be stopped anywhere, kept on disk, and gone on with bit for bit.

use std::collections::HashMap;
use std::path::PathBuf;

use burn::tensor::{Device, Tensor, TensorData};
use hivis_types::Label;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::memory::{Cut, fitting};
use super::network::{Shape, inputs, losses};
use super::{Epoch, HeadSettings, Lesson, TrainedHead, check};
use crate::TrainError;
use crate::adamw::{Moments, rate};
use crate::draws::{Purpose, stream};
use crate::leaves::Leaves;
use crate::state_file::{self, StateFile};
use crate::weights::{Array, Weights};

/// Where a training stands: all that a later step depends on.
#[derive(Clone, Debug)]
pub struct Fit {
    settings: HeadSettings,
    shape: Shape,
    weights: Weights,
    moments: Moments,
    best: Weights,
    at: Place,
    cut: Cut,
    device: Device,
}

/// The counters of a [`Fit`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Place {
    /// The epoch that is being made, from 0.
    epoch: usize,
    /// Steps of it that are done.
    step: usize,
    /// Sum of their losses.
    sum: f64,
    history: Vec<Epoch>,
    best: usize,
    lowest: Option<f32>,
}

/// How a training ends before its last epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Halt {
    /// With the best head so far, when an epoch is whole; else as [`Halt::Now`].
    Soon,
    /// With nothing but its checkpoint, from which the same training goes on.
    Now,
}

/// Asked after every step, and between groups of features.
pub type Asking = Box<dyn Fn() -> Option<Halt> + Send + Sync>;

/// Keeps a [`Fit`] on disk now and then.
pub struct Checkpoints<'a> {
    file: Option<(PathBuf, String)>,
    due: Box<dyn FnMut() -> bool + Send + 'a>,
    halt: Option<Asking>,
    failed: Option<TrainError>,
}

impl<'a> Checkpoints<'a> {
    /// Never.
    pub fn none() -> Self {
        Self { file: None, due: Box::new(|| false), halt: None, failed: None }
    }

    /// To `path` whenever `due` says so, asked after every step. `of` names the training (its rows, settings, backbone):
    /// a file of another one is passed over.
    pub fn to(path: PathBuf, of: String, due: impl FnMut() -> bool + Send + 'a) -> Self {
        Self { file: Some((path, of)), due: Box::new(due), halt: None, failed: None }
    }

    /// The training ends when `halt` says so: a checkpoint is kept first.
    #[must_use]
    pub fn halted_by(self, halt: Option<Asking>) -> Self {
        Self { halt, ..self }
    }

    /// Whether the training should end, and how.
    pub fn halt(&self) -> Option<Halt> {
        self.halt.as_ref().and_then(|halt| halt())
    }

    /// Why the last checkpoint could not be written. The training goes on without it: a full disk costs time, not the head.
    pub fn failed(&self) -> Option<&TrainError> {
        self.failed.as_ref()
    }

    /// True when the training should end here; then it is kept in any case.
    fn offer(&mut self, fit: &Fit) -> bool {
        let halt = self.halt().is_some();
        let Some((path, of)) = &self.file else { return halt };
        if (self.due)() || halt {
            self.failed = fit.write(path, of).err();
        }
        halt
    }
}

impl Fit {
    /// A training that has made no step.
    pub fn new(lesson: Lesson<'_>, settings: &HeadSettings) -> Result<Self, TrainError> {
        let Lesson { training, validation, .. } = lesson;
        check(training, "training")?;
        check(validation, "validation")?;
        if training.width != validation.width {
            return Err(TrainError::Data("training and validation features have different lengths".to_owned()));
        }
        if settings.batch == 0 || settings.accumulate == 0 || settings.epochs == 0 || lesson.mixture.is_empty() {
            return Err(TrainError::Data("no epoch, no batch or no row was asked for".to_owned()));
        }
        let shape = Shape::new(training.width, &settings.hidden);
        let weights = match lesson.begin {
            Some(head) => shape.weights_of(head)?,
            None => shape.first_weights(settings.seed),
        };
        let device = settings.device.device()?;
        let cut = Cut { batch: settings.batch, accumulate: settings.accumulate };
        let (moments, best, at) = (Moments::default(), weights.clone(), Place::default());
        Ok(Self { settings: settings.clone(), shape, weights, moments, best, at, cut, device })
    }

    /// The training that `checkpoints` keep, or a new one where they keep none of this name.
    pub fn resume(
        lesson: Lesson<'_>,
        settings: &HeadSettings,
        checkpoints: &Checkpoints<'_>,
    ) -> Result<Self, TrainError> {
        let mut fit = Self::new(lesson, settings)?;
        let Some((path, of)) = checkpoints.file.as_ref().filter(|(path, _)| path.exists()) else { return Ok(fit) };
        let mut file = StateFile::read(path, &["weight", "first", "second", "best"])?;
        if file.text("of", path)? == of {
            fit.at = file.json("place", path)?;
            fit.moments.steps = file.json("steps", path)?;
            fit.moments.first = file.take("first");
            fit.moments.second = file.take("second");
            fit.weights = file.take("weight");
            fit.best = file.take("best");
        }
        Ok(fit)
    }

    /// Epochs that are whole.
    pub fn epochs(&self) -> usize {
        self.at.epoch
    }

    /// Losses of the whole epochs.
    pub fn history(&self) -> &[Epoch] {
        &self.at.history
    }

    /// Steps made in all.
    pub fn steps(&self) -> u64 {
        self.moments.steps
    }

    /// The lowest validation loss so far; infinite before the first epoch.
    pub fn lowest(&self) -> f32 {
        self.at.lowest.unwrap_or(f32::INFINITY)
    }

    /// Whether there is nothing left to do: all epochs are made, or patience is at its end.
    pub fn is_done(&self) -> bool {
        let patience = self.at.lowest.is_some() && self.at.epoch > self.at.best + self.settings.patience;
        patience || self.at.epoch >= self.settings.epochs
    }

    /// Trains until it is done.
    pub fn finish(mut self, lesson: Lesson<'_>, checkpoints: &mut Checkpoints<'_>) -> Result<TrainedHead, TrainError> {
        self.go_on(lesson, usize::MAX, checkpoints)?;
        self.end(lesson)
    }

    /// The best head so far, without another step.
    pub fn end(self, lesson: Lesson<'_>) -> Result<TrainedHead, TrainError> {
        let head = self.shape.head_of(&self.best, lesson.pooling)?;
        Ok(TrainedHead { head, history: self.at.history, best: self.at.best })
    }

    /// Trains to the end of epoch `until` or until it is done or halted, on one thread.
    pub fn go_on(
        &mut self,
        lesson: Lesson<'_>,
        until: usize,
        checkpoints: &mut Checkpoints<'_>,
    ) -> Result<(), TrainError> {
        let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build();
        let alone = alone.map_err(|error| TrainError::Data(format!("no thread to train on: {error}")))?;
        alone.install(|| {
            while !self.is_done() && self.at.epoch < until {
                if !self.epoch(lesson, checkpoints)? {
                    break;
                }
            }
            Ok(())
        })
    }

    /// False when it was halted before the epoch was whole.
    fn epoch(&mut self, lesson: Lesson<'_>, checkpoints: &mut Checkpoints<'_>) -> Result<bool, TrainError> {
        let rows_a_step = self.settings.batch * self.settings.accumulate;
        let order = lesson.mixture.epoch(self.settings.seed, self.at.epoch as u64);
        let steps_an_epoch = order.len().div_ceil(rows_a_step);
        let steps = (steps_an_epoch * self.settings.epochs) as f64;
        let class_weights = self.settings.class_weights.of(&lesson.training.labels);
        for rows in order.chunks(rows_a_step).skip(self.at.step) {
            let made = self.moments.steps;
            let mut dropout = stream(self.settings.seed, Purpose::Dropout, self.at.epoch as u64, self.at.step as u64);
            let (loss, gradients) = self.gradients(lesson, rows, class_weights, &mut dropout)?;
            if !loss.is_finite() {
                return Err(TrainError::Diverged { step: made, loss });
            }
            let HeadSettings { warm_up, peak_rate, last_rate, .. } = self.settings;
            let rate = rate(made, warm_up, made as f64 / steps, (peak_rate, last_rate));
            self.settings.optimiser.step(&mut self.weights, &mut self.moments, &gradients, rate);
            self.at.sum += f64::from(loss);
            self.at.step += 1;
            if checkpoints.offer(self) && self.at.step < steps_an_epoch {
                return Ok(false);
            }
        }
        let validation = self.shape.evaluate(&self.weights, lesson.validation, &self.device)?;
        let training = (self.at.sum / steps_an_epoch as f64) as f32;
        self.at.history.push(Epoch { training, validation });
        if self.at.lowest.is_none_or(|lowest| validation < lowest) {
            (self.at.best, self.at.lowest) = (self.at.epoch, Some(validation));
            self.best = self.weights.clone();
        }
        self.at = Place { epoch: self.at.epoch + 1, step: 0, sum: 0.0, ..std::mem::take(&mut self.at) };
        Ok(true)
    }

    /// Mean loss of a step's rows and its gradients, in as many parts as memory wants.
    fn gradients(
        &mut self,
        lesson: Lesson<'_>,
        rows: &[usize],
        class_weights: [f32; 2],
        dropout: &mut ChaCha8Rng,
    ) -> Result<(f32, Weights), TrainError> {
        let masks = self.shape.masks(rows.len(), self.settings.dropout, dropout);
        let (shape, weights, samples) = (&self.shape, &self.weights, lesson.training);
        let device = self.device.clone().autodiff();
        let part = |from: usize, rows_here: &[usize]| {
            let leaves = Leaves::new(weights, &device);
            let own: Vec<Vec<f32>> = masks
                .iter()
                .map(|mask| {
                    let width = mask.len() / rows.len();
                    mask[from * width..(from + rows_here.len()) * width].to_vec()
                })
                .collect();
            let logits = shape.forward(&leaves, inputs(samples, rows_here, &device), Some(&own))?;
            let mut each = losses(logits, samples, rows_here, &device);
            if class_weights != [1.0, 1.0] {
                let weight = |row: &usize| class_weights[usize::from(samples.labels[*row] == Label::Roadwork)];
                let weights: Vec<f32> = rows_here.iter().map(weight).collect();
                each = each * Tensor::from_data(TensorData::new(weights, [rows_here.len(), 1]), &device);
            }
            let mut loss = each.mean();
            if rows_here.len() < rows.len() {
                // Parts add up to the mean over all rows of the step.
                loss = loss * (rows_here.len() as f32 / rows.len() as f32);
            }
            let value = loss.clone().into_scalar::<f32>();
            Ok::<_, TrainError>((value, leaves.gradients(weights, loss.backward())))
        };
        let step = |cut: Cut| {
            let mut parts = rows.chunks(cut.batch).enumerate().map(|(n, some)| part(n * cut.batch, some));
            let (mut loss, mut gradients) = parts.next().expect("a step has rows: this is a bug")?;
            for more in parts {
                let (value, more) = more?;
                loss += value;
                add(&mut gradients, &more);
            }
            Ok((loss, gradients))
        };
        fitting(&mut self.cut, step)
    }

    fn write(&self, path: &std::path::Path, of: &str) -> Result<(), TrainError> {
        let groups = [
            ("weight", &self.weights),
            ("first", &self.moments.first),
            ("second", &self.moments.second),
            ("best", &self.best),
        ];
        let texts = HashMap::from([
            ("of".to_owned(), of.to_owned()),
            ("place".to_owned(), state_file::to_json(&self.at, path)?),
            ("steps".to_owned(), self.moments.steps.to_string()),
        ]);
        state_file::write(path, &groups, texts)
    }
}

fn add(sum: &mut Weights, more: &Weights) {
    for (name, Array { data, .. }) in &mut sum.0 {
        if let Some(other) = more.0.get(name) {
            data.iter_mut().zip(&other.data).for_each(|(a, b)| *a += b);
        }
    }
}
