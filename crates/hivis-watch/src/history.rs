//! Our own scrapes over time, bounded in time and in number.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::Timestamp;

use crate::{JOB, Labels, Rule, Samples, Selector, Window};

/// A value older than this says nothing about now, as in Prometheus: 5 minutes, in milliseconds.
pub(crate) const LOOKBACK_MS: i64 = 300_000;

/// More series than this are not kept: labels are ours, so this is a fault and not a load.
const MOST_SERIES: usize = 10_000;

/// One series: times in Unix milliseconds, and its values; `None` where a scrape no longer had it.
pub(crate) type Points = VecDeque<(i64, Option<f64>)>;

/// The newest hours of the metrics that rules read.
#[derive(Clone, Debug)]
pub struct History {
    keep_ms: i64,
    /// Only these metrics are kept.
    wanted: BTreeSet<String>,
    series: BTreeMap<String, BTreeMap<Labels, Points>>,
    count: usize,
}

impl History {
    /// Keeps what `rules` read, for as long as they look back.
    pub fn of(rules: &[Rule]) -> Self {
        let (mut wanted, mut longest) = (BTreeSet::new(), Window::minutes(10));
        for rule in rules {
            rule.expr.reads(&mut wanted, &mut longest);
        }
        // One lookback more: the window's first sample may be a little older than the window.
        let keep_ms = i64::from(longest.0) * 1000 + LOOKBACK_MS;
        Self { keep_ms, wanted, series: BTreeMap::new(), count: 0 }
    }

    /// Takes a scrape; scrapes come in order, and one that is not newer than the last is passed over for its series.
    pub fn push(&mut self, at: Timestamp, samples: &Samples) {
        self.take(at, samples, 1.0);
    }

    /// Takes note that the target did not answer: `up` is 0, and every series has ended.
    pub fn push_failed(&mut self, at: Timestamp) {
        self.take(at, &Samples::default(), 0.0);
    }

    fn take(&mut self, at: Timestamp, samples: &Samples, up: f64) {
        let at = at.as_millisecond();
        for sample in &samples.0 {
            if self.wanted.contains(&sample.name) {
                self.note(&sample.name, &sample.labels, (at, sample.value));
            }
        }
        self.note("up", &Labels::from([("job".to_owned(), JOB.to_owned())]), (at, up));
        for series in self.series.values_mut() {
            for points in series.values_mut() {
                if let Some((last, Some(_))) = points.back()
                    && *last < at
                {
                    points.push_back((at, None));
                }
                while points.front().is_some_and(|(then, _)| *then < at - self.keep_ms) {
                    points.pop_front();
                }
            }
            series.retain(|_, points| !points.is_empty());
        }
        self.count = self.series.values().map(BTreeMap::len).sum();
    }

    fn note(&mut self, name: &str, labels: &Labels, (at, value): (i64, f64)) {
        let known = self.series.get_mut(name).and_then(|series| series.get_mut(labels));
        if let Some(points) = known {
            if points.back().is_none_or(|(last, _)| *last < at) {
                points.push_back((at, Some(value)));
            }
        } else if self.count < MOST_SERIES {
            self.count += 1;
            let points = Points::from([(at, Some(value))]);
            self.series.entry(name.to_owned()).or_default().insert(labels.clone(), points);
        }
    }

    /// How many numbers are kept.
    pub fn len(&self) -> usize {
        self.series.values().flat_map(BTreeMap::values).map(VecDeque::len).sum()
    }

    /// Whether there was no scrape yet.
    pub fn is_empty(&self) -> bool {
        self.series.is_empty()
    }

    /// The series that `selector` means; `suffix` is added to its metric.
    pub(crate) fn series<'a>(
        &'a self,
        selector: &'a Selector,
        suffix: &str,
    ) -> impl Iterator<Item = (&'a Labels, &'a Points)> + use<'a> {
        let metric = format!("{}{suffix}", selector.metric);
        self.series.get(&metric).into_iter().flatten().filter(|(labels, _)| selector.takes(labels))
    }
}

/// The newest value at `now`, unless the series has ended or is too old.
pub(crate) fn newest(points: &Points, now_ms: i64) -> Option<f64> {
    let end = points.partition_point(|(at, _)| *at <= now_ms);
    let (at, value) = *points.get(end.checked_sub(1)?)?;
    if at <= now_ms - LOOKBACK_MS { None } else { value }
}

/// The values from `now - window` to `now`, both included, as Prometheus 2 has it (3 leaves the older end out).
pub(crate) fn within(points: &Points, now_ms: i64, Window(seconds): Window) -> Vec<(i64, f64)> {
    let start = points.partition_point(|(at, _)| *at < now_ms - i64::from(seconds) * 1000);
    let end = points.partition_point(|(at, _)| *at <= now_ms);
    points.range(start..end).filter_map(|(at, value)| Some((*at, (*value)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Thresholds, rules};

    #[test]
    fn a_history_forgets_and_keeps_only_what_rules_read() {
        let mut history = History::of(&rules(&Thresholds::default()));
        let samples = Samples::parse("hivis_axon_ready 1\nother 3\n").expect("valid");
        let day = |seconds| {
            let mut history = history.clone();
            for second in (0..seconds).step_by(15) {
                history.push(Timestamp::from_second(second).expect("a time"), &samples);
            }
            history.len()
        };
        assert_eq!(day(60), 2 * 4, "`up` and one metric");
        assert_eq!(day(86_400), day(2 * 86_400), "bounded in time");
        let many: Vec<String> =
            (0..2 * MOST_SERIES).map(|index| format!("hivis_axon_ready{{x=\"{index}\"}} 1\n")).collect();
        history.push(Timestamp::UNIX_EPOCH, &Samples::parse(&many.concat()).expect("valid"));
        assert!(history.count <= MOST_SERIES, "bounded in number: {}", history.count);
    }
}
