//! Dollars.

use serde::{Deserialize, Serialize};

/// Money in micro-dollars (10^-6 US dollars), as the ledger keeps it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Usd(pub i64);

impl Usd {
    /// The nearest number of micro-dollars; `None` for what is no amount (NaN, beyond nine trillion).
    pub fn from_dollars(dollars: f64) -> Option<Self> {
        let micro = (dollars * 1e6).round();
        (micro.abs() < 9e18).then_some(Self(micro as i64))
    }

    /// For a price times a count.
    #[must_use]
    pub fn times(self, count: u32) -> Self {
        Self(self.0.saturating_mul(i64::from(count)))
    }
}

impl std::fmt::Display for Usd {
    /// `$1.25`; below a cent all that is there: `$0.0004`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (sign, micro) = (if self.0 < 0 { "-" } else { "" }, self.0.unsigned_abs());
        let mut digits = format!("{:06}", micro % 1_000_000);
        while digits.len() > 2 && digits.ends_with('0') {
            digits.pop();
        }
        f.pad(&format!("{sign}${}.{digits}", micro / 1_000_000))
    }
}

#[cfg(test)]
mod tests {
    use super::Usd;

    #[test]
    fn amounts_read_as_people_write_them() {
        for (micro, text) in
            [(0, "$0.00"), (1_250_000, "$1.25"), (400, "$0.0004"), (-2_000_001, "-$2.000001"), (10_000, "$0.01")]
        {
            assert_eq!(Usd(micro).to_string(), text);
        }
        assert_eq!(Usd::from_dollars(0.039), Some(Usd(39_000)));
        assert_eq!(Usd::from_dollars(f64::NAN), None);
        assert_eq!(Usd::from_dollars(1e300), None);
    }
}
