//! Whether two stretches of time differ: means of each, and an interval for the difference by drawing days.
//!
//! Readings of one day hang together (one incentive holds until the next payout, one mood of the validators for hours), so
//! whole days are drawn with replacement on each side. Such an interval is too narrow three times over: the spread of
//! drawn means lacks `n / (n - 1)`, its quantiles are the normal distribution's where Student's would be right, and
//! neighbouring days hang together too. All three are put right as far as few days let them be;
//! `covers_what_it_promises` measures what is left.

use std::collections::BTreeMap;

use hivis_curate::gate::quantile;
use hivis_examiner::interval::Interval;
use jiff::Timestamp;
use jiff::civil::Date;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use crate::earnings::day_of;

/// Draws behind an interval.
const DRAWS: usize = 2000;
/// 95% of a normal distribution lie below.
const Z: f64 = 1.644_853_627;

/// One side of a change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Side {
    /// Days with a reading.
    pub(crate) days: usize,
    /// Readings.
    pub(crate) readings: usize,
    /// Their mean.
    pub(crate) mean: Option<f64>,
}

/// After less before.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Comparison {
    /// Before the change.
    pub(crate) before: Side,
    /// After it.
    pub(crate) after: Side,
    /// The difference with its 90% interval; `None` where a side has too few days.
    pub(crate) difference: Option<Interval>,
}

/// A reading: when, and what.
pub(crate) type Value = (Timestamp, f64);

/// Compares; each side needs `least_days` days. What is no number does not count.
pub(crate) fn compare(before: &[Value], after: &[Value], least_days: usize, seed: u64) -> Comparison {
    let (one, other) = (by_day(before), by_day(after));
    let enough = one.len().min(other.len()) >= least_days.max(2);
    Comparison { difference: enough.then(|| difference(&one, &other, seed)), before: side(&one), after: side(&other) }
}

fn by_day(values: &[Value]) -> Vec<Vec<f64>> {
    let mut days: BTreeMap<Date, Vec<f64>> = BTreeMap::new();
    for (at, value) in values.iter().filter(|(_, value)| value.is_finite()) {
        days.entry(day_of(*at)).or_default().push(*value);
    }
    days.into_values().collect()
}

fn side(days: &[Vec<f64>]) -> Side {
    let readings = days.iter().map(Vec::len).sum();
    Side { days: days.len(), readings, mean: (readings > 0).then(|| mean(days.iter())) }
}

fn mean<'a>(days: impl Iterator<Item = &'a Vec<f64>>) -> f64 {
    let (sum, count) = days.fold((0.0, 0), |(sum, count), day| (sum + day.iter().sum::<f64>(), count + day.len()));
    sum / count.max(1) as f64
}

fn difference(before: &[Vec<f64>], after: &[Vec<f64>], seed: u64) -> Interval {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let point = mean(after.iter()) - mean(before.iter());
    let tie = tie(&[before, after]);
    let mut drawn = |days: &[Vec<f64>]| {
        let n = days.len();
        let centre = mean(days.iter());
        let some = mean((0..n).map(|_| &days[rng.random_range(0..n as u32) as usize]));
        (some - centre) * widening(tie, n)
    };
    let mut apart: Vec<f64> = (0..DRAWS).map(|_| drawn(after) - drawn(before)).collect();
    let wider = student(before.len() + after.len() - 2) / Z;
    let mut end = |at: f64| point + wider * quantile(&mut apart, at).unwrap_or(0.0);
    Interval { point, low: end(0.05), high: end(0.95) }
}

/// How much a day's mean tells of the next one's: the autocorrelation at lag one about each side's own mean, with what
/// `n` days lack of it, about `(1 + 3r) / n` (Marriott and Pope, 1954). At least 0; at most 0.8, where few days say nothing
/// more. A day without a reading is stepped over.
fn tie(sides: &[&[Vec<f64>]; 2]) -> f64 {
    let (mut together, mut alone, mut count) = (0.0, 0.0, 0);
    for days in sides {
        let means: Vec<f64> = days.iter().map(|day| mean(std::iter::once(day))).collect();
        let centre = means.iter().sum::<f64>() / means.len().max(1) as f64;
        together += means.windows(2).map(|pair| (pair[0] - centre) * (pair[1] - centre)).sum::<f64>();
        alone += means.iter().map(|mean| (mean - centre).powi(2)).sum::<f64>();
        count += means.len();
    }
    let found = if alone > 0.0 { together / alone } else { 0.0 };
    let n = count as f64 / sides.len() as f64;
    (found + (1.0 + 3.0 * found) / n).clamp(0.0, 0.8)
}

