//! The head's training: a small network on cached features, in burn.

use burn::tensor::activation::{relu, softplus};
use burn::tensor::{Device, Tensor, TensorData};
use hivis_onnx::{Calibration, Dense, Head, Pooling};
use hivis_types::Label;
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::TrainError;
use crate::adamw::{AdamW, Moments, rate};
use crate::draws::{Purpose, order, stream};
use crate::features::Samples;
use crate::leaves::Leaves;
use crate::weights::{Array, Weights};

/// How a head is trained; the defaults are the project's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeadSettings {
    /// Seed of weights, order and dropout.
    pub seed: u64,
    /// Widths of the hidden layers.
    pub hidden: Vec<usize>,
    /// Chance that a hidden number is dropped in training.
    pub dropout: f32,
    /// Rows a step.
    pub batch: usize,
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
}

impl Default for HeadSettings {
    fn default() -> Self {
        Self {
            seed: 72,
            hidden: vec![256],
            dropout: 0.3,
            batch: 32,
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
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    let alone = alone.map_err(|error| TrainError::Data(format!("no thread to train on: {error}")))?;
    alone.install(|| fit(training, validation, settings))
}

fn fit(training: &Samples, validation: &Samples, settings: &HeadSettings) -> Result<TrainedHead, TrainError> {
    check(training, "training")?;
    check(validation, "validation")?;
    if training.width != validation.width {
        return Err(TrainError::Data("training and validation features have different lengths".to_owned()));
    }
    let widths: Vec<usize> =
        std::iter::once(training.width).chain(settings.hidden.iter().copied()).chain([1]).collect();
    let mut weights = first_weights(&widths, settings.seed);
    let mut moments = Moments::default();
    let device = Device::flex().autodiff();
    let steps_an_epoch = training.len().div_ceil(settings.batch);
    let steps = (steps_an_epoch * settings.epochs) as f64;
    let (mut history, mut best): (Vec<Epoch>, Option<(usize, f32, Weights)>) = (Vec::new(), None);
    for epoch in 0..settings.epochs {
        let order = order(training.len(), &mut stream(settings.seed, Purpose::Order, epoch as u64, 0));
        let mut sum = 0.0;
        for (step, rows) in order.chunks(settings.batch).enumerate() {
            let made = moments.steps;
            let leaves = Leaves::new(&weights, &device);
            let mut dropout = stream(settings.seed, Purpose::Dropout, epoch as u64, step as u64);
            let mask = |length: usize| {
                let keep = 1.0 - settings.dropout;
                (0..length).map(|_| if dropout.random::<f32>() < keep { 1.0 / keep } else { 0.0 }).collect()
            };
            let logits = forward(&leaves, &widths, inputs(training, rows, &device), Some(Box::new(mask)))?;
            let loss = bce(logits, training, rows, &device);
            let value = loss.clone().into_scalar::<f32>();
            if !value.is_finite() {
                return Err(TrainError::Diverged { step: made, loss: value });
            }
            sum += f64::from(value);
            let gradients = leaves.gradients(&weights, loss.backward());
            let rate = rate(made, settings.warm_up, made as f64 / steps, (settings.peak_rate, settings.last_rate));
            settings.optimiser.step(&mut weights, &mut moments, &gradients, rate);
        }
        let loss = evaluate(&weights, &widths, validation)?;
        history.push(Epoch { training: (sum / steps_an_epoch as f64) as f32, validation: loss });
        if best.as_ref().is_none_or(|(_, lowest, _)| loss < *lowest) {
            best = Some((epoch, loss, weights.clone()));
        } else if best.as_ref().is_some_and(|(at, _, _)| epoch - at >= settings.patience) {
            break;
        }
    }
    let (best, _, weights) = best.ok_or_else(|| TrainError::Data("no epoch was asked for".to_owned()))?;
    Ok(TrainedHead { head: head_of(&weights, &widths)?, history, best })
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

fn layer_name(layer: usize) -> String {
    format!("layers.{layer}")
}

/// Uniform in ±1/sqrt(inputs), as PyTorch's `Linear` begins. While it trains a layer is a `kernel` `[in, out]`: burn copies
/// whatever lies the other way round, three times a step.
fn first_weights(widths: &[usize], seed: u64) -> Weights {
    let mut rng = stream(seed, Purpose::Weights, 0, 0);
    let mut all = Weights::default();
    for (layer, pair) in widths.windows(2).enumerate() {
        let bound = 1.0 / (pair[0] as f32).sqrt();
        for (part, shape) in [("weight", vec![pair[1], pair[0]]), ("bias", vec![pair[1]])] {
            let mut array = Array::filled(&shape, 0.0);
            array.data.fill_with(|| rng.random_range(-bound..bound));
            let part = if part == "weight" {
                array = array.transposed();
                "kernel"
            } else {
                part
            };
            all.0.insert(format!("{}.{part}", layer_name(layer)), array);
        }
    }
    all
}

fn inputs(samples: &Samples, rows: &[usize], device: &Device) -> Tensor<2> {
    let data: Vec<f32> = rows.iter().flat_map(|row| samples.row(*row)).copied().collect();
    Tensor::from_data(TensorData::new(data, [rows.len(), samples.width]), device)
}

type Mask<'a> = Box<dyn FnMut(usize) -> Vec<f32> + 'a>;

fn forward(
    leaves: &Leaves,
    widths: &[usize],
    x: Tensor<2>,
    mut mask: Option<Mask<'_>>,
) -> Result<Tensor<2>, TrainError> {
    let device = x.device();
    let (n, layers) = (x.dims()[0], widths.len() - 1);
    let mut x = x;
    for layer in 0..layers {
        x = leaves.kernel(&layer_name(layer))?.forward(x);
        if layer + 1 < layers {
            x = relu(x);
            if let Some(mask) = &mut mask {
                let width = widths[layer + 1];
                x = x * Tensor::from_data(TensorData::new(mask(n * width), [n, width]), &device);
            }
        }
    }
    Ok(x)
}

/// Binary cross-entropy of logits `[n, 1]`, mean over rows.
fn bce(logits: Tensor<2>, samples: &Samples, rows: &[usize], device: &Device) -> Tensor<1> {
    let truth: Vec<f32> = rows.iter().map(|row| f32::from(samples.labels[*row].as_u8())).collect();
    let truth = Tensor::<2>::from_data(TensorData::new(truth, [rows.len(), 1]), device);
    (softplus(logits.clone(), 1.0) - logits * truth).mean()
}

fn evaluate(weights: &Weights, widths: &[usize], samples: &Samples) -> Result<f32, TrainError> {
    let device = Device::flex();
    let leaves = Leaves::new(weights, &device);
    let rows: Vec<usize> = (0..samples.len()).collect();
    let mut sum = 0.0;
    for rows in rows.chunks(1024) {
        let logits = forward(&leaves, widths, inputs(samples, rows, &device), None)?;
        sum += f64::from(bce(logits, samples, rows, &device).into_scalar::<f32>()) * rows.len() as f64;
    }
    Ok((sum / samples.len() as f64) as f32)
}

fn head_of(weights: &Weights, widths: &[usize]) -> Result<Head, TrainError> {
    let layer = |(layer, pair): (usize, &[usize])| {
        let part = |part: &str| weights.get(&format!("{}.{part}", layer_name(layer)));
        let (weight, bias) = (part("kernel")?.clone().transposed().data, part("bias")?.data.clone());
        Ok::<_, TrainError>(Dense { weight, bias, inputs: pair[0], outputs: pair[1] })
    };
    let layers = widths.windows(2).enumerate().map(layer).collect::<Result<_, _>>()?;
    Ok(Head { pooling: Pooling::ClsMean, layers, calibration: Calibration::default() })
}
