//! Who is told, as Alertmanager reads it.

use std::collections::BTreeSet;
use std::time::Duration;

use hivis_types::Severity;

use super::prometheus::span;
use super::yaml::{Yaml, texts};
use crate::rule::Rule;

/// Who is told, and when. Without a receiver alerts are shown by Alertmanager and sent to nobody.
#[derive(Clone, Debug)]
pub struct Contacts {
    /// Each is told on its own.
    pub receivers: Vec<Receiver>,
    /// When only what is critical is told.
    pub quiet: Option<Quiet>,
    /// Labels whose equal values make one message.
    pub group_by: Vec<&'static str>,
    /// A group's first message waits so long for others of it; one of critical alerts 10 s at most.
    pub wait: Duration,
    /// From one message of a group to the next; 1 s at least.
    pub interval: Duration,
    /// Alerts that still hold are told again after so long, 1 s at least; critical ones after a quarter of it.
    pub repeat: Duration,
    /// Whether it is told that something is over.
    pub resolved: bool,
}

impl Default for Contacts {
    fn default() -> Self {
        Self {
            receivers: Vec::new(),
            quiet: None,
            group_by: vec!["alertname", "instance"],
            wait: Duration::from_secs(30),
            interval: Duration::from_mins(5),
            repeat: Duration::from_hours(4),
            resolved: true,
        }
    }
}

/// One who is told.
#[derive(Clone, Debug)]
pub struct Receiver {
    /// Its name; no two have the same.
    pub name: String,
    /// What it hears.
    pub severities: BTreeSet<Severity>,
    /// How it is told.
    pub way: Way,
}

/// How somebody is told.
#[derive(Clone, Debug)]
pub enum Way {
    /// Gets alerts as Alertmanager's JSON.
    Webhook(String),
    /// Discord's webhook; a secret, which Alertmanager 0.25 reads from its configuration only.
    Discord(String),
    /// A mailbox.
    Mail(Mail),
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
    /// Whether the server must offer STARTTLS. On port 465 Alertmanager speaks TLS at once, and must not ask for it.
    pub starttls: bool,
    /// The file of the certificate that signs the server's.
    pub ca_file: Option<String>,
}

/// Hours of every day, UTC.
#[derive(Clone, Debug)]
pub struct Quiet {
    /// `22:00`
    pub from: String,
    /// `07:00`; before `from` it is of the next day.
    pub until: String,
}

/// The receiver of what no channel hears. Alertmanager wants one.
const NOBODY: &str = "hivis";

/// The configuration of an Alertmanager. It may hold secrets: write it for its owner only.
pub fn alertmanager(contacts: &Contacts, rules: &[Rule]) -> String {
    let least = Duration::from_secs(1);
    let mut route = vec![
        ("receiver", NOBODY.into()),
        ("group_by", texts(&contacts.group_by)),
        ("group_wait", span(contacts.wait).into()),
        ("group_interval", span(contacts.interval.max(least)).into()),
        ("repeat_interval", span(contacts.repeat.max(least)).into()),
    ];
    let routes: Vec<Yaml> = contacts.receivers.iter().flat_map(|one| routes(one, contacts)).collect();
    if !routes.is_empty() {
        route.push(("routes", Yaml::List(routes)));
    }
    let mut whole = vec![("route", Yaml::Map(route))];
    if let Some(quiet) = &contacts.quiet {
        whole.push(("time_intervals", Yaml::List(vec![intervals(quiet)])));
    }
    whole.push(("inhibit_rules", Yaml::List(inhibitions(rules, &contacts.receivers))));
    let nobody = Yaml::Map(vec![("name", NOBODY.into())]);
    let told = contacts.receivers.iter().map(|one| receiver(one, contacts.resolved));
    let receivers = std::iter::once(nobody).chain(told).collect();
    whole.push(("receivers", Yaml::List(receivers)));
    Yaml::Map(whole)
        .document("Written by `hivis watch export` from [notify] of hivis.toml. May hold secrets: keep it to yourself.")
}

