//! Exported files, read by promtool and amtool; runbooks and dashboards are whole.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;

use hivis_testbed::peers::environment;
use hivis_types::Severity;
use hivis_watch::export::{self, Contacts, Mail, Quiet, Receiver, View, Way};
use hivis_watch::{Thresholds, rules, runbook};

use crate::promtool::promtool;

#[test]
fn rules_and_scrape_configuration_are_prometheus_own() {
    let Some(prometheus) = environment("prometheus") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("a file");
    write("hivis-rules.yml", &export::rules_file(&rules(&Thresholds::default()), "http://127.0.0.1:8092/runbooks/"));
    write("prometheus.yml", &export::scrape_file(&["127.0.0.1:8092".to_owned()], "127.0.0.1:9093"));
    promtool(&prometheus, folder.path(), &["check", "rules", "--lint=all", "--lint-fatal", "hivis-rules.yml"]);
    promtool(&prometheus, folder.path(), &["check", "config", "prometheus.yml"]);
}

#[test]
fn every_alertmanager_configuration_is_its_own() {
    let Some(alertmanager) = environment("prometheus-alertmanager") else { return };
    let mail = Mail {
        to: "you@example.org".to_owned(),
        from: "hivis@example.org".to_owned(),
        server: "mail.example.org:587".to_owned(),
        user: Some("yes".to_owned()),
        password: Some("a \"b\": #c \\ é {{".to_owned()),
        starttls: true,
        ca_file: Some("/etc/ssl/own.pem".to_owned()),
    };
    let quiet = |from: &str, until: &str| Some(Quiet { from: from.to_owned(), until: until.to_owned() });
    let receiver = |name: &str, severities: &[Severity], way: Way| Receiver {
        name: name.to_owned(),
        severities: severities.iter().copied().collect(),
        way,
    };
    let (critical, all) = ([Severity::Critical], [Severity::Info, Severity::Warning, Severity::Critical]);
    let discord = |number: u32| Way::Discord(format!("https://discord.com/api/webhooks/{number}/abc"));
    let all = Contacts {
        receivers: vec![
            receiver("hook", &all[..2], Way::Webhook("http://127.0.0.1:1/x?y=z&q=#1".to_owned())),
            receiver("yes", &all, discord(1)),
            receiver("night", &critical, discord(2)),
            receiver("post", &all, Way::Mail(mail)),
            receiver("hivis", &[], discord(3)),
        ],
        quiet: quiet("22:00", "07:00"),
        group_by: vec!["severity", "instance"],
        wait: Duration::ZERO,
        interval: Duration::ZERO,
        repeat: Duration::from_mins(90),
        resolved: false,
    };
    let early = Contacts { quiet: quiet("01:00", "05:30"), ..Contacts::default() };
    let evening = Contacts { quiet: quiet("20:00", "00:00"), ..Contacts::default() };
    for (index, contacts) in [Contacts::default(), all, early, evening].iter().enumerate() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("alertmanager.yml");
        std::fs::write(&file, export::alertmanager(contacts, &rules(&Thresholds::default()))).expect("a file");
        let amtool = alertmanager.join("usr/bin/amtool");
        let done = Command::new(amtool).arg("check-config").arg(&file).output().expect("amtool runs");
        let said = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        assert!(done.status.success(), "configuration {index}: {said}");
        for (severity, told) in [
            ("critical", ["hivis-yes", "hivis-night", "hivis-post"].as_slice()),
            ("info", &["hivis-hook", "hivis-yes", "hivis-post"]),
            ("odd", &["hivis"]),
        ] {
            let mut amtool = Command::new(alertmanager.join("usr/bin/amtool"));
            amtool.args(["config", "routes", "test", "--config.file"]).arg(&file);
            let done = amtool.arg(format!("severity={severity}")).output().expect("amtool runs");
            let told = if index == 1 { told } else { &["hivis"] };
            assert_eq!(String::from_utf8_lossy(&done.stdout).trim(), told.join(","), "{index}, {severity}: {done:?}");
        }
    }
}

#[test]
fn a_graver_rule_silences_a_milder_one_where_all_hear_both() {
    let rules = rules(&Thresholds::default());
    let written = |severities: &[&[Severity]]| {
        let receiver = |(number, severities): (usize, &&[Severity])| Receiver {
            name: number.to_string(),
            severities: severities.iter().copied().collect(),
            way: Way::Webhook("http://127.0.0.1:1/".to_owned()),
        };
        let receivers = severities.iter().enumerate().map(receiver).collect();
        export::alertmanager(&Contacts { receivers, ..Contacts::default() }, &rules)
    };
    let silences = |text: &str| text.matches("target_matchers").count();
    let (all, mild) = ([Severity::Info, Severity::Warning, Severity::Critical], [Severity::Info, Severity::Warning]);
    let both = written(&[&all, &all]);
    let everybody = silences(&both);
    assert!(everybody > 5 && both.contains("HivisSpendOver"), "{both}");
    // Who hears critical alerts only loses nothing by it; who hears all but those would.
    assert_eq!(silences(&written(&[&all, &all[2..]])), everybody);
    let some = written(&[&all, &mild]);
    assert!(silences(&some) < everybody && !some.contains("HivisSpendOver"), "{some}");
}

#[test]
fn every_rule_has_a_runbook_and_every_runbook_names_its_rules() {
    let rules = rules(&Thresholds::default());
    let mut names = BTreeSet::new();
    for rule in &rules {
        assert!(names.insert(rule.name), "{} is there twice", rule.name);
        let page = runbook::page(rule.runbook).unwrap_or_else(|| panic!("no runbook {}", rule.runbook));
        assert!(page.contains(&format!("`{}`", rule.name)), "{} does not name {}", rule.runbook, rule.name);
    }
    for (name, text) in runbook::ALL {
        // The alert that a channel is down is no rule over figures: `hivis-notify` raises it.
        let leads = *name == "channel" || rules.iter().any(|rule| rule.runbook == *name);
        assert!(leads, "nothing leads to {name}");
        for heading in ["# ", "## What it means", "## What to look at", "## What to do"] {
            assert!(text.contains(heading), "{name} lacks {heading}");
        }
        for link in text.split("](").skip(1) {
            let target = link.split(')').next().expect("a link ends");
            assert!(runbook::page(target).is_some(), "{name} leads to {target}, which is not there");
        }
    }
}

#[test]
fn dashboards_are_placed_and_asked_as_grafana_wants() {
    let mut uids = BTreeSet::new();
    for dashboard in export::dashboards(&Thresholds::default()) {
        assert!(uids.insert(dashboard.uid));
        let json = dashboard.json();
        let panels = json["panels"].as_array().expect("panels");
        assert_eq!(panels.len(), dashboard.panels.len());
        let mut taken = BTreeSet::new();
        for panel in panels {
            let place = |key: &str| panel["gridPos"][key].as_i64().expect("a number");
            assert!(place("x") + place("w") <= 24, "{} is too wide", panel["title"]);
            for x in place("x")..place("x") + place("w") {
                for y in place("y")..place("y") + place("h") {
                    assert!(taken.insert((x, y)), "{} lies on another", panel["title"]);
                }
            }
            assert_eq!(panel["datasource"]["uid"], "${datasource}");
            assert!(panel["targets"][0]["expr"].as_str().expect("text").contains("instance=~\"$instance\""));
        }
        assert!(dashboard.panels.iter().all(|panel| panel.view == View::Lines || panel.queries.len() == 1));
    }
}
