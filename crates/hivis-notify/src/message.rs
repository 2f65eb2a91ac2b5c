//! A message, the same for every kind of channel; each lays it out in its own way.

use std::collections::BTreeMap;

use hivis_store::StoredAlert;
use hivis_types::Severity;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::text::{clean, cut};

/// Longest summary, in UTF-16 units.
const SUMMARY: usize = 1_000;
/// Longest label.
const LABEL: usize = 200;

/// What is said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Why it is said.
    pub kind: Kind,
    /// The group that it is about, as a key.
    pub group: String,
    /// The group's own labels: `alertname`, `severity`.
    pub labels: BTreeMap<String, String>,
    /// What holds.
    pub firing: Vec<Item>,
    /// What is over.
    pub over: Vec<Item>,
    /// So many more there was no room for.
    pub left_out: u32,
    /// So many messages are joined in this one.
    pub joined: u32,
    /// When it was made, UTC.
    pub made: Timestamp,
}

/// Why something is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Something is new, or over.
    News,
    /// Something still holds.
    Again,
    /// The channel was down or full: all that waited.
    Joined,
    /// Somebody wants to see whether it arrives.
    Test,
}

/// One alert in a message; its texts are single harmless lines.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// Its number in the ledger.
    pub alert: i64,
    /// The rule's name.
    pub rule: String,
    /// What tells it from others of the rule.
    pub labels: BTreeMap<String, String>,
    /// How much it hurts.
    pub severity: Severity,
    /// One sentence.
    pub summary: String,
    /// What the rule compared.
    pub value: Option<f64>,
    /// Since when it holds, UTC.
    pub since: Timestamp,
    /// When it was over, UTC.
    pub resolved: Option<Timestamp>,
    /// The page that says what to do.
    pub runbook: String,
    /// How often it came back.
    pub flaps: u32,
}

/// A message as a channel gets it.
#[derive(Clone, Debug, PartialEq)]
pub struct Parcel {
    /// Its number in the outbox; the receiver may tell by it that it has it already.
    pub id: i64,
    /// What is said.
    pub message: Message,
    /// It may have arrived before.
    pub unsure: bool,
    /// The address of the control room, when it has one that readers reach.
    pub page: Option<String>,
    /// Now, UTC.
    pub at: Timestamp,
}

impl From<&StoredAlert> for Item {
    fn from(alert: &StoredAlert) -> Self {
        let label = |text: &str| cut(&clean(text), LABEL);
        Self {
            alert: alert.id,
            rule: label(&alert.rule),
            labels: alert.labels.iter().map(|(name, value)| (label(name), label(value))).collect(),
            severity: alert.severity,
            summary: cut(&clean(&alert.summary), SUMMARY),
            value: alert.value,
            since: alert.since,
            resolved: alert.resolved,
            runbook: alert.runbook.clone(),
            flaps: alert.flaps,
        }
    }
}

impl Item {
    /// `critical`, `warning`, `info`, or `resolved`.
    pub(crate) fn word(&self) -> &'static str {
        if self.resolved.is_some() { "resolved" } else { self.severity.as_str() }
    }

    /// `[critical] HivisNoValidator: No validator has asked for 41 minutes.`
    pub(crate) fn line(&self) -> String {
        format!("[{}] {}: {}", self.word(), self.rule, self.summary)
    }

    /// Labels, times and how often it came back: `since 2026-01-01 00:00 UTC, held 12 min, came back 3 times`.
    pub(crate) fn details(&self) -> String {
        let labels = self.labels.iter().map(|(name, value)| format!("{name}={value}"));
        let time = |at: Timestamp| at.strftime("%Y-%m-%d %H:%M UTC").to_string();
        let mut said: Vec<String> = labels.collect();
        said.push(format!("since {}", time(self.since)));
        if let Some(resolved) = self.resolved {
            said.push(format!("over at {}, held {}", time(resolved), span(resolved.duration_since(self.since))));
        }
        if self.flaps > 0 {
            said.push(format!(
                "came back {}",
                if self.flaps == 1 { "once".into() } else { format!("{} times", self.flaps) }
            ));
        }
        said.join(", ")
    }
}

impl Message {
    /// One line that says it all where there is one alert, and counts where there are more.
    pub(crate) fn headline(&self) -> String {
        let items: Vec<&Item> = self.firing.iter().chain(&self.over).collect();
        let first = match (self.kind, items.as_slice()) {
            (Kind::Test, _) => return "hivis: this is a test; this channel works".to_owned(),
            (_, [one]) if self.left_out == 0 => one.line(),
            _ => {
                let count = |severity| self.firing.iter().filter(|item| item.severity == severity).count();
                let all = [Severity::Critical, Severity::Warning, Severity::Info];
                let mut said: Vec<String> = all
                    .into_iter()
                    .filter(|severity| count(*severity) > 0)
                    .map(|severity| format!("{} {}", count(severity), severity.as_str()))
                    .collect();
                if !self.over.is_empty() {
                    said.push(format!("{} resolved", self.over.len()));
                }
                if self.left_out > 0 {
                    said.push(format!("{} more", self.left_out));
                }
                format!("alerts: {}", said.join(", "))
            }
        };
        match self.kind {
            Kind::Again => format!("still: {first}"),
            Kind::Joined => format!("while this channel was away: {first}"),
            _ => first,
        }
    }

    /// A message of a channel's test.
    pub fn test(now: Timestamp) -> Self {
        let empty = BTreeMap::new;
        let (firing, over) = (Vec::new(), Vec::new());
        Self {
            kind: Kind::Test,
            group: "test".into(),
            labels: empty(),
            firing,
            over,
            left_out: 0,
            joined: 0,
            made: now,
        }
    }
}

/// `41 s`, `12 min`, `3 h 5 min`, `2 d 4 h`.
pub(crate) fn span(time: SignedDuration) -> String {
    let seconds = time.as_secs().max(0);
    match seconds {
        0..=99 => format!("{seconds} s"),
        100..=7_199 => format!("{} min", seconds / 60),
        7_200..=172_799 => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}
