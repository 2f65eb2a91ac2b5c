//! The head's training: a small network on cached features, in burn.

mod fit;
mod memory;
mod mixture;
mod network;

use hivis_onnx::{Head, Pooling};
use hivis_types::Label;
use serde::{Deserialize, Serialize};

use crate::TrainError;
use crate::adamw::AdamW;
use crate::device::Processor;
use crate::features::Samples;

pub use fit::{Asking, Checkpoints, Fit, Halt};
pub use mixture::Mixture;

/// How a head is trained; the defaults are the project's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HeadSettings {
    /// Seed of weights, order and dropout.
    pub seed: u64,
    /// Widths of the hidden layers.
    pub hidden: Vec<usize>,
    /// Chance that a hidden number is dropped in training.
    pub dropout: f32,
    /// Rows at a time.
    pub batch: usize,
    /// Batches whose gradients make one step together.
    pub accumulate: usize,
    /// Passes over the rows, at most.
    pub epochs: usize,
    /// Epochs without a lower validation loss before it stops.
    pub patience: usize,
    /// Steps of warm-up.
    pub warm_up: u64,
    /// Highest learning rate.
    pub peak_rate: f32,
    /// Learning rate at the end.
    pub last_rate: f32,
    /// The optimiser.
    pub optimiser: AdamW,
    /// What a row of each label weighs in the loss that is trained on.
    pub class_weights: ClassWeights,
    /// What computes.
    pub device: Processor,
}

/// What rows weigh in the training loss, by label. Validation losses are never weighted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClassWeights {
    /// All the same.
    #[default]
    None,
    /// Both labels the same in sum: rows / (2 x rows of the label), as scikit-learn's `balanced`.
    Balanced,
    /// These, of clear and of roadwork.
    Fixed(f32, f32),
}

impl ClassWeights {
    /// Weights of clear and of roadwork on these rows.
    fn of(self, labels: &[Label]) -> [f32; 2] {
        match self {
            Self::None => [1.0, 1.0],
            Self::Fixed(clear, roadwork) => [clear, roadwork],
            Self::Balanced => {
                let roadwork = labels.iter().filter(|label| **label == Label::Roadwork).count();
                let weight = |count: usize| labels.len() as f32 / (2 * count.max(1)) as f32;
                [weight(labels.len() - roadwork), weight(roadwork)]
            }
        }
    }
}

impl Default for HeadSettings {
    fn default() -> Self {
        Self {
            seed: 72,
            hidden: vec![256],
            dropout: 0.3,
            batch: 32,
            accumulate: 1,
            class_weights: ClassWeights::None,
            device: Processor::Cpu,
            epochs: 10,
            patience: 3,
            warm_up: 100,
            peak_rate: 1e-3,
            last_rate: 1e-5,
            optimiser: AdamW { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, decay: 0.01, clip: None },
        }
    }
}

/// One epoch's losses.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// Mean loss over the epoch's steps, with dropout.
    pub training: f32,
    /// Loss on the validation rows, without.
    pub validation: f32,
}

/// What a head learns from, and what it is judged on.
#[derive(Clone, Copy, Debug)]
pub struct Lesson<'a> {
    /// Rows to learn from.
    pub training: &'a Samples,
    /// Which of them an epoch is made of.
    pub mixture: &'a Mixture,
    /// Rows whose loss decides which epoch is kept.
    pub validation: &'a Samples,
    /// Which tokens the features are of.
    pub pooling: Pooling,
    /// A head to go on from, instead of random weights.
    pub begin: Option<&'a Head>,
}

/// The head of the epoch with the lowest validation loss, and how it came about.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainedHead {
    /// The head, not calibrated.
    pub head: Head,
    /// Every epoch.
    pub history: Vec<Epoch>,
    /// Which epoch the head is of, from 0.
    pub best: usize,
}

/// Trains a head on `training` and keeps the epoch that is best on `validation`. The same on every run on one machine,
/// and on one thread: a step is too short to be shared, and other heads can train beside it.
pub fn train_head(
    training: &Samples,
    validation: &Samples,
    settings: &HeadSettings,
) -> Result<TrainedHead, TrainError> {
    let mixture = Mixture::whole(training.len());
    let lesson = Lesson { training, mixture: &mixture, validation, pooling: Pooling::ClsMean, begin: None };
    Fit::new(lesson, settings)?.finish(lesson, &mut Checkpoints::none())
}

/// Logits of a head on rows of features, computed here and not by an engine.
pub fn logits(head: &Head, samples: &Samples) -> Vec<f32> {
    let logit = |row: &[f32]| {
        let mut x = row.to_vec();
        for (at, layer) in head.layers.iter().enumerate() {
            let sum = |output: usize| {
                let weights = &layer.weight[output * layer.inputs..][..layer.inputs];
                layer.bias[output] + weights.iter().zip(&x).map(|(w, x)| w * x).sum::<f32>()
            };
            let last = at + 1 == head.layers.len();
            x = (0..layer.outputs).map(sum).map(|y| if last { y } else { y.max(0.0) }).collect();
        }
        head.calibration.a * x[0] + head.calibration.b
    };
    (0..samples.len()).map(|row| logit(samples.row(row))).collect()
}

/// Rows whose side of 0.5 is the truth.
pub fn right(head: &Head, samples: &Samples) -> Vec<bool> {
    let judged = logits(head, samples).into_iter().map(|logit| logit > 0.0);
    judged.zip(&samples.labels).map(|(roadwork, label)| roadwork == (*label == Label::Roadwork)).collect()
}

fn check(samples: &Samples, what: &str) -> Result<(), TrainError> {
    let roadwork = samples.labels.iter().filter(|label| **label == Label::Roadwork).count();
    if roadwork == 0 || roadwork == samples.len() {
        return Err(TrainError::Data(format!("the {what} set has {} rows of one class", samples.len())));
    }
    if samples.features.len() != samples.len() * samples.width || samples.features.iter().any(|x| !x.is_finite()) {
        return Err(TrainError::Data(format!("the {what} set's features are cut short or not finite")));
    }
    Ok(())
}
