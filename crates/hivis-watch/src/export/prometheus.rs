//! Rules and a scrape configuration for Prometheus.

use std::time::Duration;

use super::yaml::{Yaml, texts};
use crate::{JOB, Rule};

/// The rules as a rule file of Prometheus; `runbooks` is the address of the runbooks' folder.
pub fn rules_file(rules: &[Rule], runbooks: &str) -> String {
    let one = |rule: &Rule| {
        let mut entries = vec![("alert", Yaml::from(rule.name)), ("expr", rule.expr.promql().into())];
        if rule.hold > Duration::ZERO {
            entries.push(("for", span(rule.hold).into()));
        }
        entries.push(("labels", Yaml::Map(vec![("severity", rule.severity.as_str().into())])));
        let page = format!("{}/{}", runbooks.trim_end_matches('/'), rule.runbook);
        let annotations = vec![("summary", rule.summary.template().into()), ("runbook_url", page.into())];
        entries.push(("annotations", Yaml::Map(annotations)));
        Yaml::Map(entries)
    };
    let group = Yaml::Map(vec![
        ("name", JOB.into()),
        ("interval", "15s".into()),
        ("rules", Yaml::List(rules.iter().map(one).collect())),
    ]);
    Yaml::Map(vec![("groups", Yaml::List(vec![group]))])
        .document("Written by `hivis watch export`: change the thresholds in [watch] of hivis.toml and export again.")
}

/// Part of a `prometheus.yml`: who is scraped, which rules hold, who is told. `targets` are `host:port` of pages.
pub fn scrape_file(targets: &[String], alertmanager: &str) -> String {
    let scrape = Yaml::Map(vec![
        ("job_name", JOB.into()),
        ("scrape_interval", "15s".into()),
        ("static_configs", Yaml::List(vec![Yaml::Map(vec![("targets", texts(targets))])])),
    ]);
    let told =
        Yaml::Map(vec![("static_configs", Yaml::List(vec![Yaml::Map(vec![("targets", texts([alertmanager]))])]))]);
    Yaml::Map(vec![
        ("global", Yaml::Map(vec![("evaluation_interval", "15s".into())])),
        ("rule_files", texts(["hivis-rules.yml"])),
        ("alerting", Yaml::Map(vec![("alertmanagers", Yaml::List(vec![told]))])),
        ("scrape_configs", Yaml::List(vec![scrape])),
    ])
    .document("Written by `hivis watch export`: a whole configuration, or three parts to copy into yours.")
}

/// `1h30m`, `5m`, `15s`, `0s`.
pub(super) fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds == 0 {
        return "0s".to_owned();
    }
    let parts = [(seconds / 3600, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")];
    let parts = parts.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count}{unit}"));
    parts.collect::<Vec<_>>().concat()
}
