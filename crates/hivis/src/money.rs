//! Money is whole numbers: alpha and TAO in rao (10^-9), dollars in micro-dollars (10^-6).

/// Digits of a rao.
pub(crate) const RAO: u32 = 9;
/// Digits of a micro-dollar.
pub(crate) const MICRO: u32 = 6;

/// Whole units of a number from outside, rounded; `None` for what is no amount.
pub(crate) fn from_float(amount: f64, digits: u32) -> Option<u64> {
    let units = (amount * 10_f64.powi(digits as i32)).round();
    // Up to here an f64 holds every whole number.
    (0.0..=9_007_199_254_740_992.0).contains(&units).then_some(units as u64)
}

/// What an amount in rao is worth at a price for one whole coin, in the price's units, rounded down.
pub(crate) fn worth(rao: u64, price: u64) -> u64 {
    u64::try_from(u128::from(rao) * u128::from(price) / 10_u128.pow(RAO)).unwrap_or(u64::MAX)
}

/// The amount with all its digits.
pub(crate) fn exact(units: u64, digits: u32) -> String {
    let one = 10_u64.pow(digits);
    format!("{}.{:0width$}", units / one, units % one, width = digits as usize)
}

/// The amount with `shown` of its `digits`, rounded.
pub(crate) fn short(units: u64, digits: u32, shown: u32) -> String {
    let cut = 10_u64.pow(digits - shown);
    exact(units / cut + u64::from(units % cut >= cut.div_ceil(2)), shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts() {
        assert_eq!(exact(1_234_567_890, RAO), "1.234567890");
        assert_eq!(short(1_234_567_890, RAO, 4), "1.2346");
        assert_eq!(short(999_999_999, RAO, 2), "1.00");
        assert_eq!(short(412_500_000, MICRO, 2), "412.50");
        assert_eq!(from_float(0.1 + 0.2, RAO), Some(300_000_000));
        for none in [f64::NAN, f64::INFINITY, -1.0, 1e12] {
            assert_eq!(from_float(none, RAO), None, "{none}");
        }
        // 2 alpha at 0.05 TAO; the product of rao alone would not fit 64 bits.
        assert_eq!(worth(2_000_000_000, 50_000_000), 100_000_000);
        assert_eq!(worth(21_000_000_000_000_000, 1_000_000_000), 21_000_000_000_000_000);
        assert_eq!(worth(100_000_000, 412_500_000), 41_250_000);
    }
}
