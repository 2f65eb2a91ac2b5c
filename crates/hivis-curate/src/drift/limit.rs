//! What value is too large, learned from the windows before.

use serde::Serialize;

/// What the past says of the largest usual value.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Limit {
    /// The past is too short to promise anything.
    Learning {
        /// Windows that there are.
        have: usize,
        /// Windows that it takes.
        need: usize,
    },
    /// A value above this is unusual.
    Known(f64),
}

impl Limit {
    /// The limit, once it is known.
    pub fn known(self) -> Option<f64> {
        match self {
            Self::Known(limit) => Some(limit),
            Self::Learning { .. } => None,
        }
    }
}

/// The value of rank `ceil((n + 1)(1 - rate))` of the `n` past values: when the next window is exchangeable with them, it
/// lies above with a chance of at most `rate`, whatever the distribution (split conformal prediction; Vovk et al. 2005,
/// section 4.1). That takes `1 / rate - 1` values at least, and `least` at least. Numbers that are none do not count.
pub fn limit(past: &[f64], rate: f64, least: usize) -> Limit {
    let rate = rate.clamp(1e-6, 0.5);
    // A hair less than the quotient, so that 1 / 0.02 is 50 and not 51.
    let need = least.max((1.0 / rate - 1e-9).ceil() as usize - 1);
    let mut past: Vec<f64> = past.iter().copied().filter(|value| value.is_finite()).collect();
    if past.len() < need || past.is_empty() {
        return Limit::Learning { have: past.len(), need: need.max(1) };
    }
    past.sort_by(f64::total_cmp);
    let rank = ((past.len() + 1) as f64 * (1.0 - rate) - 1e-9).ceil() as usize;
    Limit::Known(past[rank.clamp(1, past.len()) - 1])
}

/// The values of windows that may be learned from: those of an episode, two or more windows in a row above their limit, are
/// left out, or a shift that lasts would become usual. A single one stays: leaving out each false alarm would draw the limit
/// down and bring more of them.
pub fn calm(windows: &[(f64, Option<f64>)]) -> Vec<f64> {
    let over = |at: usize| windows.get(at).is_some_and(|(value, limit)| limit.is_some_and(|limit| *value > limit));
    let episode = |at: usize| over(at) && (over(at + 1) || at > 0 && over(at - 1));
    (0..windows.len()).filter(|at| !episode(*at)).map(|at| windows[at].0).collect()
}
