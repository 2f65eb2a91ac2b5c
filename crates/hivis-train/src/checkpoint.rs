//! Where a pretraining stands, on disk.
//!
//! One safetensors file holds weights, both moments and, in its metadata, the counters and settings: it is written
//! beside and renamed, so a kill at any moment leaves the last whole one.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};

use crate::TrainError;
use crate::adamw::Moments;
use crate::pretrain::{Budget, PretrainSettings};
use crate::weights::{Array, Weights};

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
        let parts = [("weight.", &self.weights), ("first.", &self.moments.first), ("second.", &self.moments.second)];
        let mut raw: Vec<(String, &[usize], Vec<u8>)> = Vec::new();
        for (prefix, weights) in parts {
            for (name, array) in &weights.0 {
                let bytes = array.data.iter().flat_map(|v| v.to_le_bytes()).collect();
                raw.push((format!("{prefix}{name}"), &array.shape, bytes));
            }
        }
        let json = |value: Result<String, serde_json::Error>| value.map_err(|error| content(path, error.to_string()));
        let metadata = HashMap::from([
            ("settings".to_owned(), json(serde_json::to_string(&self.settings))?),
            ("counters".to_owned(), json(serde_json::to_string(&self.counters))?),
            ("steps".to_owned(), self.moments.steps.to_string()),
        ]);
        let views = raw
            .iter()
            .map(|(name, shape, bytes)| Ok((name.as_str(), TensorView::new(Dtype::F32, shape.to_vec(), bytes)?)))
            .collect::<Result<Vec<_>, safetensors::SafeTensorError>>()
            .and_then(|views| safetensors::serialize(views, Some(metadata)));
        let bytes = views.map_err(|error| content(path, error.to_string()))?;
        let beside = path.with_extension("partial");
        let mut file = fs_err::File::create(&beside).map_err(TrainError::file(&beside))?;
        std::io::Write::write_all(&mut file, &bytes).map_err(TrainError::file(&beside))?;
        file.sync_all().map_err(TrainError::file(&beside))?;
        fs_err::rename(&beside, path).map_err(TrainError::file(path))
    }

    /// Reads one.
    pub fn read(path: &Path) -> Result<Self, TrainError> {
        let bytes = fs_err::read(path).map_err(TrainError::file(path))?;
        let bad = |error: safetensors::SafeTensorError| content(path, error.to_string());
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(bad)?;
        let metadata = header.metadata().clone().unwrap_or_default();
        let field =
            |name: &str| metadata.get(name).ok_or_else(|| content(path, format!("no `{name}` in its metadata")));
        let broken = |error: serde_json::Error| content(path, error.to_string());
        let mut parts: BTreeMap<&str, Weights> = BTreeMap::new();
        for (name, array) in Weights::from_bytes(&bytes)?.0 {
            let (part, rest) = name.split_once('.').ok_or_else(|| content(path, format!("odd tensor `{name}`")))?;
            let part = ["weight", "first", "second"].into_iter().find(|known| *known == part);
            let part = part.ok_or_else(|| content(path, format!("odd tensor `{name}`")))?;
            parts.entry(part).or_default().0.insert(rest.to_owned(), Array { ..array });
        }
        let mut take = |part: &str| parts.remove(part).unwrap_or_default();
        Ok(Self {
            settings: serde_json::from_str(field("settings")?).map_err(broken)?,
            counters: serde_json::from_str(field("counters")?).map_err(broken)?,
            weights: take("weight"),
            moments: Moments {
                steps: field("steps")?.parse().map_err(|_| content(path, "`steps` is no number".to_owned()))?,
                first: take("first"),
                second: take("second"),
            },
        })
    }
}

fn content(path: &Path, why: String) -> TrainError {
    TrainError::Content { what: path.display().to_string(), why }
}
