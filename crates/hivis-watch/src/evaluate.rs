//! An expression computed over a [`History`].

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::history::{newest, within};
use crate::rate::{increase, quantile};
use crate::{Comparison, Expr, Fold, History, Labels, Matcher, Operator, Selector, Window};

/// Series at one moment, each with its value.
pub type Found = BTreeMap<Labels, f64>;

/// One side of an operator.
enum Side {
    Number(f64),
    Series(Found),
}

impl Expr {
    /// Its series at `now`. A bare number is one series without labels.
    pub fn evaluate(&self, history: &History, now: Timestamp) -> Found {
        match (At { history, now_ms: now.as_millisecond() }).side(self) {
            Side::Number(number) => Found::from([(Labels::new(), number)]),
            Side::Series(found) => found,
        }
    }
}

struct At<'a> {
    history: &'a History,
    now_ms: i64,
}

impl At<'_> {
    fn side(&self, expr: &Expr) -> Side {
        match expr {
            Expr::Number(number) => Side::Number(*number),
            Expr::Now => Side::Number(self.now_ms as f64 / 1e3),
            Expr::Math(left, operator, right) => math(self.side(left), *operator, self.side(right)),
            other => Side::Series(self.series(other)),
        }
    }

    fn series(&self, expr: &Expr) -> Found {
        match expr {
            Expr::Number(_) | Expr::Now | Expr::Math(..) => match self.side(expr) {
                Side::Series(found) => found,
                Side::Number(_) => Found::new(),
            },
            Expr::Last(selector) => self.each(selector, |points| newest(points, self.now_ms)),
            Expr::Rate(selector, over) => {
                let mut found = self.grown(selector, "", *over);
                for value in found.values_mut() {
                    *value /= f64::from(over.0);
                }
                found
            }
            Expr::Increase(selector, over) => self.grown(selector, "", *over),
            Expr::Mean(selector, over) => self.each(selector, |points| {
                let values = within(points, self.now_ms, *over);
                let sum: f64 = values.iter().map(|(_, value)| value).sum();
                (!values.is_empty()).then(|| sum / values.len() as f64)
            }),
            Expr::Quantile { of, histogram, over, by } => self.quantiles(*of, histogram, *over, by),
            Expr::Fold(fold, by, of) => folded(*fold, by, self.series(of)),
            Expr::Abs(of) => self.series(of).into_iter().map(|(labels, value)| (labels, value.abs())).collect(),
            Expr::Keep(left, comparison, right) => keep(self.series(left), *comparison, &self.side(right)),
            Expr::And(left, right) => {
                let right = self.series(right);
                self.series(left).into_iter().filter(|(labels, _)| right.contains_key(labels)).collect()
            }
            Expr::Unless(left, right) => {
                let right = self.series(right);
                self.series(left).into_iter().filter(|(labels, _)| !right.contains_key(labels)).collect()
            }
            Expr::Or(left, right) => {
                let mut found = self.series(right);
                found.extend(self.series(left));
                found
            }
            Expr::Absent(selector) => {
                let none = self.each(selector, |points| newest(points, self.now_ms)).is_empty();
                none.then(|| (fixed(selector), 1.0)).into_iter().collect()
            }
        }
    }

    fn each(&self, selector: &Selector, value: impl Fn(&crate::history::Points) -> Option<f64>) -> Found {
        let series = self.history.series(selector, "");
        series.filter_map(|(labels, points)| Some((labels.clone(), value(points)?))).collect()
    }

    fn grown(&self, selector: &Selector, suffix: &str, over: Window) -> Found {
        let series = self.history.series(selector, suffix);
        let grown = series.filter_map(|(labels, points)| {
            Some((labels.clone(), increase(&within(points, self.now_ms, over), self.now_ms, over)?))
        });
        grown.collect()
    }

    fn quantiles(&self, q: f64, histogram: &Selector, over: Window, by: &[String]) -> Found {
        let mut groups: BTreeMap<Labels, BTreeMap<String, f64>> = BTreeMap::new();
        for (labels, value) in self.grown(histogram, "_bucket", over) {
            let Some(edge) = labels.get("le").cloned() else { continue };
            *groups.entry(kept(&labels, by)).or_default().entry(edge).or_default() += value / f64::from(over.0);
        }
        let quantiles = groups.into_iter().filter_map(|(labels, buckets)| {
            let mut edges: Vec<(f64, f64)> =
                buckets.into_iter().filter_map(|(edge, value)| Some((edge.parse().ok()?, value))).collect();
            Some((labels, quantile(q, &mut edges)?))
        });
        quantiles.collect()
    }
}

/// The labels that a fold keeps.
fn kept(labels: &Labels, by: &[String]) -> Labels {
    let keep = |name: &str| by.iter().any(|kept| kept == name) || name == "instance" || name == "job";
    labels.iter().filter(|(name, _)| keep(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// The labels that a selector fixes.
fn fixed(selector: &Selector) -> Labels {
    let fixed = selector.labels.iter().filter_map(|(name, matcher)| match matcher {
        Matcher::Is(value) => Some((name.clone(), value.clone())),
        _ => None,
    });
    fixed.collect()
}

fn folded(fold: Fold, by: &[String], found: Found) -> Found {
    let mut groups = Found::new();
    for (labels, value) in found {
        let fold_in = |old: &mut f64| {
            *old = match fold {
                Fold::Sum => *old + value,
                Fold::Max => old.max(value),
                Fold::Min => old.min(value),
            };
        };
        groups.entry(kept(&labels, by)).and_modify(fold_in).or_insert(value);
    }
    groups
}

fn math(left: Side, operator: Operator, right: Side) -> Side {
    let compute = |a: f64, b: f64| match operator {
        Operator::Plus => a + b,
        Operator::Minus => a - b,
        Operator::Times => a * b,
        Operator::Over => a / b,
    };
    match (left, right) {
        (Side::Number(a), Side::Number(b)) => Side::Number(compute(a, b)),
        (Side::Number(a), Side::Series(b)) => {
            Side::Series(b.into_iter().map(|(labels, b)| (labels, compute(a, b))).collect())
        }
        (Side::Series(a), Side::Number(b)) => {
            Side::Series(a.into_iter().map(|(labels, a)| (labels, compute(a, b))).collect())
        }
        (Side::Series(a), Side::Series(b)) => {
            let pairs = a.into_iter().filter_map(|(labels, a)| {
                let b = *b.get(&labels)?;
                Some((labels, compute(a, b)))
            });
            Side::Series(pairs.collect())
        }
    }
}

fn keep(left: Found, comparison: Comparison, right: &Side) -> Found {
    let holds = |a: f64, b: f64| match comparison {
        Comparison::Above => a > b,
        Comparison::Below => a < b,
        Comparison::Equal => a == b,
    };
    let stays = |(labels, value): &(Labels, f64)| match right {
        Side::Number(threshold) => holds(*value, *threshold),
        Side::Series(others) => others.get(labels).is_some_and(|other| holds(*value, *other)),
    };
    left.into_iter().filter(stays).collect()
}
