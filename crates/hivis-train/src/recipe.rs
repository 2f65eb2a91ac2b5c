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
        Self {
            note: note.to_owned(),
            machine: machine(),
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

/// This machine in words: the processor's model and how many cores there are.
pub fn machine() -> String {
    let text = fs_err::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown processor");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{}, {cores} cores", model.trim_start_matches([' ', '\t', ':']))
}
