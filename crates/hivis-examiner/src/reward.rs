//! The reward of one answer, as `natix/validator/reward.py` and `miner_performance_tracker.py` give it.
//!
//! `reward = (0.5 mcc(last 100) + 0.5 accuracy(last 10)) ^ 3`, 0 when this answer is -1 or outside `[0, 1]`. Windows are
//! cut first and silent answers taken out of them after. `fixtures/challenge/FACTS.md` lists the quirks; they are the
//! distribution that miners are paid by, so all of them are here.

use std::collections::{HashMap, VecDeque};

use hivis_types::{Hotkey, Label};
use serde::{Deserialize, Serialize};

use crate::tally::{Class, Tally, metrics_of};

/// Answers that a UID's history holds, and the window of the MCC.
pub const HISTORY: usize = 100;
/// The window of the accuracy.
pub const RECENT: usize = 10;
/// The power that makes the reward steep (`REWARD_CURVE_EXPONENT`).
pub const EXPONENT: i32 = 3;
/// What the validator writes for a miner that gave no answer.
pub const NO_ANSWER: f64 = -1.0;

/// The six numbers that the reference makes of a window; all 0 when the window is empty or breaks one of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// Share of right classes.
    pub accuracy: f64,
    /// Of those called roadwork, the share that is.
    pub precision: f64,
    /// Of the roadwork, the share that was called so.
    pub recall: f64,
    /// Harmonic mean of precision and recall.
    pub f1: f64,
    /// Matthews correlation, clamped at 0; 0 unless labels and classes both have two values.
    pub mcc: f64,
    /// Area under the ROC curve of the raw probabilities; 0 when all labels are equal.
    pub auc: f64,
}

/// What one answer earned.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The reward in `[0, 1]`.
    pub reward: f64,
    /// Over the last 100; `None` when the history holds something that is no number (the reference raises).
    pub metrics: Option<Metrics>,
    /// Accuracy over the last 10; 0 when it could not be computed.
    pub accuracy_recent: f64,
}

/// One answer and its truth, as the history keeps them.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub(crate) probability: f64,
    pub(crate) class: Class,
    pub(crate) label: Label,
}

impl Entry {
    /// `prediction` is what the dendrite gave: a probability, -1, any other float, or `None` for what is no number.
    pub fn new(prediction: Option<f64>, label: Label) -> Self {
        Self { probability: prediction.unwrap_or(f64::NAN), class: Class::of(prediction), label }
    }

    /// 1 unless the number itself lies outside `[0, 1]`; NaN passes, as in the reference.
    fn validity(self) -> f64 {
        if self.probability < 0.0 || self.probability > 1.0 { 0.0 } else { 1.0 }
    }
}

/// The last 100 answers of one UID. Pushing and the reward take constant time; [`History::metrics`] sorts.
#[derive(Clone, Debug, Default)]
pub struct History {
    entries: VecDeque<Entry>,
    all: Tally,
    recent: Tally,
}

impl History {
    /// An empty history, as of a hotkey that was just registered.
    pub fn new() -> Self {
        Self { entries: VecDeque::with_capacity(HISTORY + 1), ..Self::default() }
    }

    /// Answers held, silent ones too.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing was pushed yet.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Forgets everything, keeps the memory.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.all = Tally::default();
        self.recent = Tally::default();
    }

    /// Takes an answer in and gives its reward.
    pub fn push(&mut self, entry: Entry) -> f64 {
        if self.entries.len() == HISTORY
            && let Some(old) = self.entries.pop_front()
        {
            self.all.remove(old);
        }
        if self.entries.len() >= RECENT {
            self.recent.remove(self.entries[self.entries.len() - RECENT]);
        }
        self.entries.push_back(entry);
        self.all.add(entry);
        self.recent.add(entry);
        self.reward_of(entry)
    }

    fn reward_of(&self, entry: Entry) -> f64 {
        // A value that is no number raises in the first of the two calls, whatever this answer is.
        if self.all.not_a_number > 0 || matches!(entry.class, Class::Silent) {
            return 0.0;
        }
        let mcc = self.all.mcc();
        let accuracy = self.recent.accuracy().unwrap_or_else(|| self.metrics(RECENT).map_or(0.0, |m| m.accuracy));
        ((0.5 * mcc + 0.5 * accuracy) * entry.validity()).powi(EXPONENT)
    }

    /// All metrics over the last `window` answers; `None` when one of them is no number.
    pub fn metrics(&self, window: usize) -> Option<Metrics> {
        let first = self.entries.len().saturating_sub(window);
        metrics_of(self.entries.range(first..))
    }

    /// Takes an answer in and gives everything that the reference logs for it.
    pub fn step(&mut self, entry: Entry) -> Step {
        let reward = self.push(entry);
        let metrics = self.metrics(HISTORY);
        let accuracy_recent = self.metrics(RECENT).map_or(0.0, |m| m.accuracy);
        Step { reward, metrics, accuracy_recent }
    }
}

/// One miner's answer to a step of the validator.
#[derive(Clone, Debug, PartialEq)]
pub struct MinerAnswer {
    /// Its place in the metagraph.
    pub uid: u16,
    /// The key that holds the place now.
    pub hotkey: Hotkey,
    /// What the dendrite gave; `None` for what is no number.
    pub prediction: Option<f64>,
}

/// The histories of all UIDs (`MinerPerformanceTracker`).
#[derive(Clone, Debug, Default)]
pub struct Tracker {
    miners: HashMap<u16, (Hotkey, History)>,
}

impl Tracker {
    /// Knows nobody yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// One answer of one miner. Another hotkey on the UID clears its history first.
    pub fn step(&mut self, answer: &MinerAnswer, label: Label) -> Step {
        let (hotkey, history) =
            self.miners.entry(answer.uid).or_insert_with(|| (answer.hotkey.clone(), History::new()));
        if *hotkey != answer.hotkey {
            hotkey.clone_from(&answer.hotkey);
            history.clear();
        }
        history.step(Entry::new(answer.prediction, label))
    }

    /// One step of the validator: the same picture, several miners, in the order asked. A UID that stands in the list
    /// twice gets both answers into its history, as in the reference.
    pub fn batch(&mut self, label: Label, answers: &[MinerAnswer]) -> Vec<Step> {
        answers.iter().map(|answer| self.step(answer, label)).collect()
    }

    /// The history of a UID, when it ever answered.
    pub fn history(&self, uid: u16) -> Option<&History> {
        self.miners.get(&uid).map(|(_, history)| history)
    }
}