/// What is critical is told sooner, more often, and in quiet hours too. Every route goes on to the next receiver's.
fn routes(to: &Receiver, contacts: &Contacts) -> Vec<Yaml> {
    let route = |matcher: String, more: Vec<(&'static str, Yaml)>| {
        let mut route = vec![("receiver", receiver_name(to)), ("matchers", texts([matcher]))];
        route.extend(more);
        route.push(("continue", Yaml::Bool(true)));
        Yaml::Map(route)
    };
    let mut routes = Vec::new();
    if to.severities.contains(&Severity::Critical) {
        let (soon, often) =
            (contacts.wait.min(Duration::from_secs(10)), (contacts.repeat / 4).max(Duration::from_mins(5)));
        let more = vec![("group_wait", span(soon).into()), ("repeat_interval", span(often).into())];
        routes.push(route("severity=\"critical\"".to_owned(), more));
    }
    let others: Vec<&str> = to.severities.iter().filter(|s| **s != Severity::Critical).map(|s| s.as_str()).collect();
    if !others.is_empty() {
        let muted = contacts.quiet.iter().map(|_| ("mute_time_intervals", texts(["quiet"]))).collect();
        routes.push(route(format!("severity=~\"{}\"", others.join("|")), muted));
    }
    routes
}

/// A channel may be called anything; behind this no name of one is [`NOBODY`]'s.
fn receiver_name(receiver: &Receiver) -> Yaml {
    format!("{NOBODY}-{}", receiver.name).into()
}

fn receiver(receiver: &Receiver, resolved: bool) -> Yaml {
    let (kind, form) = match &receiver.way {
        Way::Webhook(url) => ("webhook_configs", vec![("url", url.as_str().into())]),
        Way::Discord(url) => {
            let title = "{{ .Status | toUpper }}: {{ .CommonLabels.alertname }}";
            let message = "{{ range .Alerts }}{{ .Annotations.summary }} {{ .Annotations.runbook_url }}\n{{ end }}";
            let form = vec![("webhook_url", url.as_str().into()), ("title", title.into()), ("message", message.into())];
            ("discord_configs", form)
        }
        Way::Mail(mail) => ("email_configs", letter(mail)),
    };
    let form = std::iter::once(("send_resolved", Yaml::Bool(resolved))).chain(form).collect();
    Yaml::Map(vec![("name", receiver_name(receiver)), (kind, one(form))])
}

fn letter(mail: &Mail) -> Vec<(&'static str, Yaml)> {
    let text = "{{ range .Alerts }}{{ .Labels.severity }}: {{ .Annotations.summary }}\n{{ .Annotations.runbook_url }}\n\n{{ end }}";
    let subject = "[{{ .Status }}] {{ .CommonLabels.alertname }} ({{ .Alerts | len }})";
    let mut form = vec![
        ("to", mail.to.as_str().into()),
        ("from", mail.from.as_str().into()),
        ("smarthost", mail.server.as_str().into()),
        ("require_tls", Yaml::Bool(mail.starttls)),
        ("headers", Yaml::Map(vec![("Subject", subject.into())])),
        ("html", "".into()),
        ("text", text.into()),
    ];
    form.extend(mail.ca_file.as_ref().map(|file| ("tls_config", Yaml::Map(vec![("ca_file", file.as_str().into())]))));
    form.extend(mail.user.as_ref().map(|user| ("auth_username", user.as_str().into())));
    form.extend(mail.password.as_ref().map(|password| ("auth_password", password.as_str().into())));
    form
}

fn one(form: Vec<(&'static str, Yaml)>) -> Yaml {
    Yaml::List(vec![Yaml::Map(form)])
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
/// a runbook silences the milder ones with the same labels. It does so for everybody, so not where somebody hears the
/// milder ones only.
fn inhibitions(rules: &[Rule], receivers: &[Receiver]) -> Vec<Yaml> {
    let hears_only = |milder: Severity, graver: Severity| {
        receivers.iter().any(|one| one.severities.contains(&milder) && !one.severities.contains(&graver))
    };
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
        let milder = rules.iter().filter(|rule| rule.runbook == graver.runbook && rule.severity < graver.severity);
        for milder in milder.filter(|rule| !hears_only(rule.severity, graver.severity)) {
            let named = |rule: &Rule| format!("alertname=\"{}\"", rule.name);
            all.push(quiets(named(graver), named(milder), &["instance", "gpu", "purpose", "period", "name"]));
        }
    }
    all
}
