//! Errors one after another: whether they have become more frequent.

/// Page's cumulative sum of the log likelihood ratio of two error rates: it rises when errors are as frequent as the worse
/// rate says, falls when they are as frequent as the usual one says, and never falls below nought.
///
/// The mean number of answers until a false alarm is at least `exp(limit)` (Lorden 1971), so a limit of `ln(every)`
/// promises no more than one in `every` answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cusum {
    wrong: f64,
    right: f64,
    limit: f64,
    sum: f64,
}

impl Cusum {
    /// `usual` and `worse` are error rates, the second the larger; both are drawn into [0.001, 0.999], and `worse` at least
    /// 0.01 above `usual`. `every` is at least 2.
    pub fn new(usual: f64, worse: f64, every: f64) -> Self {
        let usual = if usual.is_finite() { usual.clamp(0.001, 0.98) } else { 0.5 };
        let worse = if worse.is_finite() { worse.clamp(usual + 0.01, 0.999) } else { usual + 0.01 };
        Self {
            wrong: (worse / usual).ln(),
            right: ((1.0 - worse) / (1.0 - usual)).ln(),
            limit: every.max(2.0).ln(),
            sum: 0.0,
        }
    }

    /// One more answer; gives the sum.
    pub fn push(&mut self, wrong: bool) -> f64 {
        self.sum = (self.sum + if wrong { self.wrong } else { self.right }).max(0.0);
        self.sum
    }

    /// The sum as it stands.
    pub fn sum(&self) -> f64 {
        self.sum
    }

    /// The sum that is too large.
    pub fn limit(&self) -> f64 {
        self.limit
    }
}

/// The chance of at most `right` right answers of `n` when each is right with a chance of `accuracy`
/// (`scipy.stats.binom.cdf`).
pub fn binomial_tail(right: u64, n: u64, accuracy: f64) -> f64 {
    let p = accuracy.clamp(0.0, 1.0);
    if right >= n || p == 0.0 {
        return 1.0;
    }
    if p == 1.0 {
        return 0.0;
    }
    // Each term from the one before it, in logarithms, so that a thousand factors below one are no nought.
    let odds = (p / (1.0 - p)).ln();
    let mut term = n as f64 * (1.0 - p).ln();
    let mut sum = term.exp();
    for k in 0..right {
        term += ((n - k) as f64 / (k + 1) as f64).ln() + odds;
        sum += term.exp();
    }
    sum.min(1.0)
}
