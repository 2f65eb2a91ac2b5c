//! How a head is made.

use serde::{Deserialize, Serialize};

use crate::TrainError;
use crate::calibrate::Method;
use crate::head::HeadSettings;
use crate::measure::Measures;

/// All of it; the defaults are the project's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainingSettings {
    /// Seed of the split; another one makes other test scenes.
    pub split_seed: u64,
    /// Seed of the draws.
    pub draw_seed: u64,
    /// Pictures that the validator's augmentation makes of one, its levels in turn.
    pub draws: usize,
    /// Settings that are tried; 1 tries none but `head`'s.
    pub trials: usize,
    /// How its logits become probabilities.
    pub calibration: Method,
    /// Whether the threshold moves to where the reward is highest, when that pays on scenes it was not chosen on.
    pub shift: bool,
    /// What epochs are made of; without it every view comes once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shares: Option<Shares>,
    /// What a release must reach to be promotable.
    pub floors: Floors,
    /// The head.
    pub head: HeadSettings,
}

impl Default for TrainingSettings {
    fn default() -> Self {
        Self {
            split_seed: 72,
            draw_seed: 72,
            draws: 4,
            trials: 1,
            calibration: Method::default(),
            shift: true,
            shares: None,
            floors: Floors::default(),
            head: HeadSettings::default(),
        }
    }
}

impl TrainingSettings {
    /// Refuses what cannot go together; `goes_on` when the training goes on from an earlier run.
    pub(super) fn check(&self, goes_on: bool) -> Result<(), TrainError> {
        let wrong = |why: &str| Err(TrainError::Data(why.to_owned()));
        if goes_on && self.shares.is_some() {
            return wrong("a run that goes on takes new and old pictures evenly: it has no other shares");
        }
        if goes_on && self.trials > 1 {
            return wrong("a run that goes on keeps its head's form: it cannot be a sweep");
        }
        if self.shares.is_some_and(|s| s.real + s.generated + s.mined == 0) {
            return wrong("shares that are all 0 leave nothing to learn from");
        }
        Ok(())
    }
}

/// Parts of an epoch by where pictures come from; only their proportion counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shares {
    /// Photographs.
    pub real: u32,
    /// Generated pictures.
    pub generated: u32,
    /// Pictures mined from the home's records.
    pub mined: u32,
}

/// Least figures on the tuning scenes, after calibration; none is asked unless it is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Floors {
    /// Least accuracy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<f64>,
    /// Least F1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub f1: Option<f64>,
}

impl Floors {
    /// What was missed, in words.
    pub(super) fn missed(&self, tune: &Measures) -> Option<String> {
        let floors = [("accuracy", self.accuracy, tune.accuracy), ("F1", self.f1, tune.f1)];
        let missed: Vec<String> = floors
            .into_iter()
            .filter_map(|(name, floor, found)| {
                floor.filter(|floor| found < *floor).map(|floor| format!("{name} {found:.3} is below {floor}"))
            })
            .collect();
        if missed.is_empty() { None } else { Some(missed.join(", ")) }
    }
}
