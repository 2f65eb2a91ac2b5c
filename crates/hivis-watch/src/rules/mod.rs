//! The rules, a file a subject.

mod axon;
mod machine;
mod wheel;

use std::time::Duration;

use hivis_types::Severity;

use crate::{Expr, Rule, Shape, Summary, Thresholds};

/// Every rule, with these thresholds.
pub fn rules(thresholds: &Thresholds) -> Vec<Rule> {
    let mut rules = axon::rules(thresholds);
    rules.extend(machine::rules(thresholds));
    rules.extend(wheel::rules(thresholds));
    rules
}

/// What names a rule.
struct Named(&'static str, Severity, &'static str);

impl Named {
    fn when(self, expr: Expr, minutes: u64, shape: Shape, text: &'static str) -> Rule {
        let Self(name, severity, runbook) = self;
        Rule { name, severity, expr, hold: Duration::from_mins(minutes), summary: Summary { text, shape }, runbook }
    }
}

fn info(name: &'static str, runbook: &'static str) -> Named {
    Named(name, Severity::Info, runbook)
}

fn warning(name: &'static str, runbook: &'static str) -> Named {
    Named(name, Severity::Warning, runbook)
}

fn critical(name: &'static str, runbook: &'static str) -> Named {
    Named(name, Severity::Critical, runbook)
}
