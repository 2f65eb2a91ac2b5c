//! Alert rules: each is written once, and judged here or by Prometheus.
//!
//! A [`Rule`] compares an [`Expr`] over our own metrics with a threshold. [`Expr::promql`] writes it for Prometheus;
//! [`Expr::evaluate`] computes the same over a [`History`] of our own scrapes, for those who run no Prometheus, and a
//! [`Judge`] keeps what is pending and what fires. [`export`] writes all that a Prometheus, an Alertmanager and a Grafana
//! need. This room reads no clock, asks nobody and tells nobody.
//!
//! ```
//! use hivis_watch::{History, Judge, Samples, Thresholds, rules};
//! use jiff::Timestamp;
//! let rules = rules(&Thresholds::default());
//! let mut history = History::of(&rules);
//! let mut judge = Judge::new(rules, "http://127.0.0.1:8092/runbooks/");
//! let at = |s| Timestamp::from_second(s).expect("a time");
//! let samples = Samples::parse("hivis_axon_unready{reason=\"no-model\"} 1\n").expect("valid text");
//! let mut found = Vec::new();
//! for second in (0..=120).step_by(15) {
//!     history.push(at(second), &samples);
//!     found = judge.evaluate(&history, at(second));
//! }
//! assert_eq!(found[0].rule, "HivisNoModel");
//! ```

mod evaluate;
pub mod export;
mod expr;
mod history;
mod judge;
mod promql;
mod rate;
mod rule;
mod rules;
pub mod runbook;
mod sample;
mod summary;
mod thresholds;

pub use evaluate::Found;
pub use expr::{Comparison, Expr, Fold, Matcher, Operator, Selector, Window};
pub use history::History;
pub use judge::Judge;
pub use rule::Rule;
pub use rules::rules;
pub use sample::{Labels, ParseError, Sample, Samples};
pub use summary::{Shape, Summary};
pub use thresholds::Thresholds;

/// The label `job` of our own target, in rules, in the scrape configuration and in a [`History`].
pub const JOB: &str = "hivis";
