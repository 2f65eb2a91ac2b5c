//! What a rule computes: a small algebra that both interpreters know.

use std::collections::BTreeSet;

use crate::Labels;

/// Seconds that a rate, a mean or a quantile looks back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Window(pub u32);

impl Window {
    /// So many minutes.
    pub const fn minutes(minutes: u32) -> Self {
        Self(60 * minutes)
    }
}

/// What a label must be.
#[derive(Clone, Debug, PartialEq)]
pub enum Matcher {
    /// This text.
    Is(String),
    /// Any other text.
    Not(String),
    /// One of these texts.
    OneOf(Vec<String>),
    /// None of these texts.
    NoneOf(Vec<String>),
}

/// Which series: a name, and what their labels must be.
#[derive(Clone, Debug, PartialEq)]
pub struct Selector {
    /// The metric.
    pub metric: String,
    /// Every one of them must hold; a label that a series lacks is the empty text.
    pub labels: Vec<(String, Matcher)>,
}

impl Selector {
    /// Every series of `metric`.
    pub fn of(metric: &str) -> Self {
        Self { metric: metric.to_owned(), labels: Vec::new() }
    }

    /// Those among them whose `label` is `value`.
    #[must_use]
    pub fn is(self, label: &str, value: &str) -> Self {
        self.with(label, Matcher::Is(value.to_owned()))
    }

    /// Those among them whose `label` is not `value`.
    #[must_use]
    pub fn not(self, label: &str, value: &str) -> Self {
        self.with(label, Matcher::Not(value.to_owned()))
    }

    /// Those among them whose `label` is one of `values`.
    #[must_use]
    pub fn one_of(self, label: &str, values: &[&str]) -> Self {
        self.with(label, Matcher::OneOf(values.iter().map(|&value| value.to_owned()).collect()))
    }

    /// Those among them whose `label` is none of `values`.
    #[must_use]
    pub fn none_of(self, label: &str, values: &[&str]) -> Self {
        self.with(label, Matcher::NoneOf(values.iter().map(|&value| value.to_owned()).collect()))
    }

    fn with(mut self, label: &str, matcher: Matcher) -> Self {
        self.labels.push((label.to_owned(), matcher));
        self
    }

    /// Whether a series of the metric is meant.
    pub(crate) fn takes(&self, labels: &Labels) -> bool {
        self.labels.iter().all(|(name, matcher)| {
            let value = labels.get(name).map_or("", String::as_str);
            match matcher {
                Matcher::Is(wanted) => value == wanted,
                Matcher::Not(other) => value != other,
                Matcher::OneOf(wanted) => wanted.iter().any(|wanted| value == wanted),
                Matcher::NoneOf(others) => others.iter().all(|other| value != other),
            }
        })
    }
}

/// How several series become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    /// Their sum.
    Sum,
    /// The largest.
    Max,
    /// The smallest.
    Min,
}

/// Arithmetic between two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `*`
    Times,
    /// `/`
    Over,
}

/// How a value must stand to the threshold, so that the series stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `>`
    Above,
    /// `<`
    Below,
    /// `==`
    Equal,
}

/// A number or a set of series at one moment.
///
/// Every fold keeps `instance` and `job`, so that one Prometheus can watch several miners without mixing them.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// A constant.
    Number(f64),
    /// The Unix time of the evaluation, seconds.
    Now,
    /// The newest value of each series, at most 5 minutes old.
    Last(Selector),
    /// A counter's growth a second, resets mended.
    Rate(Selector, Window),
    /// A counter's growth, resets mended.
    Increase(Selector, Window),
    /// The mean of a gauge.
    Mean(Selector, Window),
    /// The quantile `of` 0..1 of a histogram; the metric's name is without `_bucket`.
    Quantile {
        /// Which quantile, 0..1.
        of: f64,
        /// The histogram.
        histogram: Selector,
        /// Over how long.
        over: Window,
        /// Labels that are kept apart.
        by: Vec<String>,
    },
    /// Several series to one for each combination of `by`.
    Fold(Fold, Vec<String>, Box<Expr>),
    /// Without its sign.
    Abs(Box<Expr>),
    /// Arithmetic: sides are paired by equal labels.
    Math(Box<Expr>, Operator, Box<Expr>),
    /// Series of the left side whose value stands so to the right side.
    Keep(Box<Expr>, Comparison, Box<Expr>),
    /// Series of the left side that the right side has too.
    And(Box<Expr>, Box<Expr>),
    /// Series of the left side, and those of the right side that the left one lacks.
    Or(Box<Expr>, Box<Expr>),
    /// Series of the left side that the right side lacks.
    Unless(Box<Expr>, Box<Expr>),
    /// 1 when there is no such series; its labels are those that the selector fixes.
    Absent(Selector),
}

