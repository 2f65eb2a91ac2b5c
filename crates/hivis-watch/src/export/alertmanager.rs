//! Who is told, as Alertmanager reads it.

use std::time::Duration;

use super::prometheus::span;
use super::yaml::{Yaml, texts};
use crate::rule::Rule;

/// Who is told. Without any of them alerts are shown by Alertmanager and sent to nobody.
#[derive(Clone, Debug, Default)]
pub struct Contacts {
    /// Receives every alert as Alertmanager's JSON.
    pub webhook: Option<String>,
    /// Discord's webhook; a secret, which Alertmanager 0.25 reads from its configuration only.
    pub discord: Option<String>,
    /// A mailbox.
    pub mail: Option<Mail>,
    /// When only what is critical is told.
    pub quiet: Option<Quiet>,
    /// Alerts that still hold are told again after so long; critical ones after a quarter of it. Default 4 h.
    pub repeat: Option<Duration>,
}

/// A mailbox and how mail gets there.
#[derive(Clone, Debug)]
pub struct Mail {
    /// To whom.
    pub to: String,
    /// From whom.
    pub from: String,
    /// `host:port` of the mail server.
    pub server: String,
    /// Who logs in there.
    pub user: Option<String>,
    /// With what; a secret.
    pub password: Option<String>,
    /// Whether the server must speak TLS.
    pub tls: bool,
}

/// Hours of every day, UTC.
#[derive(Clone, Debug)]
pub struct Quiet {
    /// `22:00`
    pub from: String,
    /// `07:00`; before `from` it is of the next day.
    pub until: String,
}

/// The configuration of an Alertmanager. It may hold secrets: write it for its owner only.
pub fn alertmanager(contacts: &Contacts, rules: &[Rule]) -> String {
    let repeat = contacts.repeat.unwrap_or(Duration::from_hours(4));
    let mut critical = vec![
        ("receiver", Yaml::from("hivis")),
        ("matchers", texts(["severity=\"critical\""])),
        ("group_wait", "10s".into()),
        ("repeat_interval", span((repeat / 4).max(Duration::from_mins(5))).into()),
    ];
    let mut others = vec![("receiver", Yaml::from("hivis")), ("matchers", texts(["severity!=\"critical\""]))];
    if contacts.quiet.is_some() {
        others.push(("mute_time_intervals", texts(["quiet"])));
    }
    critical.push(("continue", Yaml::Bool(false)));
    let route = Yaml::Map(vec![
        ("receiver", "hivis".into()),
        ("group_by", texts(["alertname", "instance"])),
        ("group_wait", "30s".into()),
        ("group_interval", "5m".into()),
        ("repeat_interval", span(repeat).into()),
        ("routes", Yaml::List(vec![Yaml::Map(critical), Yaml::Map(others)])),
    ]);
    let mut whole = vec![("route", route)];
    if let Some(quiet) = &contacts.quiet {
        whole.push(("time_intervals", Yaml::List(vec![intervals(quiet)])));
    }
    whole.push(("inhibit_rules", Yaml::List(inhibitions(rules))));
    whole.push(("receivers", Yaml::List(vec![receiver(contacts)])));
    Yaml::Map(whole)
        .document("Written by `hivis watch export` from [notify] of hivis.toml. May hold secrets: keep it to yourself.")
}

fn receiver(contacts: &Contacts) -> Yaml {
    let resolved = || ("send_resolved", Yaml::Bool(true));
    let mut receiver = vec![("name", Yaml::from("hivis"))];
    if let Some(url) = &contacts.webhook {
        receiver.push(("webhook_configs", one(vec![resolved(), ("url", quoted(url))])));
    }
    if let Some(url) = &contacts.discord {
        let title = "{{ .Status | toUpper }}: {{ .CommonLabels.alertname }}";
        let message = "{{ range .Alerts }}{{ .Annotations.summary }} {{ .Annotations.runbook_url }}\n{{ end }}";
        let form = vec![resolved(), ("webhook_url", quoted(url)), ("title", title.into()), ("message", message.into())];
        receiver.push(("discord_configs", one(form)));
    }
    if let Some(mail) = &contacts.mail {
        let text = "{{ range .Alerts }}{{ .Labels.severity }}: {{ .Annotations.summary }}\n{{ .Annotations.runbook_url }}\n\n{{ end }}";
        let subject = "[{{ .Status }}] {{ .CommonLabels.alertname }} ({{ .Alerts | len }})";
        let mut form = vec![
            resolved(),
            ("to", quoted(&mail.to)),
            ("from", quoted(&mail.from)),
            ("smarthost", quoted(&mail.server)),
            ("require_tls", Yaml::Bool(mail.tls)),
            ("headers", Yaml::Map(vec![("Subject", subject.into())])),
            ("html", "".into()),
            ("text", text.into()),
        ];
        if let Some(user) = &mail.user {
            form.push(("auth_username", quoted(user)));
        }
        if let Some(password) = &mail.password {
            form.push(("auth_password", quoted(password)));
        }
        receiver.push(("email_configs", one(form)));
    }
    Yaml::Map(receiver)
}

fn one(form: Vec<(&'static str, Yaml)>) -> Yaml {
    Yaml::List(vec![Yaml::Map(form)])
}

fn quoted(text: &str) -> Yaml {
    text.into()
}

/// An interval over midnight is two.
fn intervals(quiet: &Quiet) -> Yaml {
    let span = |from: &str, until: &str| {
        Yaml::Map(vec![("times", one(vec![("start_time", from.into()), ("end_time", until.into())]))])
    };
    let spans = if quiet.until > quiet.from {
        vec![span(&quiet.from, &quiet.until)]
    } else {
        let before = span(&quiet.from, "24:00");
        if quiet.until == "00:00" { vec![before] } else { vec![before, span("00:00", &quiet.until)] }
    };
    Yaml::Map(vec![("name", "quiet".into()), ("time_intervals", Yaml::List(spans))])
}

/// What is down needs no other word, and who is told that it is bad need not hear that it is not good: the graver rule of
/// a runbook silences the milder ones with the same labels.
fn inhibitions(rules: &[Rule]) -> Vec<Yaml> {
    let quiets = |source: String, target: String, equal: &[&str]| {
        Yaml::Map(vec![
            ("source_matchers", texts([source])),
            ("target_matchers", texts([target])),
            ("equal", texts(equal)),
        ])
    };
    let mut all =
        vec![quiets("alertname=\"HivisDown\"".to_owned(), "alertname!=\"HivisDown\"".to_owned(), &["instance"])];
    for graver in rules {
        for milder in rules.iter().filter(|rule| rule.runbook == graver.runbook && rule.severity < graver.severity) {
            let named = |rule: &Rule| format!("alertname=\"{}\"", rule.name);
            all.push(quiets(named(graver), named(milder), &["instance", "gpu", "purpose", "period", "name"]));
        }
    }
    all
}
