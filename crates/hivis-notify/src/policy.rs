//! What each channel should hear, decided from what the ledger knows. Pure: the time comes in, nothing is kept here.

use std::collections::{BTreeMap, BTreeSet};

use hivis_store::{AlertState, AlertTimes, AlertTold, StoredAlert, Tells};
use hivis_types::Severity;
use jiff::{SignedDuration, Timestamp};

use crate::message::{Item, Kind, Message};
use crate::quiet::Quiet;
use crate::teller::CHANNEL_RULE;

/// Alerts of one message, at most.
pub(crate) const MOST: usize = 100;
/// A time that lies further ahead was written by a wrong clock.
const AHEAD: SignedDuration = SignedDuration::from_mins(1);
/// An alert that flaps is called over only after it has been for so long, at most.
const CALM: SignedDuration = SignedDuration::from_hours(2);

/// When something is said.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// What goes into one message.
    pub group_by: GroupBy,
    /// A group's first message waits so long for others of it.
    pub wait: SignedDuration,
    /// From one message of a group to the next; what is new and critical does not wait for it.
    pub interval: SignedDuration,
    /// What still holds is said again after so long.
    pub repeat: SignedDuration,
    /// Whether it is said that something is over.
    pub resolved: bool,
    /// What is over is called so after this time; it doubles each time that the alert comes back.
    pub settle: SignedDuration,
    /// Hours in which only what is critical is said.
    pub quiet: Option<Quiet>,
}

impl Default for Policy {
    fn default() -> Self {
        let minutes = SignedDuration::from_mins;
        Self {
            group_by: GroupBy::Rule,
            wait: SignedDuration::from_secs(30),
            interval: minutes(5),
            repeat: SignedDuration::from_hours(4),
            resolved: true,
            settle: minutes(1),
            quiet: None,
        }
    }
}

impl Policy {
    /// When an alert is the same one again: the ledger wants to know.
    pub fn times(&self) -> AlertTimes {
        AlertTimes {
            reopen: SignedDuration::from_mins(30),
            keep_ack: SignedDuration::from_mins(5),
            look_back: SignedDuration::from_hours(48),
        }
    }
}

/// What goes into one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupBy {
    /// Alerts of one rule.
    Rule,
    /// Alerts of one severity.
    Severity,
    /// Everything.
    All,
}

/// A channel as the policy sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelRules {
    /// Its name.
    pub name: String,
    /// What it hears.
    pub severities: BTreeSet<Severity>,
}

/// A message that should be queued.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// The channel's name.
    pub channel: String,
    /// What is said.
    pub message: Message,
    /// What the channel knows then.
    pub tells: Vec<Tells>,
}

/// What an alert is to a channel just now.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Due {
    /// The channel does not know it, or not that it hurts so much.
    New,
    /// It knows, and the time has come to say it again.
    Again,
    /// It knows, and that is enough.
    Known,
    /// It should know that it is over.
    Over,
}

/// Everything that should be said now.
pub fn decide(policy: &Policy, channels: &[ChannelRules], state: &AlertState, now: Timestamp) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for channel in channels {
        let mut groups: BTreeMap<String, Vec<(Due, &StoredAlert)>> = BTreeMap::new();
        for alert in &state.alerts {
            let told = state.told.get(&(channel.name.clone(), alert.id));
            if let Some(due) = due(policy, channel, alert, told, now) {
                groups.entry(group(policy.group_by, alert)).or_default().push((due, alert));
            }
        }
        for (group, alerts) in groups {
            let last = state.groups.get(&(channel.name.clone(), group.clone())).copied();
            if is_time(policy, &alerts, last, now) {
                drafts.push(draft(policy, channel, group, alerts, now));
            }
        }
    }
    drafts
}

