//! The validator's moving-average scores, as `natix/base/validator.py` keeps them.
//!
//! Who was not asked keeps its score; validators decay towards 0; of a UID that was asked twice the last reward counts.
//! The arithmetic is `f32` until the metagraph grows for the first time and `f64` from then on, as NumPy's arrays are.

use crate::ExaminerError;

/// Weight of a new reward in the score (`neuron.moving_average_alpha`).
pub const ALPHA: f64 = 0.05;
/// Stake above which a permitted key counts as a validator (`neuron.vpermit_tao_limit`), strictly.
pub const VALIDATOR_STAKE: f64 = 40_096.0;

/// What the moving average needs to know of a UID.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Neuron {
    /// Holds a validator permit.
    pub validator_permit: bool,
    /// Its stake.
    pub stake: f64,
}

#[derive(Clone, Debug, PartialEq)]
enum Values {
    Single(Vec<f32>),
    Double(Vec<f64>),
}

/// The scores of all UIDs.
#[derive(Clone, Debug, PartialEq)]
pub struct MovingAverage {
    alpha: f64,
    validator_stake: f64,
    neurons: Vec<Neuron>,
    values: Values,
}

impl MovingAverage {
    /// Scores `start`, one for each neuron, in `f32`. `alpha` is [`ALPHA`] on the subnet.
    pub fn new(neurons: Vec<Neuron>, start: &[f32], alpha: f64) -> Self {
        let mut values = start.to_vec();
        values.resize(neurons.len(), 0.0);
        Self { alpha, validator_stake: VALIDATOR_STAKE, neurons, values: Values::Single(values) }
    }

    /// Another bound between miners and validators.
    #[must_use]
    pub fn with_validator_stake(mut self, stake: f64) -> Self {
        self.validator_stake = stake;
        self
    }

    /// The scores, widened where they are still `f32`.
    pub fn scores(&self) -> Vec<f64> {
        match &self.values {
            Values::Single(values) => values.iter().map(|&v| f64::from(v)).collect(),
            Values::Double(values) => values.clone(),
        }
    }

    /// Whether the arithmetic is still `f32`.
    pub fn is_single(&self) -> bool {
        matches!(self.values, Values::Single(_))
    }

    /// One step: `rewards[i]` for `uids[i]`; NaN counts as 0. Nothing happens when either list is empty. Fails, with the
    /// scores untouched, when the lists differ in length or name an unknown UID.
    pub fn update(&mut self, uids: &[u16], rewards: &[f64]) -> Result<(), ExaminerError> {
        if uids.is_empty() || rewards.is_empty() {
            return Ok(());
        }
        if uids.len() != rewards.len() {
            return Err(ExaminerError::RewardShape { uids: uids.len(), rewards: rewards.len() });
        }
        if let Some(&uid) = uids.iter().find(|&&uid| usize::from(uid) >= self.neurons.len()) {
            return Err(ExaminerError::UnknownUid { uid, size: self.neurons.len() });
        }
        let mut targets: Vec<Option<f64>> = self
            .neurons
            .iter()
            .map(|n| (n.validator_permit && n.stake > self.validator_stake).then_some(0.0))
            .collect();
        for (&uid, &reward) in uids.iter().zip(rewards) {
            targets[usize::from(uid)] = Some(if reward.is_nan() { 0.0 } else { reward });
        }
        let alpha = self.alpha;
        match &mut self.values {
            Values::Single(values) => {
                let (new, old) = (alpha as f32, (1.0 - alpha) as f32);
                for (value, target) in values.iter_mut().zip(targets) {
                    let target = target.map_or(*value, |t| t as f32);
                    *value = new * target + old * *value;
                }
            }
            Values::Double(values) => {
                for (value, target) in values.iter_mut().zip(targets) {
                    *value = alpha * target.unwrap_or(*value) + (1.0 - alpha) * *value;
                }
            }
        }
        Ok(())
    }

    /// The metagraph changed: `replaced` UIDs have a new hotkey and start at 0; `neurons` are all that there are now
    /// (UIDs never go away). Growing turns the arithmetic to `f64` for good.
    pub fn resync(&mut self, replaced: &[u16], neurons: Vec<Neuron>) {
        match &mut self.values {
            Values::Single(values) => replaced.iter().for_each(|&uid| zero(values, uid)),
            Values::Double(values) => replaced.iter().for_each(|&uid| zero(values, uid)),
        }
        if neurons.len() > self.neurons.len() {
            let mut values = self.scores();
            values.resize(neurons.len(), 0.0);
            self.values = Values::Double(values);
        }
        self.neurons = neurons;
    }
}

fn zero<T: Default>(values: &mut [T], uid: u16) {
    if let Some(value) = values.get_mut(usize::from(uid)) {
        *value = T::default();
    }
}
