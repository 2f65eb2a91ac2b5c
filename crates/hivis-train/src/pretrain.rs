//! Pretraining of `hivis-tiny`: what is in the scene, never whether it is roadwork.
//!
//! Each patch token says what covers its patch (soft cross-entropy on the shares), CLS says what is there at all, in
//! which weather and at what time of day (binary cross-entropy). Pictures are 112 px most of the time (half of a
//! view's size, and windows at full size) and 224 px in the last part: positions are relative, so both fit one model.
//! The budget is time or steps; the learning rate follows the share that is spent.

use std::path::PathBuf;
use std::time::Duration;

use burn::tensor::activation::{log_softmax, softplus};
use burn::tensor::{Device, Tensor, TensorData};
use hivis_synth::{Mix, Stuff};
use rand::Rng;
use rayon::prelude::*;
use safetensors::tensor::Dtype;
use serde::{Deserialize, Serialize};

use crate::TrainError;
use crate::adamw::{AdamW, Moments, rate};
use crate::checkpoint::{Checkpoint, Counters};
use crate::config::VitConfig;
use crate::draws::{Purpose, stream, truncated_normal};
use crate::leaves::Leaves;
use crate::model::{Vit, fresh};
use crate::targets::{Batch, PRESENCE, Part, ViewSettings, look};
use crate::weights::{Array, Weights};

/// Names of the two pretraining heads; they are not shipped.
const COVER: &str = "pretraining.cover";
const PRESENCE_HEAD: &str = "pretraining.presence";

/// Pictures of 112 px that one view gives.
const PARTS: usize = 3;
/// Views that one thread renders and learns from at a time: a step is so many shards side by side, whose gradients are
/// summed in their order. burn's elementwise operations run on one thread, so this is what keeps the cores busy, and
/// the result does not depend on how many there are.
const SHARD_VIEWS: [usize; 2] = [4, 6];

/// How long a pretraining lasts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Budget {
    /// That many steps: the same weights on every run.
    Steps(u64),
    /// That many seconds of work, over all sessions: for a machine whose speed is not known.
    Seconds(f64),
}

/// Everything that a pretraining depends on, but the machine's speed under [`Budget::Seconds`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PretrainSettings {
    /// Seed of weights, scenes and views.
    pub seed: u64,
    /// When it ends.
    pub budget: Budget,
    /// Share of the budget after which pictures are 224 px.
    pub small_share: f64,
    /// Pictures a step at 112 px.
    pub small_batch: usize,
    /// Pictures a step at 224 px.
    pub large_batch: usize,
    /// Highest learning rate.
    pub peak_rate: f32,
    /// Learning rate at the end.
    pub last_rate: f32,
    /// Steps of warm-up.
    pub warm_up: u64,
    /// The optimiser.
    pub optimiser: AdamW,
    /// Weight of the presence loss beside the cover loss.
    pub presence_weight: f32,
    /// How views are made.
    pub views: ViewSettings,
}

impl Default for PretrainSettings {
    fn default() -> Self {
        Self {
            seed: 72,
            budget: Budget::Steps(6000),
            small_share: 0.7,
            small_batch: 24,
            large_batch: 12,
            peak_rate: 1.2e-3,
            last_rate: 1e-5,
            warm_up: 200,
            optimiser: AdamW { beta1: 0.9, beta2: 0.98, epsilon: 1e-8, decay: 0.05, clip: Some(1.0) },
            presence_weight: 3.0,
            views: ViewSettings { width: 320, height: 240, jpeg_share: 0.5 },
        }
    }
}

/// What the callback hears after each step.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Steps, views and seconds so far.
    pub counters: Counters,
    /// This step's cover loss.
    pub cover: f32,
    /// This step's presence loss.
    pub presence: f32,
    /// The learning rate.
    pub rate: f32,
    /// Norm of the gradients before clipping.
    pub norm: f32,
    /// Share of the budget spent, in [0, 1].
    pub done: f64,
}

/// Where a run keeps its state, and when.
#[derive(Clone, Debug)]
pub struct Keeping {
    /// The checkpoint; an existing one is taken up, its settings win.
    pub path: PathBuf,
    /// Time between two writes.
    pub every: Duration,
}

