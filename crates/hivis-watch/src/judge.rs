//! Who remembers since when something holds.

use std::collections::BTreeMap;

use hivis_types::Alert;
use jiff::Timestamp;

use crate::{History, Labels, Rule};

/// Evaluates rules again and again: what holds is pending until it has held long enough, then it fires until it is over.
#[derive(Clone, Debug)]
pub struct Judge {
    rules: Vec<Rule>,
    /// What the name of a runbook is added to.
    runbooks: String,
    /// Since when each series of each rule holds.
    held: BTreeMap<(usize, Labels), Timestamp>,
}

impl Judge {
    /// `runbooks` is the address of the runbooks' folder; a slash at its end may be left out.
    pub fn new(rules: Vec<Rule>, runbooks: &str) -> Self {
        Self { rules, runbooks: runbooks.trim_end_matches('/').to_owned(), held: BTreeMap::new() }
    }

    /// Its rules.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// What fires at `now`, by rule in their order, then by labels. What was told before and is not here is over.
    pub fn evaluate(&mut self, history: &History, now: Timestamp) -> Vec<Alert> {
        let mut held = BTreeMap::new();
        let mut firing = Vec::new();
        for (index, rule) in self.rules.iter().enumerate() {
            for (labels, value) in rule.expr.evaluate(history, now) {
                let key = (index, labels);
                let since = self.held.get(&key).copied().unwrap_or(now);
                if now.duration_since(since).unsigned_abs() >= rule.hold && now >= since {
                    firing.push(self.alert(rule, &key.1, value, since));
                }
                held.insert(key, since);
            }
        }
        self.held = held;
        firing
    }

    /// How many series hold that are not told yet, or are: pending and firing together.
    pub fn holding(&self) -> usize {
        self.held.len()
    }

    fn alert(&self, rule: &Rule, labels: &Labels, value: f64, since: Timestamp) -> Alert {
        Alert {
            rule: rule.name.to_owned(),
            labels: labels.clone(),
            severity: rule.severity,
            summary: rule.summary.text(value, labels),
            value,
            since,
            runbook: format!("{}/{}", self.runbooks, rule.runbook),
        }
    }
}
