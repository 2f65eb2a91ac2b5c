//! The recipe of a pretraining: what was asked for, what it took, on which machine.

use serde::{Deserialize, Serialize};

use crate::TrainError;
use crate::checkpoint::{Checkpoint, Counters};
use crate::pretrain::PretrainSettings;

/// Content of `recipe.toml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// What the reader should know first.
    pub note: String,
    /// The machine, in words.
    pub machine: String,
    /// How far it got.
    pub counters: Counters,
    /// How it was asked for.
    pub settings: PretrainSettings,
}

impl Recipe {
    /// The recipe of that state, run on this machine.
    pub fn of(state: &Checkpoint, note: &str) -> Self {
        let machine = fs_err::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = machine.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown");
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            note: note.to_owned(),
            machine: format!("{}, {cores} cores", model.trim_start_matches([' ', '\t', ':'])),
            counters: state.counters.clone(),
            settings: state.settings.clone(),
        }
    }

    /// As TOML.
    pub fn to_toml(&self) -> Result<String, TrainError> {
        let bad = |error: toml::ser::Error| TrainError::Content { what: "recipe".to_owned(), why: error.to_string() };
        toml::to_string_pretty(self).map_err(bad)
    }
}
