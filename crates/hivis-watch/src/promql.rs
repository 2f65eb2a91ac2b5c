//! An expression as Prometheus reads it.

use std::fmt::Write as _;

use crate::{Comparison, Expr, Fold, Matcher, Operator, Selector, Window};

impl Expr {
    /// The expression in PromQL.
    pub fn promql(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Now => "time()".to_owned(),
            Self::Last(selector) => series(selector, ""),
            Self::Rate(of, over) => format!("rate({}{})", series(of, ""), window(*over)),
            Self::Increase(of, over) => format!("increase({}{})", series(of, ""), window(*over)),
            Self::Mean(of, over) => format!("avg_over_time({}{})", series(of, ""), window(*over)),
            Self::Quantile { of, histogram, over, by } => {
                let buckets = format!("rate({}{})", series(histogram, "_bucket"), window(*over));
                format!("histogram_quantile({of}, sum by ({}) ({buckets}))", kept(by, &["le"]))
            }
            Self::Fold(fold, by, of) => {
                let name = match fold {
                    Fold::Sum => "sum",
                    Fold::Max => "max",
                    Fold::Min => "min",
                };
                format!("{name} by ({}) ({})", kept(by, &[]), of.promql())
            }
            Self::Abs(of) => format!("abs({})", of.promql()),
            Self::Math(left, operator, right) => {
                let sign = match operator {
                    Operator::Plus => "+",
                    Operator::Minus => "-",
                    Operator::Times => "*",
                    Operator::Over => "/",
                };
                format!("{} {sign} {}", inner(left), inner(right))
            }
            Self::Keep(left, comparison, right) => {
                let sign = match comparison {
                    Comparison::Above => ">",
                    Comparison::Below => "<",
                    Comparison::Equal => "==",
                };
                format!("{} {sign} {}", inner(left), inner(right))
            }
            Self::And(left, right) => format!("{} and {}", inner(left), inner(right)),
            Self::Or(left, right) => format!("{} or {}", inner(left), inner(right)),
            Self::Unless(left, right) => format!("{} unless {}", inner(left), inner(right)),
            Self::Absent(selector) => format!("absent({})", series(selector, "")),
        }
    }
}

/// In parentheses where it has two sides: no reader needs to know what binds stronger.
fn inner(expr: &Expr) -> String {
    let text = expr.promql();
    match expr {
        Expr::Math(..) | Expr::Keep(..) | Expr::And(..) | Expr::Or(..) | Expr::Unless(..) => format!("({text})"),
        _ => text,
    }
}

/// The labels that a fold keeps.
fn kept(by: &[String], more: &[&str]) -> String {
    let all = by.iter().map(String::as_str).chain(more.iter().copied()).chain(["instance", "job"]);
    all.collect::<Vec<_>>().join(", ")
}

fn series(selector: &Selector, suffix: &str) -> String {
    let mut text = format!("{}{suffix}", selector.metric);
    let matchers: Vec<String> = selector.labels.iter().map(|(name, matcher)| matching(name, matcher)).collect();
    if !matchers.is_empty() {
        let _ = write!(text, "{{{}}}", matchers.join(", "));
    }
    text
}

fn matching(name: &str, matcher: &Matcher) -> String {
    let either = |values: &[String]| quoted(&values.iter().map(|value| literal(value)).collect::<Vec<_>>().join("|"));
    match matcher {
        Matcher::Is(value) => format!("{name}={}", quoted(value)),
        Matcher::Not(value) => format!("{name}!={}", quoted(value)),
        Matcher::OneOf(values) => format!("{name}=~{}", either(values)),
        Matcher::NoneOf(values) => format!("{name}!~{}", either(values)),
    }
}

/// A text inside a regular expression.
fn literal(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        if "\\.+*?()|[]{}^$".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

fn window(Window(seconds): Window) -> String {
    match seconds {
        s if s % 3600 == 0 => format!("[{}h]", s / 3600),
        s if s % 60 == 0 => format!("[{}m]", s / 60),
        s => format!("[{s}s]"),
    }
}
