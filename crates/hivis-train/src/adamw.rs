//! AdamW on named tensors.
//!
//! burn's optimiser keys its state by random parameter ids. This one keys it by tensor name, so a checkpoint is a plain
//! safetensors file and a resumed run goes on bit for bit. Formula: Loshchilov and Hutter, arXiv 1711.05101, with
//! PyTorch's defaults for the bias correction.

use serde::{Deserialize, Serialize};

use crate::weights::{Array, Weights};

/// Settings of the optimiser; the learning rate comes with each step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AdamW {
    /// Decay of the first moment.
    pub beta1: f32,
    /// Decay of the second moment.
    pub beta2: f32,
    /// Added to the root of the second moment.
    pub epsilon: f32,
    /// Decoupled weight decay; tensors of rank one (biases, norms, layer scales) and tokens are spared.
    pub decay: f32,
    /// Largest norm of all gradients together, if there is one.
    pub clip: Option<f32>,
}

/// Both moments of every tensor, and how many steps were made.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Moments {
    /// Steps made.
    pub steps: u64,
    /// First moments.
    pub first: Weights,
    /// Second moments.
    pub second: Weights,
}

impl AdamW {
    /// One step of learning rate `rate`; `gradients` has the names of `weights`. Returns the norm of the gradients, 0 where
    /// nothing is clipped by it.
    pub fn step(&self, weights: &mut Weights, moments: &mut Moments, gradients: &Weights, rate: f32) -> f32 {
        let norm = if self.clip.is_some() { norm(gradients) } else { 0.0 };
        let scale = self.clip.filter(|most| norm > *most).map_or(1.0, |most| most / norm);
        moments.steps += 1;
        let steps = i32::try_from(moments.steps).unwrap_or(i32::MAX);
        // Reciprocals: a division a number is most of what a step costs.
        let (first_fix, second_fix) = (1.0 / (1.0 - self.beta1.powi(steps)), 1.0 / (1.0 - self.beta2.powi(steps)));
        for (name, gradient) in &gradients.0 {
            let Some(weight) = weights.0.get_mut(name) else { continue };
            let zero = || Array::filled(&gradient.shape, 0.0);
            let first = moments.first.0.entry(name.clone()).or_insert_with(zero);
            let second = moments.second.0.entry(name.clone()).or_insert_with(zero);
            let decays = weight.shape.len() > 1 && !name.ends_with("token") && !name.ends_with("tokens");
            let keep = if decays { 1.0 - rate * self.decay } else { 1.0 };
            for (((w, g), m), v) in
                weight.data.iter_mut().zip(&gradient.data).zip(&mut first.data).zip(&mut second.data)
            {
                let g = g * scale;
                *m = self.beta1 * *m + (1.0 - self.beta1) * g;
                *v = self.beta2 * *v + (1.0 - self.beta2) * g * g;
                *w = *w * keep - rate * (*m * first_fix) / ((*v * second_fix).sqrt() + self.epsilon);
            }
        }
        norm
    }
}

/// The root of the sum of all squares.
fn norm(gradients: &Weights) -> f32 {
    let square = |array: &Array| array.data.iter().map(|g| f64::from(*g) * f64::from(*g)).sum::<f64>();
    gradients.0.values().map(square).sum::<f64>().sqrt() as f32
}

/// Linear warm-up from zero over `warm_up` steps, then half a cosine from `peak` to `last`.
///
/// `done` is the share of the budget that is spent, in [0, 1]; `warm_up` counts in steps.
pub fn rate(step: u64, warm_up: u64, done: f64, (peak, last): (f32, f32)) -> f32 {
    let climb = if step < warm_up { (step + 1) as f32 / warm_up as f32 } else { 1.0 };
    let wave = 0.5 * (1.0 + (std::f64::consts::PI * done.clamp(0.0, 1.0)).cos()) as f32;
    climb * (last + (peak - last) * wave)
}
