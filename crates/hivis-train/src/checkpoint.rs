//! Where a pretraining stands, on disk.
//!
//! One safetensors file holds weights, both moments and, in its metadata, the counters and settings: it is written
//! beside and renamed, so a kill at any moment leaves the last whole one.

use std::collections::HashMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::TrainError;
use crate::adamw::Moments;
use crate::pretrain::{Budget, PretrainSettings};
use crate::state_file::{self, StateFile};
use crate::weights::Weights;

/// The counters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Counters {
    /// Steps made.
    pub step: u64,
    /// Scenes rendered: the index of the next view.
    pub scenes: u64,
    /// Training pictures seen.
    pub views: u64,
    /// Seconds spent, over all sessions.
    pub seconds: f64,
    /// Running mean of the loss.
    pub loss: f32,
    /// Steps of the legs before this one (see [`Checkpoint::again`]).
    #[serde(default)]
    pub earlier_steps: u64,
    /// Seconds of the legs before this one.
    #[serde(default)]
    pub earlier_seconds: f64,
}

/// A run that can go on.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// How it was asked for.
    pub settings: PretrainSettings,
    /// How far it is.
    pub counters: Counters,
    /// Backbone and pretraining heads.
    pub weights: Weights,
    /// The optimiser's state.
    pub moments: Moments,
}

impl Checkpoint {
    /// Another leg on the same weights, with scenes that were not seen yet: budget and learning rate begin anew.
    #[must_use]
    pub fn again(mut self, budget: Budget, peak_rate: f32) -> Self {
        self.settings = PretrainSettings { budget, peak_rate, ..self.settings };
        self.counters.earlier_steps += self.counters.step;
        self.counters.earlier_seconds += self.counters.seconds;
        self.counters = Counters { step: 0, seconds: 0.0, ..self.counters };
        self
    }

    /// Writes it to `path`, atomically.
    pub fn write(&self, path: &Path) -> Result<(), TrainError> {
        let groups = [("weight", &self.weights), ("first", &self.moments.first), ("second", &self.moments.second)];
        let texts = HashMap::from([
            ("settings".to_owned(), state_file::to_json(&self.settings, path)?),
            ("counters".to_owned(), state_file::to_json(&self.counters, path)?),
            ("steps".to_owned(), self.moments.steps.to_string()),
        ]);
        state_file::write(path, &groups, texts)
    }

    /// Reads one.
    pub fn read(path: &Path) -> Result<Self, TrainError> {
        let mut file = StateFile::read(path, &["weight", "first", "second"])?;
        Ok(Self {
            settings: file.json("settings", path)?,
            counters: file.json("counters", path)?,
            moments: Moments {
                steps: file.json("steps", path)?,
                first: file.take("first"),
                second: file.take("second"),
            },
            weights: file.take("weight"),
        })
    }
}