fn due(
    policy: &Policy,
    channel: &ChannelRules,
    alert: &StoredAlert,
    told: Option<&AlertTold>,
    now: Timestamp,
) -> Option<Due> {
    let knows = told.is_some_and(|told| told.firing);
    // That a channel is down is not for that channel.
    let own = alert.rule == CHANNEL_RULE && alert.labels.get("channel") == Some(&channel.name);
    if own || !knows && !channel.severities.contains(&alert.severity) {
        return None;
    }
    let quiet = policy.quiet.as_ref();
    if alert.severity < Severity::Critical && quiet.is_some_and(|quiet| quiet.covers(now)) {
        return None;
    }
    let Some(resolved) = alert.resolved else {
        if alert.is_acknowledged(now) {
            return None;
        }
        return Some(match told {
            Some(told) if told.firing && told.severity >= alert.severity => {
                if passed(told.at, policy.repeat, now) {
                    Due::Again
                } else {
                    Due::Known
                }
            }
            _ => Due::New,
        });
    };
    // What came and went in quiet hours was kept from the channel, and is told once they end.
    let kept = told.is_none()
        && quiet.is_some_and(|quiet| quiet.covers(alert.opened) && quiet.covers(resolved))
        && alert.severity < Severity::Critical
        && resolved.duration_since(alert.opened) >= policy.wait
        && now.duration_since(resolved) < SignedDuration::from_hours(24)
        && !alert.is_acknowledged(resolved);
    (policy.resolved && (knows || kept) && passed(resolved, settle(policy, alert.flaps), now)).then_some(Due::Over)
}

/// How long an alert must have been over before that is said.
fn settle(policy: &Policy, flaps: u32) -> SignedDuration {
    let doubled = policy.settle.checked_mul(1 << flaps.min(16)).unwrap_or(CALM);
    doubled.min(CALM.max(policy.settle))
}

fn is_time(policy: &Policy, alerts: &[(Due, &StoredAlert)], last: Option<Timestamp>, now: Timestamp) -> bool {
    let rested = last.is_none_or(|last| passed(last, policy.interval, now));
    let new = || alerts.iter().filter(|(due, _)| *due == Due::New).map(|(_, alert)| alert);
    let waited = new().map(|alert| alert.opened).min().is_some_and(|first| passed(first, policy.wait, now));
    let urgent = new().any(|alert| alert.severity == Severity::Critical);
    let other = alerts.iter().any(|(due, _)| matches!(due, Due::Again | Due::Over));
    waited && (rested || urgent) || other && rested
}

fn draft(
    policy: &Policy,
    channel: &ChannelRules,
    group: String,
    mut alerts: Vec<(Due, &StoredAlert)>,
    now: Timestamp,
) -> Draft {
    // What hurts most and is new comes first: it is what stays where there is no room.
    alerts.sort_by_key(|(due, alert)| (std::cmp::Reverse(alert.severity), *due != Due::New, alert.id));
    let is_news = alerts.iter().any(|(due, _)| matches!(due, Due::New | Due::Over));
    let tells = alerts
        .iter()
        .map(|(due, alert)| Tells { alert: alert.id, firing: *due != Due::Over, severity: alert.severity })
        .collect();
    let (over, firing): (Vec<_>, Vec<_>) = alerts.iter().partition(|(due, _)| *due == Due::Over);
    let items =
        |of: Vec<&(Due, &StoredAlert)>, most: usize| of.iter().take(most).map(|(_, a)| Item::from(*a)).collect();
    let left_out = firing.len().saturating_sub(MOST) + over.len().saturating_sub(MOST);
    let labels = group_labels(policy.group_by, alerts[0].1);
    let message = Message {
        kind: if is_news { Kind::News } else { Kind::Again },
        group,
        labels,
        firing: items(firing, MOST),
        over: items(over, MOST),
        left_out: left_out as u32,
        joined: 0,
        made: now,
    };
    Draft { channel: channel.name.clone(), message, tells }
}

fn group(by: GroupBy, alert: &StoredAlert) -> String {
    match by {
        GroupBy::Rule => alert.rule.clone(),
        GroupBy::Severity => alert.severity.as_str().to_owned(),
        GroupBy::All => "all".to_owned(),
    }
}

fn group_labels(by: GroupBy, alert: &StoredAlert) -> BTreeMap<String, String> {
    match by {
        GroupBy::Rule => BTreeMap::from([("alertname".to_owned(), alert.rule.clone())]),
        GroupBy::Severity => BTreeMap::from([("severity".to_owned(), alert.severity.as_str().to_owned())]),
        GroupBy::All => BTreeMap::new(),
    }
}

/// Whether `span` is over since `then`. What lies ahead was written by a wrong clock and is long ago.
pub(crate) fn passed(then: Timestamp, span: SignedDuration, now: Timestamp) -> bool {
    let since = now.duration_since(then);
    since >= span || since < -AHEAD
}

#[cfg(test)]
mod tests;
