//! `hivis watch`: rules, one look at a running server, files for Prometheus, Alertmanager and Grafana.

mod check;
mod contacts;
mod export;
mod gpu;

use std::process::ExitCode;

use anyhow::Result;
use hivis_watch::{Rule, rules};
use serde_json::{Value, json};

use crate::cli::{Global, ServeArgs, WatchVerb};
use crate::home;
use crate::table::table;

/// Runs one of the verbs.
pub(crate) async fn run(global: &Global, verb: &WatchVerb) -> Result<ExitCode> {
    if matches!(verb, WatchVerb::Gpu) {
        return Ok(gpu::run());
    }
    let home = home::open(global)?;
    let settings = home::settings(&home, &ServeArgs::default())?;
    match verb {
        WatchVerb::Rules => {
            let rules = rules(&settings.thresholds());
            if global.json {
                println!("{}", Value::from(rules.iter().map(one).collect::<Vec<_>>()));
            } else {
                print!("{}", listed(&rules));
            }
            Ok(ExitCode::SUCCESS)
        }
        WatchVerb::Check(args) => check::run(global, &settings, args).await,
        WatchVerb::Export(args) => export::run(global, &settings, args),
        WatchVerb::Gpu => Ok(gpu::run()),
    }
}

fn one(rule: &Rule) -> Value {
    json!({
        "name": rule.name, "severity": rule.severity, "expr": rule.expr.promql(), "for_s": rule.hold.as_secs(),
        "summary": rule.summary.template(), "runbook": rule.runbook
    })
}

fn listed(rules: &[Rule]) -> String {
    let row = |rule: &Rule| {
        let minutes = format!("{} min", rule.hold.as_secs() / 60);
        // The longest cell comes last, where no other is pushed away by it.
        vec![
            rule.name.to_owned(),
            rule.severity.as_str().to_owned(),
            minutes,
            rule.runbook.to_owned(),
            rule.expr.promql(),
        ]
    };
    let rows: Vec<Vec<String>> = rules.iter().map(row).collect();
    let heads: Vec<Vec<String>> = rows.iter().map(|row| row[..4].to_vec()).collect();
    let left = table(&["rule", "severity", "for", "runbook"], &heads);
    let exprs = std::iter::once("holds while").chain(rows.iter().map(|row| row[4].as_str()));
    let width = left.lines().map(|line| line.chars().count()).max().unwrap_or(0);
    let lines = left.lines().zip(exprs).map(|(left, expr)| format!("{left:<width$}  {expr}\n"));
    lines.collect::<Vec<_>>().concat()
}
