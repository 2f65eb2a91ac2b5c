//! Shares of accepted pictures, and how sure they are.

use serde::Serialize;

/// The normal quantile of a one-sided test at 95%; both ends together hold 90%.
const Z: f64 = 1.644_853_626_951_472_2;

/// Where a share lies, with 90% confidence: above `low` at 95%, below `high` at 95%.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// Lower end, in [0, 1].
    pub low: f64,
    /// Upper end, in [0, 1].
    pub high: f64,
}

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rate {
    /// Those that count.
    pub good: u64,
    /// All.
    pub n: u64,
}

impl Rate {
    /// Counts one more.
    pub fn add(&mut self, good: bool) {
        self.n += 1;
        self.good += u64::from(good);
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { good: self.good + other.good, n: self.n + other.n }
    }

    /// The share, in [0, 1]; `None` of nothing.
    pub fn share(self) -> Option<f64> {
        (self.n > 0).then(|| self.good as f64 / self.n as f64)
    }
}

impl Serialize for Rate {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct as _;
        let mut out = serializer.serialize_struct("Rate", 4)?;
        out.serialize_field("good", &self.good)?;
        out.serialize_field("n", &self.n)?;
        out.serialize_field("share", &self.share())?;
        out.serialize_field("interval", &wilson(*self))?;
        out.end()
    }
}

/// Wilson's interval of a share at 90% (95% at each end): with p the share and z the quantile, the middle is
/// `(p + z^2 / 2n) / (1 + z^2 / n)` and the half width `z sqrt(p (1 - p) / n + z^2 / 4n^2) / (1 + z^2 / n)`. Nothing is
/// known of no picture: [0, 1].
///
/// Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).
pub fn wilson(rate: Rate) -> Interval {
    let Some(p) = rate.share() else { return Interval { low: 0.0, high: 1.0 } };
    let n = rate.n as f64;
    let z2 = Z * Z;
    let below = 1.0 + z2 / n;
    let middle = (p + z2 / (2.0 * n)) / below;
    let half = Z * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt() / below;
    Interval { low: (middle - half).max(0.0), high: (middle + half).min(1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wilsons_interval_is_statsmodels() {
        // proportion_confint(good, n, alpha=0.1, method='wilson') of statsmodels 0.14.
        let table = [
            (0, 3, 0.0, 0.47419557415751296),
            (3, 3, 0.525804425842487, 1.0),
            (0, 10, 0.0, 0.2129419700834071),
            (8, 10, 0.5407928056874879, 0.9314420122624679),
            (24, 50, 0.36782853117530656, 0.5942247962561442),
            (29, 50, 0.46399326170684163, 0.687793428567355),
            (40, 50, 0.6926736151891771, 0.8765264733390609),
            (50, 50, 0.9486668142137298, 1.0),
            (399, 1000, 0.37383415982113927, 0.42471088531329243),
        ];
        for (good, n, low, high) in table {
            let found = wilson(Rate { good, n });
            assert!((found.low - low).abs() < 1e-12 && (found.high - high).abs() < 1e-12, "{good}/{n}: {found:?}");
        }
        assert_eq!(wilson(Rate::default()), Interval { low: 0.0, high: 1.0 });
    }
}
