//! The world of `bench mining`: a pool of challenges with a long tail and noise, and an exam of the whole world.

use std::path::Path;

use anyhow::Result;
use hivis_curate::vectors::Matrix;
use hivis_onnx::Head;
use hivis_synth::{Mix, Slice};
use hivis_train::features::{Backbone, Samples};
use hivis_train::head::logits;
use hivis_train::questions::SetSettings;
use hivis_types::{Label, Picture};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Challenges that nobody can label.
const NOISE: usize = 500;
/// How often each slice comes that the backbone was never shown.
const TAIL: [(Slice, usize); 4] =
    [(Slice::NightRoadwork, 100), (Slice::RainRoadwork, 80), (Slice::Excavator, 60), (Slice::ArrowBoard, 60)];
/// All challenges.
const POOL: usize = 5000;
/// Unseen challenges that sit the exam.
const EXAM: usize = 2000;

/// Features of every challenge, and the truth where there is one.
pub(crate) struct Pool {
    /// A row a challenge.
    pub(crate) features: Matrix,
    /// What it shows; `None` for what nobody can label.
    pub(crate) truth: Vec<Option<Label>>,
    /// What it is, for counting only.
    pub(crate) kind: Vec<&'static str>,
}

impl Pool {
    /// Makes the pool, or takes its features from `folder`.
    pub(crate) fn open(backbone: &Backbone, folder: &Path) -> Result<Self> {
        let tail: usize = TAIL.iter().map(|(_, count)| count).sum();
        let mut sets = vec![("usual streets", set(31, Mix::pretraining(), POOL - NOISE - tail))];
        for (at, (slice, count)) in TAIL.into_iter().enumerate() {
            sets.push((slice.as_str(), set(40 + at as u64, Mix::only(slice), count)));
        }
        let (mut data, mut truth, mut kind) = (Vec::new(), Vec::new(), Vec::new());
        for (name, set) in sets {
            let samples = samples(backbone, folder, &set)?;
            kind.extend(std::iter::repeat_n(name, samples.labels.len()));
            truth.extend(samples.labels.into_iter().map(Some));
            data.extend(samples.features);
        }
        data.extend(noise(backbone, folder)?);
        truth.extend(std::iter::repeat_n(None, NOISE));
        kind.extend(std::iter::repeat_n("noise", NOISE));
        Ok(Self { features: Matrix::new(backbone.width(), data)?, truth, kind })
    }

    /// What a head says of every challenge.
    pub(crate) fn probabilities(&self, head: &Head) -> Vec<f32> {
        let (width, features) = (self.features.width(), self.features.data().to_vec());
        let labels = vec![Label::Clear; self.truth.len()];
        logits(head, &Samples { width, features, labels })
            .into_iter()
            .map(|logit| 1.0 / (1.0 + (-logit).exp()))
            .collect()
    }

    /// Some of its rows.
    pub(crate) fn rows(&self, rows: &[usize]) -> Result<Matrix> {
        let data = rows.iter().flat_map(|&row| self.features.row(row)).copied().collect();
        Ok(Matrix::new(self.features.width(), data)?)
    }

    /// Every kind once, in the pool's order.
    pub(crate) fn kinds(&self) -> Vec<&'static str> {
        let mut kinds = Vec::new();
        for kind in &self.kind {
            if !kinds.contains(kind) {
                kinds.push(*kind);
            }
        }
        kinds
    }
}

/// Unseen challenges of the whole world.
pub(crate) fn exam(backbone: &Backbone, folder: &Path) -> Result<Samples> {
    samples(backbone, folder, &set(50, Mix::default(), EXAM))
}

fn set(seed: u64, mix: Mix, scenes: usize) -> SetSettings {
    SetSettings { seed: 7_200_000 + seed, mix, scenes, draws: 1, width: 320, height: 240 }
}

fn samples(backbone: &Backbone, folder: &Path, set: &SetSettings) -> Result<Samples> {
    Ok(backbone.samples(&set.key(), &set.load_or_make(folder)?, folder)?)
}

/// Features of black frames, static and streets that are nothing but blur, in turn.
fn noise(backbone: &Backbone, folder: &Path) -> Result<Vec<f32>> {
    let streets = set(60, Mix::default(), NOISE).load_or_make(folder)?;
    let mut rng = ChaCha8Rng::seed_from_u64(72);
    let mut features = Vec::with_capacity(NOISE * backbone.width());
    for start in (0..NOISE).step_by(50) {
        let made = |at: usize| {
            Ok(match at % 3 {
                0 => {
                    let mut black = Picture::filled(224, 224, [0; 3]);
                    black.rgb_mut().iter_mut().for_each(|value| *value = rng.random_range(0..12));
                    black
                }
                1 => {
                    let mut noise = Picture::filled(224, 224, [0; 3]);
                    noise.rgb_mut().iter_mut().for_each(|value| *value = rng.random());
                    noise
                }
                // Five by five pixels, blown up: light and nothing else.
                _ => {
                    let small = hivis_image::resize_bilinear(&streets.picture(at)?, 5, 5);
                    hivis_image::resize_bilinear(&small, 224, 224)
                }
            })
        };
        let pictures = (start..start + 50).map(made).collect::<Result<Vec<Picture>>>()?;
        features.extend(backbone.features(&pictures)?);
    }
    Ok(features)
}