impl Expr {
    /// The newest values of a metric.
    pub fn last(metric: &str) -> Self {
        Self::Last(Selector::of(metric))
    }

    /// `self / to`; 0/0 is no number and passes no threshold.
    #[must_use]
    pub fn ratio(self, to: Self) -> Self {
        self.math(Operator::Over, to)
    }

    /// Seconds since the time that `self` holds.
    #[must_use]
    pub fn age(self) -> Self {
        Self::Now.math(Operator::Minus, self)
    }

    /// Seconds until the time that `self` holds; below 0 once it is past.
    #[must_use]
    pub fn until(self) -> Self {
        self.math(Operator::Minus, Self::Now)
    }

    /// Arithmetic.
    #[must_use]
    pub fn math(self, operator: Operator, right: Self) -> Self {
        Self::Math(Box::new(self), operator, Box::new(right))
    }

    /// Series above `threshold`.
    #[must_use]
    pub fn above(self, threshold: f64) -> Self {
        Self::Keep(Box::new(self), Comparison::Above, Box::new(Self::Number(threshold)))
    }

    /// Series below `threshold`.
    #[must_use]
    pub fn below(self, threshold: f64) -> Self {
        Self::Keep(Box::new(self), Comparison::Below, Box::new(Self::Number(threshold)))
    }

    /// Series that are `value`.
    #[must_use]
    pub fn equal(self, value: f64) -> Self {
        Self::Keep(Box::new(self), Comparison::Equal, Box::new(Self::Number(value)))
    }

    /// One sum for each combination of `by`.
    #[must_use]
    pub fn sum(self, by: &[&str]) -> Self {
        self.fold(Fold::Sum, by)
    }

    /// The largest for each combination of `by`.
    #[must_use]
    pub fn max(self, by: &[&str]) -> Self {
        self.fold(Fold::Max, by)
    }

    /// The smallest for each combination of `by`.
    #[must_use]
    pub fn min(self, by: &[&str]) -> Self {
        self.fold(Fold::Min, by)
    }

    fn fold(self, fold: Fold, by: &[&str]) -> Self {
        Self::Fold(fold, by.iter().map(|&label| label.to_owned()).collect(), Box::new(self))
    }

    /// Where both sides have the series.
    #[must_use]
    pub fn and(self, right: Self) -> Self {
        Self::And(Box::new(self), Box::new(right))
    }

    /// Where one of the sides has the series.
    #[must_use]
    pub fn or(self, right: Self) -> Self {
        Self::Or(Box::new(self), Box::new(right))
    }

    /// Where only the left side has the series.
    #[must_use]
    pub fn unless(self, right: Self) -> Self {
        Self::Unless(Box::new(self), Box::new(right))
    }

    /// The metrics that it reads, histograms with `_bucket`, and the longest window.
    pub(crate) fn reads(&self, metrics: &mut BTreeSet<String>, longest: &mut Window) {
        match self {
            Self::Number(_) | Self::Now => {}
            Self::Last(selector) | Self::Absent(selector) => {
                metrics.insert(selector.metric.clone());
            }
            Self::Rate(selector, window) | Self::Increase(selector, window) | Self::Mean(selector, window) => {
                metrics.insert(selector.metric.clone());
                *longest = (*longest).max(*window);
            }
            Self::Quantile { histogram, over, .. } => {
                metrics.insert(format!("{}_bucket", histogram.metric));
                *longest = (*longest).max(*over);
            }
            Self::Fold(_, _, of) | Self::Abs(of) => of.reads(metrics, longest),
            Self::Math(left, _, right)
            | Self::Keep(left, _, right)
            | Self::And(left, right)
            | Self::Or(left, right)
            | Self::Unless(left, right) => {
                left.reads(metrics, longest);
                right.reads(metrics, longest);
            }
        }
    }
}
