//! The network of a head while it trains: weights, forward pass, loss.

use burn::tensor::activation::{relu, softplus};
use burn::tensor::{Device, Tensor, TensorData};
use hivis_onnx::{Calibration, Dense, Head, Pooling};
use rand::Rng;

use crate::TrainError;
use crate::draws::{Purpose, stream};
use crate::features::Samples;
use crate::leaves::Leaves;
use crate::weights::{Array, Weights};

/// Widths of all layers, the features' and the one logit's included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shape(pub(super) Vec<usize>);

fn layer_name(layer: usize) -> String {
    format!("layers.{layer}")
}

impl Shape {
    pub(super) fn new(inputs: usize, hidden: &[usize]) -> Self {
        Self(std::iter::once(inputs).chain(hidden.iter().copied()).chain([1]).collect())
    }

    /// Uniform in ±1/sqrt(inputs), as PyTorch's `Linear` begins. While it trains a layer is a `kernel` `[in, out]`: burn
    /// copies whatever lies the other way round, three times a step.
    pub(super) fn first_weights(&self, seed: u64) -> Weights {
        let mut rng = stream(seed, Purpose::Weights, 0, 0);
        let mut all = Weights::default();
        for (layer, pair) in self.0.windows(2).enumerate() {
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

    /// The weights of a head that was trained before; it must have this shape.
    pub(super) fn weights_of(&self, head: &Head) -> Result<Weights, TrainError> {
        let own: Vec<usize> = std::iter::once(head.inputs()).chain(head.layers.iter().map(|l| l.outputs)).collect();
        if own != self.0 {
            let why = format!("the head to go on from has layers {own:?}, this training {:?}", self.0);
            return Err(TrainError::Data(why));
        }
        let mut all = Weights::default();
        for (layer, dense) in head.layers.iter().enumerate() {
            let weight = Array { shape: vec![dense.outputs, dense.inputs], data: dense.weight.clone() };
            all.0.insert(format!("{}.kernel", layer_name(layer)), weight.transposed());
            let bias = Array { shape: vec![dense.outputs], data: dense.bias.clone() };
            all.0.insert(format!("{}.bias", layer_name(layer)), bias);
        }
        Ok(all)
    }

    pub(super) fn head_of(&self, weights: &Weights, pooling: Pooling) -> Result<Head, TrainError> {
        let layer = |(layer, pair): (usize, &[usize])| {
            let part = |part: &str| weights.get(&format!("{}.{part}", layer_name(layer)));
            let (weight, bias) = (part("kernel")?.clone().transposed().data, part("bias")?.data.clone());
            Ok::<_, TrainError>(Dense { weight, bias, inputs: pair[0], outputs: pair[1] })
        };
        let layers = self.0.windows(2).enumerate().map(layer).collect::<Result<_, _>>()?;
        Ok(Head { pooling, layers, calibration: Calibration::default() })
    }

    /// Dropout masks of all hidden layers for a step's `rows`, `[rows, width]` each: drawn before the step is cut into
    /// smaller batches, so that they do not depend on the cut.
    pub(super) fn masks<R: Rng>(&self, rows: usize, dropout: f32, rng: &mut R) -> Vec<Vec<f32>> {
        let keep = 1.0 - dropout;
        let hidden = &self.0[1..self.0.len() - 1];
        let mut mask = |width: &usize| {
            (0..rows * width).map(|_| if rng.random::<f32>() < keep { 1.0 / keep } else { 0.0 }).collect()
        };
        hidden.iter().map(&mut mask).collect()
    }

    /// Logits `[n, 1]` of features `[n, inputs]`; `masks` are of these rows alone.
    pub(super) fn forward(
        &self,
        leaves: &Leaves,
        x: Tensor<2>,
        masks: Option<&[Vec<f32>]>,
    ) -> Result<Tensor<2>, TrainError> {
        let device = x.device();
        let (n, layers) = (x.dims()[0], self.0.len() - 1);
        let mut x = x;
        for layer in 0..layers {
            x = leaves.kernel(&layer_name(layer))?.forward(x);
            if layer + 1 < layers {
                x = relu(x);
                if let Some(masks) = masks {
                    let mask = TensorData::new(masks[layer].clone(), [n, self.0[layer + 1]]);
                    x = x * Tensor::from_data(mask, &device);
                }
            }
        }
        Ok(x)
    }

    /// Mean binary cross-entropy on all rows, without dropout and class weights.
    pub(super) fn evaluate(&self, weights: &Weights, samples: &Samples, device: &Device) -> Result<f32, TrainError> {
        let leaves = Leaves::new(weights, device);
        let rows: Vec<usize> = (0..samples.len()).collect();
        let mut sum = 0.0;
        for rows in rows.chunks(1024) {
            let logits = self.forward(&leaves, inputs(samples, rows, device), None)?;
            let losses = losses(logits, samples, rows, device);
            sum += f64::from(losses.mean().into_scalar::<f32>()) * rows.len() as f64;
        }
        Ok((sum / samples.len() as f64) as f32)
    }
}

pub(super) fn inputs(samples: &Samples, rows: &[usize], device: &Device) -> Tensor<2> {
    let data: Vec<f32> = rows.iter().flat_map(|row| samples.row(*row)).copied().collect();
    Tensor::from_data(TensorData::new(data, [rows.len(), samples.width]), device)
}

/// Binary cross-entropy of logits `[n, 1]`, row by row.
pub(super) fn losses(logits: Tensor<2>, samples: &Samples, rows: &[usize], device: &Device) -> Tensor<2> {
    let truth: Vec<f32> = rows.iter().map(|row| f32::from(samples.labels[*row].as_u8())).collect();
    let truth = Tensor::<2>::from_data(TensorData::new(truth, [rows.len(), 1]), device);
    softplus(logits.clone(), 1.0) - logits * truth
}
