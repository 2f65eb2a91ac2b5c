//! A scenario: series over time, and whether a rule fires at its end.

use hivis_types::Alert;
use hivis_watch::{History, JOB, Judge, Labels, Rule, Sample, Samples};
use jiff::Timestamp;

/// Its value at each scrape, by the scrape's second; `None` where the scrape does not have it.
type Wave = Box<dyn Fn(i64) -> Option<f64>>;

pub(crate) struct Scenario {
    pub(crate) rule: &'static str,
    pub(crate) fires: bool,
    pub(crate) minutes: i64,
    series: Vec<(Sample, Wave)>,
    /// From this second on the target does not answer.
    down_from: Option<i64>,
}

/// `rule` fires after `minutes`.
pub(crate) fn fires(rule: &'static str, minutes: i64) -> Scenario {
    Scenario { rule, fires: true, minutes, series: Vec::new(), down_from: None }
}

/// `rule` does not fire after `minutes`.
pub(crate) fn quiet(rule: &'static str, minutes: i64) -> Scenario {
    Scenario { fires: false, ..fires(rule, minutes) }
}

impl Scenario {
    /// Seconds from one scrape to the next, and from one evaluation to the next: a long scenario needs no fine ones.
    pub(crate) fn step(&self) -> i64 {
        if self.minutes > 60 { 60 } else { 15 }
    }

    /// A series as text has it, `name{label="value"}`.
    pub(crate) fn with(mut self, series: &str, wave: impl Fn(i64) -> Option<f64> + 'static) -> Self {
        let Samples(parsed) = Samples::parse(&format!("{series} 0")).expect("a series");
        self.series.push((parsed[0].clone(), Box::new(wave)));
        self
    }

    pub(crate) fn down_from(mut self, minute: i64) -> Self {
        self.down_from = Some(60 * minute);
        self
    }

    fn is_down(&self, second: i64) -> bool {
        self.down_from.is_some_and(|from| second >= from)
    }

    fn value(&self, wave: &Wave, second: i64) -> Option<f64> {
        if self.is_down(second) { None } else { wave(second) }
    }

    /// What fires by our own evaluator at each second of `at`, which rise.
    pub(crate) fn judged(&self, rules: &[Rule], runbooks: &str, at: &[i64]) -> Vec<Vec<Alert>> {
        let mut history = History::of(rules);
        let mut judge = Judge::new(rules.to_vec(), runbooks);
        let mut judged = Vec::new();
        for second in (0..=60 * self.minutes).step_by(self.step() as usize) {
            let now = Timestamp::from_second(second).expect("a time");
            if self.is_down(second) {
                history.push_failed(now);
            } else {
                let sample = |(sample, wave): &(Sample, Wave)| {
                    Some(Sample { value: self.value(wave, second)?, ..sample.clone() })
                };
                history.push(now, &Samples(self.series.iter().filter_map(sample).collect()));
            }
            let alerts = judge.evaluate(&history, now);
            if at.contains(&second) {
                judged.push(alerts);
            }
        }
        judged
    }

    /// The series in promtool's notation.
    pub(crate) fn input(&self) -> Vec<(String, String)> {
        let seconds: Vec<i64> = (0..=60 * self.minutes).step_by(self.step() as usize).collect();
        let mut input: Vec<(String, String)> = self
            .series
            .iter()
            .map(|(sample, wave)| {
                let mut before = None;
                let values: Vec<String> = seconds
                    .iter()
                    .map(|&second| {
                        let value = self.value(wave, second);
                        let text = match (value, before) {
                            (Some(value), _) if value.is_infinite() => "Inf".to_owned(),
                            (Some(value), _) => value.to_string(),
                            // As a scrape that no longer has the series marks it.
                            (None, Some(_)) => "stale".to_owned(),
                            (None, None) => "_".to_owned(),
                        };
                        before = value;
                        text
                    })
                    .collect();
                (named(&sample.name, &sample.labels), values.join(" "))
            })
            .collect();
        let up: Vec<&str> = seconds.iter().map(|&second| if self.is_down(second) { "0" } else { "1" }).collect();
        input.push((format!("up{{job=\"{JOB}\"}}"), up.join(" ")));
        input
    }
}

fn named(name: &str, labels: &Labels) -> String {
    let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    format!("{name}{{{}}}", labels.join(","))
}

/// The same all the time.
pub(crate) fn steady(value: f64) -> impl Fn(i64) -> Option<f64> {
    move |_| Some(value)
}

/// A counter that grows by so much a minute.
pub(crate) fn grows(per_minute: f64) -> impl Fn(i64) -> Option<f64> {
    move |second| Some(per_minute * second as f64 / 60.0)
}

/// One value before `minute`, another from then on.
pub(crate) fn turns(before: f64, minute: i64, after: f64) -> impl Fn(i64) -> Option<f64> {
    move |second| Some(if second < 60 * minute { before } else { after })
}

/// A counter that stands until `minute` and then grows by so much a minute.
pub(crate) fn grows_from(minute: i64, per_minute: f64) -> impl Fn(i64) -> Option<f64> {
    move |second| Some((second - 60 * minute).max(0) as f64 / 60.0 * per_minute)
}

/// Nothing at all from `minute` on.
pub(crate) fn ends(minute: i64, value: f64) -> impl Fn(i64) -> Option<f64> {
    move |second| (second < 60 * minute).then_some(value)
}