/// Pretrains, from the checkpoint in `keeping` if there is one, and returns the finished state.
///
/// `clock` gives the time since some fixed moment. The callback may end the run early by giving `false`; the state so
/// far is kept and returned.
pub fn pretrain(
    settings: &PretrainSettings,
    keeping: &Keeping,
    clock: &dyn Fn() -> Duration,
    progress: &mut dyn FnMut(&Step) -> bool,
) -> Result<Checkpoint, TrainError> {
    let mut state = if keeping.path.exists() { Checkpoint::read(&keeping.path)? } else { begin(settings) };
    let settings = state.settings.clone();
    let config = VitConfig::tiny();
    let importance = importance(&settings);
    let (before, start) = (state.counters.seconds, clock());
    let mut kept = start;
    loop {
        let now = clock();
        state.counters.seconds = before + now.saturating_sub(start).as_secs_f64();
        let done = match settings.budget {
            Budget::Steps(steps) => state.counters.step as f64 / steps.max(1) as f64,
            Budget::Seconds(seconds) => state.counters.seconds / seconds.max(1e-3),
        };
        if done >= 1.0 {
            break;
        }
        let small = done < settings.small_share;
        let shards = shards(&settings, &mut state.counters, small);
        let learned = shards.into_par_iter().map(|shard| {
            let batch = shard.render(&settings, small);
            learn(&config, &state.weights, &batch, (settings.presence_weight, &importance))
        });
        let learned = learned.collect::<Result<Vec<_>, TrainError>>()?;
        let Learned { gradients, cover, presence, count } = Learned::mean(learned);
        let loss = cover + settings.presence_weight * presence;
        if !loss.is_finite() {
            return Err(TrainError::Diverged { step: state.counters.step, loss });
        }
        let rate = rate(state.counters.step, settings.warm_up, done, (settings.peak_rate, settings.last_rate));
        let norm = settings.optimiser.step(&mut state.weights, &mut state.moments, &gradients, rate);
        state.counters.step += 1;
        state.counters.views += count as u64;
        let seen = state.counters.loss;
        state.counters.loss = if state.counters.step == 1 { loss } else { 0.98 * seen + 0.02 * loss };
        let go_on = progress(&Step { counters: state.counters.clone(), cover, presence, rate, norm, done });
        if clock().saturating_sub(kept) >= keeping.every {
            kept = clock();
            state.write(&keeping.path)?;
        }
        if !go_on {
            break;
        }
    }
    state.write(&keeping.path)?;
    Ok(state)
}

/// The backbone's weights alone, in transformers' layout: fp16 bytes.
pub fn export(weights: &Weights) -> Result<Vec<u8>, TrainError> {
    let mut backbone = weights.clone();
    backbone.0.retain(|name, _| !name.starts_with("pretraining."));
    let d = VitConfig::tiny().hidden_size;
    backbone.0.insert("embeddings.mask_token".to_owned(), Array::filled(&[1, 1, d], 0.0));
    backbone.to_bytes(Dtype::F16)
}

fn begin(settings: &PretrainSettings) -> Checkpoint {
    let config = VitConfig::tiny();
    let mut rng = stream(settings.seed, Purpose::Weights, 0, 0);
    let mut weights = fresh(&config, &mut rng);
    for (name, outputs) in [(COVER, Stuff::COUNT), (PRESENCE_HEAD, PRESENCE)] {
        let mut table = Array::filled(&[outputs, config.hidden_size], 0.0);
        table.data.fill_with(|| config.initializer_range * truncated_normal(&mut rng));
        weights.0.insert(format!("{name}.weight"), table);
        weights.0.insert(format!("{name}.bias"), Array::filled(&[outputs], 0.0));
    }
    Checkpoint { settings: settings.clone(), counters: Counters::default(), weights, moments: Moments::default() }
}

/// Views `first..first + count` of a run.
#[derive(Clone, Copy)]
struct Shard {
    first: u64,
    count: usize,
}

/// The shards of the next step.
fn shards(settings: &PretrainSettings, counters: &mut Counters, small: bool) -> Vec<Shard> {
    let (scenes, most) = if small {
        (settings.small_batch.div_ceil(PARTS), SHARD_VIEWS[0])
    } else {
        (settings.large_batch, SHARD_VIEWS[1])
    };
    let first = counters.scenes;
    counters.scenes += scenes as u64;
    let shard = |done: usize| Shard { first: first + done as u64, count: most.min(scenes - done) };
    (0..scenes).step_by(most).map(shard).collect()
}

