//! Both interpreters judge the same scenarios; `promtool test rules` is the judge of the other one.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use hivis_testbed::peers::environment;
use hivis_types::Alert;
use hivis_watch::{Rule, Thresholds, export, rules};
use serde_json::{Value, json};

use crate::scenario::Scenario;
use crate::scenarios;

const RUNBOOKS: &str = "https://example.org/runbooks";

/// What fired, for assertions that name the scenario.
fn names(alerts: &[Alert]) -> BTreeSet<&str> {
    alerts.iter().map(|alert| alert.rule.as_str()).collect()
}

#[test]
fn every_rule_fires_in_one_scenario_and_not_in_another() {
    let rules = rules(&Thresholds::default());
    let scenarios = scenarios::all();
    for rule in &rules {
        for fires in [true, false] {
            let there = scenarios.iter().any(|scenario| scenario.rule == rule.name && scenario.fires == fires);
            assert!(there, "{} has no scenario in which it {}", rule.name, if fires { "fires" } else { "is quiet" });
        }
    }
    for (index, scenario) in scenarios.iter().enumerate() {
        assert!(rules.iter().any(|rule| rule.name == scenario.rule), "no rule {}", scenario.rule);
        let judged = scenario.judged(&rules, RUNBOOKS, &[60 * scenario.minutes]);
        let fired = names(&judged[0]);
        assert_eq!(fired.contains(scenario.rule), scenario.fires, "scenario {index} of {}: {fired:?}", scenario.rule);
    }
}

#[test]
fn prometheus_judges_as_we_do() {
    let Some(prometheus) = environment("prometheus") else { return };
    let rules = rules(&Thresholds::default());
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("a file");
    // A file for each step, since a group of rules has one.
    for step in [15, 60] {
        let text = export::rules_file(&rules, RUNBOOKS).replace("\"15s\"", &format!("\"{step}s\""));
        assert!(text.contains(&format!("interval: \"{step}s\"")), "{text}");
        write(&format!("rules-{step}.yml"), &text);
        let scenarios = scenarios::all().into_iter().filter(|scenario| scenario.step() == step);
        let tests: Vec<Value> = scenarios.map(|scenario| unit(&scenario, &rules)).collect();
        let rule_files = [format!("rules-{step}.yml")];
        let whole = json!({ "rule_files": rule_files, "evaluation_interval": format!("{step}s"), "tests": tests });
        // JSON is YAML.
        write(&format!("tests-{step}.yml"), &whole.to_string());
    }
    promtool(&prometheus, folder.path(), &["test", "rules", "tests-15.yml", "tests-60.yml"]);
}

/// A scenario as promtool reads it: at four moments, for every rule, exactly the alerts that we found.
fn unit(scenario: &Scenario, rules: &[Rule]) -> Value {
    let (end, step) = (60 * scenario.minutes, scenario.step());
    // Moments on the grid of the evaluations.
    let moments: Vec<i64> = [end / 4, end / 2, end * 3 / 4, end].iter().map(|second| second / step * step).collect();
    let judged = scenario.judged(rules, RUNBOOKS, &moments);
    let mut expected = Vec::new();
    for (moment, alerts) in moments.iter().zip(&judged) {
        for rule in rules {
            let alerts: Vec<Value> = alerts.iter().filter(|alert| alert.rule == rule.name).map(expect).collect();
            expected.push(json!({ "eval_time": format!("{moment}s"), "alertname": rule.name, "exp_alerts": alerts }));
        }
    }
    let series: Vec<Value> =
        scenario.input().into_iter().map(|(series, values)| json!({ "series": series, "values": values })).collect();
    json!({ "interval": format!("{step}s"), "input_series": series, "alert_rule_test": expected })
}

fn expect(alert: &Alert) -> Value {
    let mut labels = json!(alert.labels);
    labels["severity"] = json!(alert.severity.as_str());
    json!({ "exp_labels": labels, "exp_annotations": { "summary": alert.summary, "runbook_url": alert.runbook } })
}

/// Runs promtool, which must be content.
pub(crate) fn promtool(prometheus: &Path, folder: &Path, arguments: &[&str]) {
    let done = Command::new(prometheus.join("usr/bin/promtool"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("promtool runs");
    let said = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "promtool {arguments:?}: {}", said.chars().take(6000).collect::<String>());
}
