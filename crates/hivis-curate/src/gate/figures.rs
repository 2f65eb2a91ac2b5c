//! Figures by name, and what is in the middle of many.

use std::collections::BTreeMap;

/// What was measured, by name. Only finite numbers, so that JSON holds them.
pub type Figures = BTreeMap<String, f64>;

/// The value below which a share `at` (0 to 1) of the values lies, between two of them linearly as NumPy's default does;
/// `None` when there are none. The values are sorted.
pub fn quantile(values: &mut [f64], at: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let place = at.clamp(0.0, 1.0) * values.len().checked_sub(1)? as f64;
    let (below, above) = (values[place as usize], values[place.ceil() as usize]);
    Some(below + (above - below) * place.fract())
}

/// The middle of the values.
pub fn median(values: &mut [f64]) -> Option<f64> {
    quantile(values, 0.5)
}