impl Shard {
    /// Renders its views. At 112 px each view gives three pictures: the whole at half size and two windows at full
    /// size, because rendering a scene costs half as much as a training step of a picture.
    fn render(self, settings: &PretrainSettings, small: bool) -> Batch {
        let mix = Mix::pretraining();
        let (grid, parts) = if small { (7, PARTS) } else { (14, 1) };
        let mut batch = Batch::new(grid);
        let mut rng = stream(settings.seed, Purpose::Order, 0, self.first);
        for index in 0..self.count as u64 {
            let looked = look(settings.seed, self.first + index, &mix, &settings.views);
            batch.push(&looked, Part::Whole);
            for _ in 1..parts {
                batch.push(&looked, Part::Window(rng.random_range(0..=112), rng.random_range(0..=112)));
            }
        }
        batch
    }
}

/// What a shard says of the weights: means over its pictures.
struct Learned {
    gradients: Weights,
    cover: f32,
    presence: f32,
    count: usize,
}

impl Learned {
    /// The mean over all pictures of all shards, added in their order.
    fn mean(shards: Vec<Self>) -> Self {
        let count: usize = shards.iter().map(|shard| shard.count).sum();
        let mut mean = Self { gradients: Weights::default(), cover: 0.0, presence: 0.0, count };
        for shard in shards {
            let share = shard.count as f32 / count as f32;
            mean.cover += share * shard.cover;
            mean.presence += share * shard.presence;
            for (name, array) in shard.gradients.0 {
                let sum = mean.gradients.0.entry(name).or_insert_with(|| Array::filled(&array.shape, 0.0));
                sum.data.iter_mut().zip(&array.data).for_each(|(sum, gradient)| *sum += share * gradient);
            }
        }
        mean
    }
}

/// Losses and gradients of one batch.
fn learn(
    config: &VitConfig,
    weights: &Weights,
    batch: &Batch,
    (presence_weight, importance): (f32, &[f32]),
) -> Result<Learned, TrainError> {
    let device = Device::flex().autodiff();
    let leaves = Leaves::new(weights, &device);
    let (cover, presence) = losses(config, &leaves, batch, (importance, &device))?;
    let total = cover.clone() + presence.clone().mul_scalar(presence_weight);
    let gradients = leaves.gradients(weights, total.backward());
    let (cover, presence) = (cover.into_scalar::<f32>(), presence.into_scalar::<f32>());
    Ok(Learned { gradients, cover, presence, count: batch.count })
}

/// Weight of each class in the cover loss: rare ones count more, by the root of their rarity in 96 seeded views.
fn importance(settings: &PretrainSettings) -> Vec<f32> {
    let batch = Shard { first: 1 << 40, count: 96 }.render(settings, false);
    let mut share = [0.0_f32; Stuff::COUNT];
    for patch in batch.cover.chunks_exact(Stuff::COUNT) {
        share.iter_mut().zip(patch).for_each(|(sum, s)| *sum += s);
    }
    let patches = (batch.cover.len() / Stuff::COUNT) as f32;
    share.iter().map(|sum| (0.05 / (sum / patches + 1e-4)).sqrt().clamp(0.5, 5.0)).collect()
}

/// Cover loss (mean over patches) and presence loss (mean over pictures and targets).
fn losses(
    config: &VitConfig,
    leaves: &Leaves,
    batch: &Batch,
    (importance, device): (&[f32], &Device),
) -> Result<(Tensor<1>, Tensor<1>), TrainError> {
    let (n, patches) = (batch.count, batch.grid * batch.grid);
    let pixels = TensorData::new(batch.patches.clone(), [n, patches, 768]);
    let tokens = Vit::new(config, leaves, device)?.forward(Tensor::from_data(pixels, device), (batch.grid, batch.grid));
    let prefix = config.prefix();

    let weighed: Vec<f32> = batch.cover.iter().zip(importance.iter().cycle()).map(|(share, w)| share * w).collect();
    let wanted = Tensor::<3>::from_data(TensorData::new(weighed, [n, patches, Stuff::COUNT]), device);
    let said = leaves.dense(COVER)?.forward(tokens.clone().narrow(1, prefix, patches));
    let cover = (log_softmax(said, 2) * wanted).sum().mul_scalar(-1.0 / (n * patches) as f64);

    let class = tokens.narrow(1, 0, 1).reshape([n, config.hidden_size]);
    let said = leaves.dense(PRESENCE_HEAD)?.forward(class);
    let wanted = Tensor::<2>::from_data(TensorData::new(batch.presence.clone(), [n, PRESENCE]), device);
    let presence = (softplus(said.clone(), 1.0) - said * wanted).mean();
    Ok((cover, presence))
}