/// By how much the spread of drawn means of `n` days is too small: the variance of a mean of days that are tied like
/// those of a first-order autoregression is `g` times that of free ones, and their spread about their own mean
/// `(n - g) / n` of the true one.
fn widening(tie: f64, n: usize) -> f64 {
    let n = n as f64;
    let g = (1.0 + tie) / (1.0 - tie) - 2.0 * tie * (1.0 - tie.powf(n)) / (n * (1.0 - tie).powi(2));
    (g * n / (n - g)).sqrt()
}

/// The 95% quantile of Student's distribution, by Cornish and Fisher's expansion: within 0.02 from four degrees of freedom.
fn student(freedom: usize) -> f64 {
    let (z, v) = (Z, freedom.max(1) as f64);
    z + (z.powi(3) + z) / (4.0 * v) + (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / (96.0 * v * v)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(rng: &mut ChaCha8Rng) -> f64 {
        (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0
    }

    /// Twenty payouts a day: a day's own mood, and a slow walk within it; moods of neighbouring days hang together by `tie`.
    fn days(first: i64, count: i64, level: f64, tie: f64, rng: &mut ChaCha8Rng) -> Vec<Value> {
        let (mut values, mut mood) = (Vec::new(), normal(rng));
        for day in first..first + count {
            mood = tie * mood + (1.0 - tie * tie).sqrt() * normal(rng);
            let mut within = 0.0;
            for payout in 0..20 {
                within = 0.8 * within + 0.6 * normal(rng);
                let at = Timestamp::from_second(86_400 * day + 4320 * payout).expect("a time");
                values.push((at, level + mood + 0.5 * within));
            }
        }
        values
    }

    /// The share of 90% intervals that hold the true difference.
    fn coverage(count: i64, tie: f64, gain: f64) -> f64 {
        let holds = (0..150).filter(|seed| {
            let mut rng = ChaCha8Rng::seed_from_u64(*seed);
            let before = days(0, count, 10.0, tie, &mut rng);
            let after = days(count, count, 10.0 + gain, tie, &mut rng);
            compare(&before, &after, 3, *seed).difference.expect("enough days").holds(gain)
        });
        holds.count() as f64 / 150.0
    }

    #[test]
    fn covers_what_it_promises() {
        for (count, tie, least) in [(5, 0.0, 0.84), (10, 0.0, 0.84), (10, 0.3, 0.8), (20, 0.6, 0.75)] {
            let share = coverage(count, tie, 1.0);
            println!("{count} days a side, tie {tie}: {share}");
            assert!(share >= least && share <= 0.98, "{count} days, tie {tie}: {share}");
        }
    }

    #[test]
    fn too_few_days_say_nothing_and_numbers_that_are_none_do_not_count() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let (before, mut after) = (days(0, 5, 1.0, 0.0, &mut rng), days(5, 4, 1.0, 0.0, &mut rng));
        assert_eq!(compare(&before, &after, 5, 1).difference, None);
        assert_eq!(compare(&[], &[], 5, 1), compare(&[], &[], 5, 2));
        after.push((Timestamp::from_second(86_400 * 20).expect("a time"), f64::NAN));
        let compared = compare(&before, &after, 5, 1);
        assert_eq!((compared.after.days, compared.after.readings, compared.difference), (4, 80, None));
        // All the same: no spread, and the interval is the point.
        let flat = |first: i64, level: f64| days(first, 5, level, 0.0, &mut ChaCha8Rng::seed_from_u64(1));
        let still = |values: Vec<Value>, level: f64| values.into_iter().map(|(at, _)| (at, level)).collect::<Vec<_>>();
        let compared = compare(&still(flat(0, 0.0), 2.0), &still(flat(5, 0.0), 3.0), 5, 1);
        let difference = compared.difference.expect("enough");
        assert!((difference.low - 1.0).abs() < 1e-12 && (difference.high - 1.0).abs() < 1e-12);
    }

    #[test]
    fn students_quantiles() {
        for (freedom, known) in [(4, 2.132), (8, 1.860), (18, 1.734), (100, 1.660)] {
            assert!((student(freedom) - known).abs() < 0.02, "{freedom}: {}", student(freedom));
        }
    }
}
